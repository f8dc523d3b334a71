// Keep the wallboard fresh: read the page again every ten seconds and put the new figures into the old ones.

import { refreshTimes, startClock } from "../dashboard/clock";
import { morph } from "../dashboard/page";

const EVERY_MS = 10_000;
const PATIENCE_MS = 8_000;

const pill = document.querySelector("[data-fresh]") as HTMLElement;

function tell(state: "live" | "stale", words: string): void {
  document.body.dataset["connection"] = state;
  if (pill.textContent !== words) pill.textContent = words;
}

async function read(): Promise<void> {
  const response = await fetch(location.href, { credentials: "same-origin", signal: AbortSignal.timeout(PATIENCE_MS) });
  if (response.redirected || response.status === 403 || response.status === 404) {
    location.reload(); // signed out, or no longer a supervisor: the page itself says what to do
    return;
  }
  if (!response.ok) throw new Error(`status ${response.status}`);
  const fresh = new DOMParser().parseFromString(await response.text(), "text/html").getElementById("wallboard");
  const shown = document.getElementById("wallboard");
  if (!fresh || !shown) throw new Error("not the wallboard");
  morph(shown, fresh);
  refreshTimes();
  tell("live", "Live");
}

async function refresh(): Promise<void> {
  if (document.visibilityState === "hidden") return;
  try {
    await read();
  } catch {
    tell("stale", "Out of date: the server cannot be reached");
  }
}

startClock();
window.setInterval(() => void refresh(), EVERY_MS);
document.addEventListener("visibilitychange", () => void refresh());
