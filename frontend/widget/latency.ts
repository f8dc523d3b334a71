// Collect how long the prospect waited for answers, for one report at the end.

import type { Api } from "./api";
import type { VadEvent } from "./vad";

type StateEvent = Extract<VadEvent, { type: "state" }>;

export class Latencies {
  private perceived: number[] = [];
  private sinceVoice: number[] = [];

  /** Returns what the page's event of this change carries. */
  take({ state, userPerceivedLatencyMs, sinceVoiceMs }: StateEvent): object {
    if (sinceVoiceMs !== undefined) this.sinceVoice.push(Math.round(sinceVoiceMs));
    if (userPerceivedLatencyMs === undefined) return { state };
    const rounded = Math.round(userPerceivedLatencyMs);
    this.perceived.push(rounded);
    return { state, userPerceivedLatencyMs: rounded };
  }

  report(api: Api): void {
    if (this.sinceVoice.length) api.report("latency", { perceived: this.perceived, since_voice: this.sinceVoice });
    this.perceived = [];
    this.sinceVoice = [];
  }
}
