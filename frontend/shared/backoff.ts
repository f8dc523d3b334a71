// How long to wait before the next attempt at something that failed.

const FIRST_MS = 1_000;
const MOST_MS = 15_000;
const SPREAD = 0.25;

/** Doubles from one second to fifteen; the spread keeps a restarted server from meeting everybody at once. */
export function backoffMs(attempt: number, random: () => number = Math.random): number {
  const base = Math.min(MOST_MS, FIRST_MS * 2 ** Math.min(attempt, 10));
  return Math.round(base * (1 - SPREAD + 2 * SPREAD * random()));
}
