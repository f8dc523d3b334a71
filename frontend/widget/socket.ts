// The page's live line to the back end: says hello, receives whole snapshots, comes back by itself.

import { backoffMs } from "../shared/backoff";
import type { Joined } from "../shared/handover";
import type { Session } from "./api";
import type { Turn } from "./captions";

export type Phase = "connecting" | "assistant" | "handing_over" | "human" | "callback" | "ended";

/** Why the assistant speaks: it asks its questions, was given the call back, or books a call back. */
export type Purpose = "qualify" | "returned" | "callback";

/** Somebody of the team calls this page back: who, and the session in which to answer. */
export interface Calling {
  closer: string;
  session: Session;
}

export interface Handover extends Joined {
  id: string;
}

export interface ServerState {
  phase: Phase;
  purpose: Purpose;
  closer: { name: string } | null;
  rejoin: boolean;
  /** Shortly after a closer's line was joined to the call: which hand-over it was, and how long ago. */
  handover: Handover | null;
  turns: Turn[];
  callback: { due_at: string } | null;
  calling: Calling | null;
  /** No line is, or was, free for this visit. */
  busy: boolean;
}

export interface SocketEvents {
  state(state: ServerState): void;
  open(isOpen: boolean): void;
  refused(): void;
}

const PURPOSES: readonly unknown[] = ["qualify", "returned", "callback"];
const PHASES: readonly string[] = ["connecting", "assistant", "handing_over", "human", "callback", "ended"];
const REFUSED = 4401;
/** The server asks every few seconds whether we are there; a line on which it does not is dead. */
const QUIET_MS = 25_000;

type Loose = Record<string, unknown>;

const isObject = (value: unknown): value is Loose => typeof value === "object" && value !== null;

function isTurn(value: unknown): value is Turn {
  return isObject(value) && typeof value["text"] === "string" && (value["role"] === "assistant" || value["role"] === "prospect");
}

function readCalling(value: unknown): Calling | null {
  const session = isObject(value) ? value["session"] : null;
  if (!isObject(value) || !isObject(session)) return null;
  const { id, token, ticket } = session;
  const isSession = typeof id === "string" && typeof token === "string" && typeof ticket === "string";
  return isSession ? { closer: String(value["closer"] ?? ""), session: { id, token, ticket } } : null;
}

function readHandover(value: unknown): Handover | null {
  if (!isObject(value)) return null;
  const { id, joining_ms, connected_ms } = value;
  const isWhole = typeof id === "string" && typeof joining_ms === "number" && typeof connected_ms === "number";
  return isWhole ? { id, joining_ms, connected_ms } : null;
}

/** Null for anything that is not a state we can show: a newer server may send kinds this page does not know. */
export function readState(frame: unknown): ServerState | null {
  if (!isObject(frame) || frame["type"] !== "state" || !PHASES.includes(String(frame["phase"]))) return null;
  const closer = isObject(frame["closer"]) ? { name: String(frame["closer"]["name"] ?? "") } : null;
  const callback = isObject(frame["callback"]) ? { due_at: String(frame["callback"]["due_at"] ?? "") } : null;
  const turns = Array.isArray(frame["turns"]) ? frame["turns"].filter(isTurn) : [];
  const purpose = PURPOSES.includes(frame["purpose"]) ? (frame["purpose"] as Purpose) : "qualify";
  const calling = readCalling(frame["calling"]);
  const handover = readHandover(frame["handover"]);
  const [rejoin, busy] = [frame["rejoin"] === true, frame["busy"] === true];
  return { phase: frame["phase"] as Phase, purpose, closer, rejoin, handover, turns, callback, calling, busy };
}

function decoded(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

export class ProspectSocket {
  private socket: WebSocket | null = null;
  private attempt = 0;
  private timer = 0;
  private quietTimer = 0;
  private isClosed = false;

  constructor(
    private readonly url: string,
    private readonly token: string,
    private readonly events: SocketEvents,
  ) {
    window.addEventListener("online", this.hurry);
    this.connect();
  }

  close(): void {
    this.isClosed = true;
    window.removeEventListener("online", this.hurry);
    clearTimeout(this.timer);
    clearTimeout(this.quietTimer);
    this.socket?.close(1000);
  }

  private connect(): void {
    const socket = new WebSocket(new URL(this.url, location.href.replace(/^http/, "ws")));
    this.socket = socket;
    socket.onopen = () => {
      socket.send(JSON.stringify({ type: "hello", token: this.token }));
    };
    socket.onmessage = (message) => {
      this.received(String(message.data));
    };
    socket.onclose = (event) => {
      if (socket === this.socket) this.lost(event.code);
    };
    this.expectWord();
  }

  private received(text: string): void {
    if (this.isClosed) return;
    const frame = decoded(text);
    this.expectWord();
    // Answered from here and not by a clock of our own: a page in the background has none that it can rely on.
    if (isObject(frame) && frame["type"] === "ping") this.socket?.send(JSON.stringify({ type: "here" }));
    const state = readState(frame);
    if (!state) return;
    this.attempt = 0;
    this.events.open(true);
    this.events.state(state);
  }

  private expectWord(): void {
    clearTimeout(this.quietTimer);
    this.quietTimer = window.setTimeout(() => {
      const { socket } = this;
      this.socket = null;
      socket?.close();
      this.lost(0);
    }, QUIET_MS);
  }

  private lost(code: number): void {
    if (this.isClosed) return;
    clearTimeout(this.quietTimer);
    this.events.open(false);
    if (code === REFUSED) {
      this.close();
      this.events.refused();
      return;
    }
    this.timer = window.setTimeout(() => this.connect(), backoffMs(this.attempt++));
  }

  private readonly hurry = (): void => {
    if (this.isClosed || (this.socket && this.socket.readyState !== WebSocket.CLOSED)) return;
    clearTimeout(this.timer);
    this.connect();
  };
}
