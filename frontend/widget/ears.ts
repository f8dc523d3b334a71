// Listen to both sides of the call: loudness twenty times and more a second, into the VAD and onto the screen.

import { Loudness } from "../shared/level";
import { Listener } from "../shared/listener";
import type { Vad, VadEvent } from "./vad";

const POLL_MS = 20;
const SAMPLE_MS = 50;
const KEPT = 2_000 / SAMPLE_MS;

export interface EarsEvents {
  vad(event: VadEvent): void;
  levels(prospect: number, agent: number): void;
}

export class Ears {
  readonly context = new AudioContext();
  readonly listener: Listener;
  level = 0;
  heard = 0;
  private microphone: Loudness | null = null;
  private remote: Loudness | null = null;
  private isMuted = false;
  private loudest = 0;
  private sampledAt = 0;
  private readonly history: number[] = [];
  private readonly timer: number;

  constructor(
    private readonly vad: Vad,
    private readonly events: EarsEvents,
    listening: string,
  ) {
    this.listener = new Listener(this.context, listening);
    this.timer = window.setInterval(() => {
      this.listen(performance.now());
    }, POLL_MS);
  }

  useMicrophone(stream: MediaStream): void {
    this.microphone?.close();
    this.microphone = new Loudness(this.context, stream);
  }

  useRemote(stream: MediaStream): void {
    this.remote?.close();
    this.remote = new Loudness(this.context, stream);
    void this.listener.listen(stream);
    void this.context.resume();
  }

  mute(isMuted: boolean): void {
    this.isMuted = isMuted;
  }

  /** Remote loudness of the last two seconds, oldest first, one value for every 50 ms. */
  loudness(): number[] {
    return [...this.history];
  }

  close(): void {
    clearInterval(this.timer);
    this.microphone?.close();
    this.remote?.close();
    this.listener.close();
    void this.context.close();
  }

  private listen(now: number): void {
    this.level = this.isMuted ? 0 : (this.microphone?.read() ?? 0);
    this.heard = this.remote?.read() ?? 0;
    for (const event of this.vad.prospect(this.level, now)) this.events.vad(event);
    if (this.remote) for (const event of this.vad.agent(this.heard, now)) this.events.vad(event);
    this.loudest = Math.max(this.loudest, this.heard);
    if (now - this.sampledAt >= SAMPLE_MS - POLL_MS / 2) this.sample(now);
  }

  private sample(now: number): void {
    this.sampledAt = now;
    this.history.push(Math.round(this.loudest * 10) / 10);
    this.history.splice(0, Math.max(0, this.history.length - KEPT));
    this.loudest = 0;
    this.events.levels(this.level, this.heard);
  }
}
