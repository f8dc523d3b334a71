// What the server told the page before its socket was open.

import type { Signalling } from "../shared/signalling";

export interface Desk {
  handoff: string | null;
  session: string | null;
  state: string | null;
  /** The line is up beside a call that the assistant still holds. */
  standby: boolean;
  /** The login was rung and nobody was there: the phone has to log in anew. Not told in answers to clicks. */
  register?: boolean;
  /** How long ago the two lines were joined; absent before, and a while later. */
  joined_ms?: number | null;
  /** The state in words, for those who cannot see the desk. */
  says: string;
  /** Why the call that was this closer's is theirs no more, where nobody did anything about it. */
  told?: string;
}

export interface Config extends Signalling {
  closer: { id: number; name: string; reached_by: "softphone" | "sip" | "number" };
  epoch: string;
  cursors: Record<string, number>;
  watching: string | null;
  desk: Desk;
  urls: Record<
    | "socket" | "board" | "session" | "login" | "availability" | "back" | "accept" | "decline" | "hang_up" | "notes"
    | "callbacks" | "take" | "assign" | "steer" | "take_over" | "hand_back" | "complete" | "quality" | "softphone_login"
    | "hearing" | "search" | "edit_answer" | "use_answer" | "dismiss_answer" | "unlock_answer",
    string
  >;
}

const PLACEHOLDER = "00000000-0000-0000-0000-000000000000";

export function readConfig(): Config {
  return JSON.parse(document.getElementById("dashboard-config")?.textContent ?? "{}") as Config;
}

export function address(pattern: string, id: string): string {
  return pattern.replace(PLACEHOLDER, encodeURIComponent(id));
}
