// Come back into the conversation with a new leg when the server says that ours is gone.

import { backoffMs } from "../shared/backoff";
import { ApiError, type Api } from "./api";
import type { CallLine } from "./line";

const STALE_MS = 3_000;

export interface RejoinNeeds {
  api(): Api;
  /** The server's latest word. */
  isWanted(): boolean;
  place(token: string): Promise<void>;
}

export class Rejoin {
  private hasRejoined = false;
  private attempt = 0;
  private timer = 0;
  /** Which try the line is held for; whoever forgets holds it for none. */
  private trial = 0;

  constructor(
    private readonly line: CallLine,
    private readonly needs: RejoinNeeds,
  ) {}

  consider(): void {
    if (this.line.isPlacing || !this.needs.isWanted()) return;
    // Just rejoined: most likely the server has not seen it yet, and says so in a moment.
    if (this.line.isUp && this.hasRejoined) this.later(STALE_MS);
    else void this.now();
  }

  failed(): void {
    this.later(backoffMs(this.attempt++));
  }

  succeeded(): void {
    this.attempt = 0;
  }

  forget(): void {
    clearTimeout(this.timer);
    this.trial++;
    this.hasRejoined = false;
    this.attempt = 0;
  }

  private later(ms: number): void {
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => {
      if (this.needs.isWanted() && !this.line.isPlacing) void this.now();
    }, ms);
  }

  private async now(): Promise<void> {
    clearTimeout(this.timer);
    const trial = ++this.trial;
    this.line.isPlacing = true;
    try {
      const credentials = await this.needs.api().rejoin();
      if (trial !== this.trial) return; // hung up while the answer was on its way
      if (!this.needs.isWanted()) {
        this.line.isPlacing = false;
        return;
      }
      this.hasRejoined = true;
      await this.needs.place(credentials.token);
    } catch (error) {
      if (trial !== this.trial) return;
      this.line.isPlacing = false;
      // 409: there is nothing to join any more, and the next snapshot says what there is instead.
      if (!(error instanceof ApiError) || error.status !== 409) this.failed();
    }
  }
}
