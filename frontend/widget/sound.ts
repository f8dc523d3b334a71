// The visitor's sound: microphone, loudspeaker and the ears upon both, from consent to the end.

import { Ears } from "./ears";
import { openMicrophone, silence, stop, type MicrophoneProblem } from "./microphone";
import { Vad, type VadEvent, type VadOptions } from "./vad";

const HEARD_WAIT_MS = 2_500;
const HEARD_SHOWN_MS = 500;
const POLL_MS = 50;
const HEARD_LEVEL = 4; // far below speech for the VAD, but a live microphone all the same

export interface SoundEvents {
  vad(event: VadEvent): void;
  levels(prospect: number, agent: number): void;
  /** Once, when the microphone first carries something. */
  heard(): void;
  microphone(isLost: boolean): void;
}

const pause = (ms: number) => new Promise<void>((resolve) => window.setTimeout(resolve, ms));

export class Sound {
  readonly ears: Ears;
  isHeard = false;
  private stream: MediaStream | null = null;
  private speaker: HTMLAudioElement | null = null;

  constructor(
    options: VadOptions,
    private readonly events: SoundEvents,
    listening: string,
  ) {
    const heard = {
      vad: (event: VadEvent) => events.vad(event),
      levels: (prospect: number, agent: number) => {
        if (prospect > HEARD_LEVEL) this.noticeVoice();
        events.levels(prospect, agent);
      },
    };
    this.ears = new Ears(new Vad(options), heard, listening);
  }

  /** Null when the microphone is open. */
  async openMicrophone(): Promise<MicrophoneProblem | null> {
    const answer = await openMicrophone();
    if ("problem" in answer) return answer.problem;
    stop(this.stream);
    this.stream = answer.stream;
    this.ears.useMicrophone(answer.stream);
    this.events.microphone(false);
    answer.stream.getAudioTracks()[0]?.addEventListener("ended", () => {
      if (this.stream === answer.stream) this.events.microphone(true);
    });
    return null;
  }

  async waitToBeHeard(): Promise<void> {
    const until = performance.now() + HEARD_WAIT_MS;
    while (!this.isHeard && performance.now() < until) await pause(POLL_MS);
    if (this.isHeard) await pause(HEARD_SHOWN_MS);
  }

  /** What a call sends: the microphone, or silence for those who type. */
  outgoing(): MediaStream {
    this.stream ??= silence(this.ears.context);
    return this.stream;
  }

  /** Listen to the other side; false while the browser holds the sound back. */
  async play(stream: MediaStream, speaker: HTMLAudioElement): Promise<boolean> {
    this.speaker = speaker;
    this.ears.useRemote(stream);
    return this.unlock();
  }

  async unlock(): Promise<boolean> {
    // Refused without a gesture (https://developer.mozilla.org/docs/Web/API/HTMLMediaElement/play); the answer below says so.
    await this.speaker?.play().catch(() => undefined);
    await this.ears.context.resume();
    return this.speaker?.paused === false;
  }

  close(): void {
    stop(this.stream);
    this.stream = null;
    this.ears.close();
  }

  private noticeVoice(): void {
    if (this.isHeard) return;
    this.isHeard = true;
    this.events.heard();
  }
}
