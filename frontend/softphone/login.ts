// The phone's login, kept for this tab alone: a reload logs in as before and gets its call back.

export interface Login {
  token: string;
  expiresAt: number;
}

const KEY = "agileadapt.softphone-login";
const LEAST_LEFT_MS = 10 * 60_000;

export function keepLogin(closerId: number, login: Login): void {
  try {
    sessionStorage.setItem(KEY, JSON.stringify({ closerId, ...login }));
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
    if (kept?.closerId !== closerId || kept.expiresAt < Date.now() + LEAST_LEFT_MS) return null;
    return { token: kept.token, expiresAt: kept.expiresAt };
  } catch {
    return null;
  }
}
