// The closer's side of a hand-over: when the prospect was first heard, and the closer first spoke.

import { HandoverWatch } from "../shared/handover";
import { Listener } from "../shared/listener";
import type { CallStats } from "../shared/stats";

export interface MeasureNeeds {
  stats(): Promise<Partial<CallStats> | null>;
  report(handoff: string, data: Record<string, number>): void;
}

export class Measure {
  private remote: Listener | null = null;
  private local: Listener | null = null;
  private handoff = "";
  /** The moment of the joining by this page's clock, until the sound is there to listen to. */
  private connectedAt: number | null = null;
  private readonly watch: HandoverWatch;

  constructor(
    private readonly program: string,
    needs: MeasureNeeds,
  ) {
    this.watch = new HandoverWatch({
      remote: () => this.remote?.sounds ?? null,
      local: () => this.local?.sounds ?? null,
      stats: () => needs.stats(),
      report: (data) => needs.report(this.handoff, data),
    });
  }

  start(context: AudioContext, remote: MediaStream, local: MediaStream | null): void {
    this.remote ??= new Listener(context, this.program);
    this.local ??= new Listener(context, this.program);
    void this.remote.listen(remote);
    if (local) void this.local.listen(local);
    this.begin();
  }

  stop(): void {
    this.watch.end();
    this.remote?.close();
    this.local?.close();
    this.remote = this.local = this.connectedAt = null;
  }

  joined(handoff: string, connectedMsAgo: number): void {
    this.handoff = handoff;
    this.connectedAt = performance.now() - connectedMsAgo;
    this.begin();
  }

  private begin(): void {
    if (this.connectedAt === null || !this.remote) return;
    const age = performance.now() - this.connectedAt;
    this.connectedAt = null;
    this.watch.begin({ joining_ms: Infinity, connected_ms: age });
  }
}
