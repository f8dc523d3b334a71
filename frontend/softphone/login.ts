// The phone's login, kept for this tab alone: a reload logs in as before and gets its call back.

export interface Login {
  token: string;
  /** What calls to this login are addressed to. */
  username: string;
  expiresAt: number;
  /** Whether this tab has logged in with it before, and may be given its call back. */
  isKept: boolean;
}

const KEY = "agileadapt.softphone-login";
const LEAST_LEFT_MS = 10 * 60_000;

export function keepLogin(closerId: number, login: Login): void {
  try {
    sessionStorage.setItem(KEY, JSON.stringify({ closerId, ...login, isKept: true }));
  } catch {
    // Without storage every page load takes a new login.
  }
}

export function forgetLogin(): void {
  try {
    sessionStorage.removeItem(KEY);
  } catch {
    // Nothing was kept.
  }
}

export function keptLogin(closerId: number): Login | null {
  try {
    const kept = JSON.parse(sessionStorage.getItem(KEY) ?? "null") as (Login & { closerId: number }) | null;
    return kept?.closerId === closerId && kept.expiresAt > Date.now() + LEAST_LEFT_MS ? kept : null;
  } catch {
    return null;
  }
}
