// What the page knows, and the one state it shows for it. The server decides; this only reads.

import type { Caption } from "./captions";
import type { MicrophoneProblem } from "./microphone";
import type { Calling, ServerState } from "./socket";
import type { AgentState } from "./vad";

/** Where the visitor stands on this page; what happens inside a live conversation is the server's word. */
export type Stage = "ready" | "consent" | "microphone" | "live" | "over" | "failed";

export type ShownState =
  | "ready" | "consent" | "microphone" | "connecting" | AgentState | "handing_over" | "human" | "callback" | "calling" | "ended" | "error";

export type Notice =
  | "offline" | "reconnecting" | "behind" | "microphoneLost" | "sound" | "quiet" | "undelivered" | "unread" | "poor" | "otherTab" | "chat" | "busy";

/** How the visitor's wish for a person stands while the assistant speaks. */
export type Wish = "none" | "asking" | "called" | "closed" | "failed";

export interface Problem {
  text: string;
  reference: string;
  canRetry: boolean;
}

export interface Facts {
  stage: Stage;
  server: ServerState | null;
  /** Audio is up both ways. */
  isCallUp: boolean;
  agent: AgentState;
  hasVoice: boolean;
  isMuted: boolean;
  isMicrophoneOpen: boolean;
  isHeard: boolean;
  microphoneProblem: MicrophoneProblem | null;
  problem: Problem | null;
  notices: ReadonlySet<Notice>;
  captions: Caption[];
  wish: Wish;
  calling: Calling | null;
  isCallbackOpen: boolean;
  /** Every line is busy, and a number may be left instead. */
  isBusy: boolean;
  callbackDueAt: string | null;
  startedAt: number | null;
  waitingSince: number | null;
  talkedMs: number;
  wasLost: boolean;
}

export const AT_REST: Facts = {
  stage: "ready", server: null, isCallUp: false, agent: "listening", hasVoice: true, isMuted: false,
  isMicrophoneOpen: false, isHeard: false, microphoneProblem: null, problem: null, notices: new Set(), captions: [],
  wish: "none", calling: null, isCallbackOpen: false, isBusy: false, callbackDueAt: null, startedAt: null, waitingSince: null, talkedMs: 0, wasLost: false,
};

export function shownState(facts: Facts): ShownState {
  if (facts.calling) return "calling";
  if (facts.isCallbackOpen) return "callback";
  if (facts.stage === "over") return "ended";
  if (facts.stage === "failed") return "error";
  return facts.stage === "live" ? liveState(facts) : facts.stage;
}

function liveState({ server, isCallUp, agent }: Facts): ShownState {
  switch (server?.phase) {
    case "handing_over":
    case "callback":
      return server.phase;
    case "human":
      // A person is on the line, but this page is not on it again yet.
      return isCallUp && !server.rejoin ? "human" : "handing_over";
    case "ended":
      return "ended";
    default:
      return isCallUp ? agent : "connecting";
  }
}
