// This page's own name for the server: kept over a reload, and never shared with a copy of the tab.

import { forgetLogin } from "./login";

const KEY = "agileadapt.page";
const COPY_AFTER_MS = 500; // a reload has let go of its name long before

export async function ownName(): Promise<string> {
  const kept = read();
  if (kept && (await hold(kept))) return kept;
  if (kept) forgetLogin(); // The login came over with the copy, and is the other page's.
  const fresh = crypto.randomUUID();
  write(fresh);
  void hold(fresh);
  return fresh;
}

/** Hold the name as long as the page lives; false when another page has it, or this browser cannot tell. */
function hold(name: string): Promise<boolean> {
  return new Promise((resolve) => {
    const holding = async (): Promise<void> => {
      const options = { signal: AbortSignal.timeout(COPY_AFTER_MS) };
      await navigator.locks.request(`agileadapt-page-${name}`, options, () => {
        resolve(true);
        return new Promise<never>(() => undefined);
      });
    };
    // Without locks, as in Safari before 15.4, every page load is a page of its own.
    // https://developer.mozilla.org/docs/Web/API/Navigator/locks
    holding().catch(() => resolve(false));
  });
}

function read(): string | null {
  try {
    return sessionStorage.getItem(KEY);
  } catch {
    return null; // Without storage every page load is a page of its own.
  }
}

function write(name: string): void {
  try {
    sessionStorage.setItem(KEY, name);
  } catch {
    // See above.
  }
}
