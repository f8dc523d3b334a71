// A WebSocket that comes back by itself: it waits longer after each failure, takes silence for a loss, and is quick when told to.

import { backoffMs } from "./backoff";

export type Message = Record<string, unknown>;

export interface LineEvents {
  /** Connected: time to say hello. */
  opened(): void;
  received(message: Message): void;
  /** Lost; `wasOpen` is false where the handshake itself failed. Answers whether it is of use to come back. */
  lost(code: number, wasOpen: boolean): boolean;
}

/** Both servers say something every 10 s at least; a line without a word for this long is dead. */
export const SILENCE_MS = 25_000;
const LOOK_MS = 1_000;
const ABNORMAL = 1006;

export class ReconnectingSocket {
  private socket: WebSocket | null = null;
  private wasOpen = false;
  private isWell = false;
  private isClosed = false;
  private attempt = 0;
  private timer = 0;
  private heardAt = 0;
  private readonly look: number;

  constructor(
    private readonly url: string,
    private readonly events: LineEvents,
  ) {
    window.addEventListener("online", this.hurry);
    this.look = window.setInterval(() => this.expectWord(), LOOK_MS);
    this.connect();
  }

  /** How many tries have failed since the line was last of use. */
  get failures(): number {
    return this.attempt;
  }

  /** The server has answered as it should: the next loss begins with the shortest pause again. */
  well(): void {
    this.isWell = true;
    this.attempt = 0;
  }

  send(message: object): void {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(message));
  }

  /** Try now instead of after the pause; a line that works, or is just being opened, is left alone. */
  readonly hurry = (): void => {
    if (this.isClosed || this.isWell || this.socket?.readyState === WebSocket.CONNECTING) return;
    this.connect();
  };

  close(): void {
    this.isClosed = true;
    window.removeEventListener("online", this.hurry);
    clearTimeout(this.timer);
    clearInterval(this.look);
    this.drop();
  }

  private connect(): void {
    clearTimeout(this.timer);
    this.drop();
    const socket = new WebSocket(new URL(this.url, location.href.replace(/^http/, "ws")));
    this.socket = socket;
    this.heardAt = Date.now();
    const current = <E extends Event>(act: (event: E) => void) => (event: E) => {
      if (socket === this.socket) act(event);
    };
    socket.onopen = current(() => {
      this.wasOpen = true;
      this.heardAt = Date.now();
      this.events.opened();
    });
    socket.onmessage = current((event: MessageEvent<unknown>) => this.received(String(event.data)));
    socket.onclose = current((event: CloseEvent) => this.lost(event.code));
  }

  /** What a line that was left still tells is of no interest, its end included: that may come much later. */
  private drop(): void {
    const { socket } = this;
    this.socket = null;
    this.wasOpen = false;
    this.isWell = false;
    socket?.close(1000);
  }

  private received(text: string): void {
    this.heardAt = Date.now();
    const message = decoded(text);
    if (message) this.events.received(message);
  }

  private lost(code: number): void {
    const { wasOpen } = this;
    this.drop();
    if (!this.events.lost(code, wasOpen)) this.close();
    if (this.isClosed) return;
    this.timer = window.setTimeout(() => this.connect(), backoffMs(this.attempt++));
  }

  /** By the clock and not by a timer of that length, which a computer that sleeps would stop. */
  private expectWord(): void {
    if (this.socket && Date.now() - this.heardAt > SILENCE_MS) this.lost(ABNORMAL);
  }
}

function decoded(text: string): Message | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Message) : null;
  } catch {
    return null;
  }
}
