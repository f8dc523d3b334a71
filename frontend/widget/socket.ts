// The page's live line to the back end: says hello, receives whole snapshots, comes back by itself.

import { backoffMs } from "../shared/backoff";
import type { Turn } from "./captions";

export type Phase = "connecting" | "assistant" | "handing_over" | "human" | "callback" | "ended";

export interface ServerState {
  phase: Phase;
  closer: { name: string } | null;
  rejoin: boolean;
  turns: Turn[];
  callback: { due_at: string } | null;
}

export interface SocketEvents {
  state(state: ServerState): void;
  open(isOpen: boolean): void;
  refused(): void;
}

const PHASES: readonly string[] = ["connecting", "assistant", "handing_over", "human", "callback", "ended"];
const REFUSED = 4401;

type Loose = Record<string, unknown>;

const isObject = (value: unknown): value is Loose => typeof value === "object" && value !== null;

function isTurn(value: unknown): value is Turn {
  return isObject(value) && typeof value["text"] === "string" && (value["role"] === "assistant" || value["role"] === "prospect");
}

/** Null for anything that is not a state we can show: a newer server may send kinds this page does not know. */
export function readState(text: string): ServerState | null {
  let frame: unknown;
  try {
    frame = JSON.parse(text);
  } catch {
    return null;
  }
  if (!isObject(frame) || frame["type"] !== "state" || !PHASES.includes(String(frame["phase"]))) return null;
  const closer = isObject(frame["closer"]) ? { name: String(frame["closer"]["name"] ?? "") } : null;
  const callback = isObject(frame["callback"]) ? { due_at: String(frame["callback"]["due_at"] ?? "") } : null;
  const turns = Array.isArray(frame["turns"]) ? frame["turns"].filter(isTurn) : [];
  return { phase: frame["phase"] as Phase, closer, rejoin: frame["rejoin"] === true, turns, callback };
}

export class ProspectSocket {
  private socket: WebSocket | null = null;
  private attempt = 0;
  private timer = 0;
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
      this.lost(event.code);
    };
  }

  private received(text: string): void {
    const state = readState(text);
    if (!state || this.isClosed) return;
    this.attempt = 0;
    this.events.open(true);
    this.events.state(state);
  }

  private lost(code: number): void {
    if (this.isClosed) return;
    this.events.open(false);
    if (code === REFUSED) {
      this.close();
      this.events.refused();
      return;
    }
    this.timer = window.setTimeout(() => this.connect(), backoffMs(this.attempt++));
  }

  private readonly hurry = (): void => {
    if (this.isClosed || this.socket?.readyState !== WebSocket.CLOSED) return;
    clearTimeout(this.timer);
    this.connect();
  };
}
