// The page's live line to the back end: says hello, receives whole snapshots, comes back by itself.

import type { Joined } from "../shared/handover";
import { ReconnectingSocket, type Message } from "../shared/reconnecting";
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

const isObject = (value: unknown): value is Message => typeof value === "object" && value !== null;

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

export class ProspectSocket {
  private readonly line: ReconnectingSocket;

  constructor(
    url: string,
    private readonly token: string,
    private readonly events: SocketEvents,
  ) {
    this.line = new ReconnectingSocket(url, {
      opened: () => this.line.send({ type: "hello", token: this.token }),
      received: (message) => this.received(message),
      lost: (code) => this.lost(code),
    });
  }

  close(): void {
    this.line.close();
  }

  private received(message: Message): void {
    // Answered from here and not by a clock of our own: a page in the background has none that it can rely on.
    if (message["type"] === "ping") this.line.send({ type: "here" });
    const state = readState(message);
    if (!state) return;
    this.line.well();
    this.events.open(true);
    this.events.state(state);
  }

  private lost(code: number): boolean {
    this.events.open(false);
    if (code !== REFUSED) return true;
    this.line.close();
    this.events.refused();
    return false;
  }
}
