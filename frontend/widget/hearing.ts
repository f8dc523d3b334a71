// What is heard on both sides of the call, from the microphone's check to the end: told to the page and its listeners.

import { HandoverWatch } from "../shared/handover";
import type { Api } from "./api";
import { Latencies } from "./latency";
import { MICROPHONE_CODES, type MicrophoneProblem } from "./microphone";
import type { Handover } from "./socket";
import { Sound } from "./sound";
import type { Store } from "./store";
import type { Surface } from "./surface";
import { vadOptions, type VadEvent } from "./vad";
import type { Visit } from "./visit";

export class Hearing {
  sound: Sound | null = null;
  private readonly latencies = new Latencies();
  private unreported: MicrophoneProblem | null = null;
  private handover: HandoverWatch | null = null;

  constructor(
    private readonly store: Store,
    private readonly surface: Surface,
    /** Whether an assistant is on the line now, whose turns are worth telling. */
    private readonly isWithAssistant: () => boolean,
    /** Address of the program that listens on the sound's own thread. */
    private readonly listening: string,
  ) {}

  open(): Sound {
    this.sound ??= this.newSound();
    return this.sound;
  }

  close(): void {
    this.sound?.close();
    this.sound = null;
  }

  play(stream: MediaStream, speaker: HTMLAudioElement): void {
    void this.sound?.play(stream, speaker).then((isPlaying) => this.store.notice("sound", !isPlaying));
  }

  async soundOn(): Promise<void> {
    if (this.sound) this.store.notice("sound", !(await this.sound.unlock()));
  }

  mute(isMuted: boolean): void {
    this.sound?.ears.mute(isMuted);
  }

  /** There is no session yet that it could be reported to. */
  noteProblem(problem: MicrophoneProblem): void {
    this.unreported = problem;
    this.surface.emit("agent.error", { code: MICROPHONE_CODES[problem], problem });
    this.store.set({ microphoneProblem: problem });
  }

  reportProblem(api: Api): void {
    const problem = this.unreported;
    if (problem) api.report("error", { code: MICROPHONE_CODES[problem], problem });
    this.unreported = null;
  }

  /** A closer's line was joined to the call: listen for when they are heard. */
  handedOver(handover: Handover, visit: Visit): void {
    this.handover?.end();
    this.handover = new HandoverWatch({
      remote: () => this.sound?.ears.listener.sounds ?? null,
      local: () => null,
      stats: () => visit.line.stats(),
      report: (data) => visit.api.report("handover", { handoff: handover.id, ...data }),
    });
    this.handover.begin(handover);
  }

  /** Nothing more will be heard of it. */
  reportHandover(): void {
    this.handover?.end();
    this.handover = null;
  }

  reportLatencies(api: Api): void {
    this.latencies.report(api);
  }

  private newSound(): Sound {
    const { store, surface } = this;
    return new Sound(vadOptions(surface.attribute("vad")), {
      vad: (event) => this.heard(event),
      levels: (prospect, agent) => surface.levels(prospect, agent),
      microphone: (isLost) => store.notice("microphoneLost", isLost),
      heard: () => {
        store.notice("quiet", false);
        store.set({ isHeard: true });
      },
    }, this.listening);
  }

  private heard(event: VadEvent): void {
    if (event.type !== "state") {
      this.surface.emit(`conversation.${event.type}`, { at: event.at });
      return;
    }
    if (!this.isWithAssistant()) return;
    this.surface.emit("conversation.agent.state", this.latencies.take(event));
    this.store.set({ agent: event.state });
  }
}
