// Times as people read them, in their own zone, kept right every half second.

const clock = new Intl.DateTimeFormat("en-AU", { hour: "numeric", minute: "2-digit" });
const exact = new Intl.DateTimeFormat("en-AU", { hour: "numeric", minute: "2-digit", second: "2-digit" });
const stamp = new Intl.DateTimeFormat("en-AU", { day: "numeric", month: "short", hour: "numeric", minute: "2-digit" });

const two = (value: number): string => String(value).padStart(2, "0");

export function duration(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor((seconds % 3600) / 60);
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}

export function due(at: number, now: number): string {
  const minutes = Math.round((at - now) / 60_000);
  if (minutes > 90) return stamp.format(at);
  if (minutes > 0) return `in ${minutes} min`;
  return minutes > -1 ? "now" : `${-minutes} min ago`;
}

const WORDS: Record<string, (at: number, now: number) => string> = {
  clock: (at) => clock.format(at),
  exact: (at) => exact.format(at),
  stamp: (at) => stamp.format(at),
  since: (at, now) => duration(now - at),
  left: (at, now) => `${Math.max(0, Math.ceil((at - now) / 1000))} s`,
  due,
};
const MOVING = "time[data-time=since], time[data-time=left], time[data-time=due]";

function show(element: HTMLTimeElement, now: number): void {
  const at = Date.parse(element.dateTime);
  const words = WORDS[element.dataset["time"] ?? ""];
  if (!words || Number.isNaN(at)) return;
  const text = words(at, now);
  if (element.textContent !== text) element.textContent = text;
  if (!element.title) element.title = new Date(at).toISOString().replace(".000Z", "Z").replace("T", " ").replace("Z", " UTC");
  if (element.dataset["time"] === "due") element.toggleAttribute("data-late", at < now);
}

function countDown(bar: HTMLProgressElement, now: number): void {
  const from = Date.parse(bar.dataset["from"] ?? "");
  const until = Date.parse(bar.dataset["until"] ?? "");
  if (until > from) bar.value = Math.min(1, Math.max(0, (until - now) / (until - from)));
}

export function refreshTimes(selector = "time[data-time]"): void {
  const now = Date.now();
  for (const element of document.querySelectorAll<HTMLTimeElement>(selector)) show(element, now);
  for (const bar of document.querySelectorAll<HTMLProgressElement>("[data-countdown]")) countDown(bar, now);
}

export function startClock(): void {
  refreshTimes();
  window.setInterval(() => refreshTimes(MOVING), 500);
}
