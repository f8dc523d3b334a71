// The live line: says hello with its positions, and takes numbered events without a gap.

import { ReconnectingSocket } from "../shared/reconnecting";
import type { Fragment } from "./page";

export type Connection = "live" | "reconnecting" | "stale";

export interface Frame {
  type: string;
  session?: string;
  sessions?: string[];
  seq?: number;
  kind?: string;
  epoch?: string;
  cursors?: Record<string, number>;
  watching?: string | null;
  fragments?: Fragment[];
  [other: string]: unknown;
}

export interface SocketEvents {
  /** A frame that is in order and may be shown. */
  frame(frame: Frame): void;
  connection(state: Connection, reason: string, since: number): void;
  /** The server counts on an answer: a hidden page's own timers are slowed down. True when one was sent. */
  beat(frame: Frame): boolean;
}

interface Start {
  url: string;
  probe: string;
  epoch: string;
  cursors: Record<string, number>;
  watching: string | null;
}

const STALE_AFTER_MS = 8_000;
const REASONS: Record<number, string> = {
  4401: "You are signed out. Reload the page to sign in again.",
  4403: "Your rights changed. Reload the page.",
  4400: "This dashboard was closed because too many are open, or it sent too much. Reload the page to use this one.",
};

export class LiveSocket {
  private readonly line: ReconnectingSocket;
  private cursors: Map<string, number>;
  private epoch: string | null;
  private watching: string | null;
  /** What the server has answered to; differs from `watching` when a choice or its answer was lost with a line. */
  private shown: string | null;
  private lostAt = Date.now();
  private isLive = false;
  private isFinal = false;
  private reason = "";

  constructor(
    private readonly start: Start,
    private readonly events: SocketEvents,
  ) {
    this.cursors = new Map(Object.entries(start.cursors));
    this.epoch = start.epoch;
    this.watching = this.shown = start.watching;
    this.line = new ReconnectingSocket(start.url, {
      opened: () => this.hello(),
      received: (message) => this.received(message as Frame),
      lost: (code, wasOpen) => this.lost(code, wasOpen),
    });
    document.addEventListener("visibilitychange", () => this.onVisible());
    window.setInterval(() => {
      if (!this.isLive) this.tell();
    }, 1_000);
  }

  get isOpen(): boolean {
    return this.isLive;
  }

  /** Signed out or shut out: only another page load helps. */
  get isOver(): boolean {
    return this.isFinal;
  }

  get watched(): string | null {
    return this.watching;
  }

  send(frame: object): void {
    this.line.send(frame);
  }

  watch(session: string | null): void {
    this.watching = session;
    this.send({ type: "watch", session });
  }

  hurry(): void {
    this.line.hurry();
  }

  private hello(): void {
    this.send({ type: "hello", epoch: this.epoch, cursors: Object.fromEntries(this.cursors), watching: this.watching });
  }

  private received(frame: Frame): void {
    switch (frame.type) {
      case "beat":
        // To a page that answers nothing the server soon sends nothing more.
        if (!this.events.beat(frame)) this.send({ type: "ping" });
        break;
      case "snapshot":
        this.snapshot(frame);
        break;
      case "resumed":
        this.live();
        if (this.shown !== this.watching) this.watch(this.watching);
        break;
      case "reload":
        this.epoch = null;
        this.hello();
        break;
      case "event":
        this.event(frame);
        break;
      case "gone":
        for (const session of frame.sessions ?? []) this.cursors.delete(session);
        this.events.frame(frame);
        break;
      case "watching":
        // An answer to an earlier click must not replace what was chosen since.
        if ((frame.session ?? null) !== this.watching && frame.session !== null) break;
        this.shown = frame.session ?? null;
        this.events.frame(frame);
        break;
      default:
        this.events.frame(frame);
    }
  }

  private snapshot(frame: Frame): void {
    this.epoch = frame.epoch ?? null;
    this.cursors = new Map(Object.entries(frame.cursors ?? {}));
    this.shown = frame.watching ?? null;
    this.live();
    this.events.frame(frame);
  }

  private event(frame: Frame): void {
    const session = frame.session ?? "";
    const seq = frame.seq ?? 0;
    const known = this.cursors.get(session) ?? 0;
    if (seq <= known) return;
    if (seq > known + 1) {
      this.hello(); // A gap: the server reads what is missing from the rows.
      return;
    }
    this.cursors.set(session, seq);
    this.events.frame(frame);
  }

  private live(): void {
    this.line.well();
    this.isLive = true;
    this.reason = "";
    this.events.connection("live", "", 0);
  }

  private lost(code: number, wasOpen: boolean): boolean {
    if (this.isLive) this.lostAt = Date.now();
    this.isLive = false;
    this.reason = REASONS[code] ?? "";
    this.isFinal = this.reason !== "";
    this.tell();
    if (this.isFinal) return false;
    // A refused handshake has no code, so the page itself is asked whether we are still signed in.
    if (!wasOpen && this.line.failures > 0) void this.probe();
    return true;
  }

  private async probe(): Promise<void> {
    try {
      const response = await fetch(this.start.probe, { method: "HEAD", redirect: "manual", credentials: "same-origin" });
      const code = response.type === "opaqueredirect" ? 4401 : response.status === 403 ? 4403 : 0;
      if (!code || this.isLive) return;
      this.isFinal = true;
      this.reason = REASONS[code] ?? "";
      this.line.close();
      this.tell();
    } catch {
      // The server is away: the next attempt will tell.
    }
  }

  private tell(): void {
    const since = Date.now() - this.lostAt;
    const isStale = this.isFinal || since > STALE_AFTER_MS;
    this.events.connection(isStale ? "stale" : "reconnecting", this.reason, since);
  }

  private onVisible(): void {
    if (document.visibilityState === "visible") {
      this.send({ type: "ping" });
      this.hurry();
    }
  }
}
