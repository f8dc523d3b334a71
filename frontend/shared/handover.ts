// Measure one change of speaker on this page, and report it once: as ages by this page's clock, never as times of day.

import type { Sounds } from "./heard";
import type { CallStats } from "./stats";

/** How long ago the lines were joined, by the server's clock, as it said so. */
export interface Joined {
  joining_ms: number;
  connected_ms: number;
}

export interface HandoverNeeds {
  /** What is heard; null where the browser cannot tell. */
  remote(): Sounds | null;
  /** What we say ourselves. */
  local(): Sounds | null;
  stats(): Promise<Partial<CallStats> | null>;
  report(data: Record<string, number>): void;
}

const LOOK_MS = 100;
const PATIENCE_MS = 30_000;
// Sound waits in the receiver's buffer for a moment, so the change may be heard a little after it was made.
const BUFFER_MS = 150;
// Where the server does not know when the joining began, it cannot have taken longer than this.
const LONGEST_JOINING_MS = 2_000;

export class HandoverWatch {
  private timer = 0;
  private joining = 0;
  private connected = 0;
  private changeBy = 0;
  private packetsAt: number | null = null;
  private sentAt: number | null = null;
  private first: Partial<CallStats> | null = null;
  private latest: Partial<CallStats> | null = null;

  constructor(private readonly needs: HandoverNeeds) {}

  begin({ joining_ms, connected_ms }: Joined): void {
    clearInterval(this.timer);
    const now = performance.now();
    this.connected = now - connected_ms;
    this.joining = Math.max(now - joining_ms, this.connected - LONGEST_JOINING_MS);
    this.changeBy = Math.min(now, this.connected + BUFFER_MS);
    this.packetsAt = this.sentAt = this.first = this.latest = null;
    this.timer = window.setInterval(() => void this.look(), LOOK_MS);
  }

  /** The call is over: report what is known by now. */
  end(): void {
    if (this.timer) this.finish();
  }

  private async look(): Promise<void> {
    const stats = await this.needs.stats();
    if (!this.timer) return;
    if (stats) this.count(stats);
    const now = performance.now();
    const isComplete = this.change(now)?.heardAt !== null && this.packetsAt !== null && this.sentAt !== null;
    if (isComplete || now - this.connected > PATIENCE_MS) this.finish();
  }

  private count(stats: Partial<CallStats>): void {
    const now = performance.now();
    this.first ??= stats;
    this.latest = stats;
    const lastAt = now - (stats.lastPacketAgoMs ?? Infinity);
    if (this.packetsAt === null && lastAt >= this.connected) this.packetsAt = lastAt;
    if (this.sentAt === null && (stats.packetsSent ?? 0) > (this.first.packetsSent ?? 0)) this.sentAt = now;
  }

  private change(now: number) {
    return this.needs.remote()?.change(this.joining, this.changeBy, now);
  }

  private finish(): void {
    clearInterval(this.timer);
    this.timer = 0;
    const now = performance.now();
    const change = this.change(now);
    const moments: [string, number | null | undefined][] = [
      ["heard_ms_ago", change?.heardAt],
      ["packets_ms_ago", this.packetsAt],
      ["sent_ms_ago", this.sentAt],
      ["spoke_ms_ago", this.needs.local()?.firstSince(this.joining)],
    ];
    const ages = moments.flatMap(([name, at]) => (at === null || at === undefined ? [] : [[name, now - at] as const]));
    const silence = change && change.silenceMs !== null ? [["silence_ms", change.silenceMs] as const] : [];
    const rounded = [...ages, ...silence, ...this.counts()].map(([name, value]) => [name, Math.max(0, Math.round(value))]);
    this.needs.report(Object.fromEntries(rounded) as Record<string, number>);
  }

  private counts(): (readonly [string, number])[] {
    const { first, latest } = this;
    if (!first || !latest) return [];
    return [
      ["received", (latest.packetsReceived ?? 0) - (first.packetsReceived ?? 0)],
      ["lost", (latest.packetsLost ?? 0) - (first.packetsLost ?? 0)],
      ["jitter_ms", latest.jitterMs ?? 0],
      ["rtt_ms", latest.rttMs ?? 0],
    ];
  }
}
