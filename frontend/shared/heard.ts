// When sound was heard and when not, and how long it was silent when one speaker followed another. No clock of its own.

/** RMS on the scale 0–255: decoded silence stays near 0, the quietest speech well above. */
export const AUDIBLE = 4;

/** One frame of sound that differs from the one before, or shows that the ear still listens; by the sound's clock. */
export interface Heard {
  startMs: number;
  endMs: number;
  isLoud: boolean;
}

interface Span {
  from: number;
  to: number;
}

export interface Change {
  /** When the next speaker was first heard; null while they are not. */
  heardAt: number | null;
  /** How long nothing was heard before them, or nothing until now; null when nobody was heard before. */
  silenceMs: number | null;
}

const KEPT_MS = 120_000;
const CLOCKS_KEPT = 40;
const JUMP_MS = 1_000;

/** The stretches in which something was heard, in the page's time. */
export class Sounds {
  private readonly spans: Span[] = [];
  private shifts: number[] = [];
  private isLoud = false;

  /** `now` is the page's time at which the frame was told. */
  take(heard: Heard, now: number): void {
    const shift = this.shift(heard, now);
    const from = heard.startMs + shift;
    const to = heard.endMs + shift;
    const last = this.spans[this.spans.length - 1];
    if (heard.isLoud && this.isLoud && last) last.to = to;
    else if (heard.isLoud) this.spans.push({ from, to });
    else if (this.isLoud && last) last.to = Math.max(last.from, from);
    this.isLoud = heard.isLoud;
    while (this.spans.length > 0 && this.spans[0]!.to < now - KEPT_MS) this.spans.shift();
  }

  /** The first moment from `after` on in which something was heard. */
  firstSince(after: number): number | null {
    const span = this.spans.find((one) => this.end(one) > after);
    return span ? Math.max(after, span.from) : null;
  }

  /**
   * Who was heard from when on, where the lines were joined between `joining` and `joined`.
   *
   * Loudness does not tell voices apart, so the longest silence around the change is taken: too long at worst, never
   * too short. A silence that begins after the change is the next speaker's own breath and does not count.
   */
  change(joining: number, joined: number, now: number): Change {
    const silences = this.silences(now).filter(({ from, to }) => to >= joining && (from ?? -Infinity) <= joined);
    const longest = silences.sort((a, b) => this.length(b) - this.length(a))[0];
    if (!longest) return { heardAt: joined, silenceMs: 0 };
    const heardAt = longest.to < now ? longest.to : null;
    return { heardAt, silenceMs: longest.from === null ? null : longest.to - longest.from };
  }

  private length({ from, to }: { from: number | null; to: number }): number {
    return from === null ? Infinity : to - from;
  }

  private silences(now: number): { from: number | null; to: number }[] {
    const before = [null, ...this.spans];
    const after = [...this.spans, null];
    return before
      .map((span, index) => ({ from: span ? this.end(span) : null, to: after[index]?.from ?? now }))
      .filter(({ from, to }) => from === null || to > from);
  }

  private end(span: Span): number {
    return this.isLoud && span === this.spans[this.spans.length - 1] ? Infinity : span.to;
  }

  /** A busy page is told late, but never early: the quickest word of the last ones ties the two clocks together. */
  private shift(heard: Heard, now: number): number {
    const shift = now - heard.endMs;
    if (shift > Math.min(...this.shifts) + JUMP_MS) this.shifts = []; // the sound stood still for a while
    this.shifts.push(shift);
    if (this.shifts.length > CLOCKS_KEPT) this.shifts.shift();
    return Math.min(...this.shifts);
  }
}
