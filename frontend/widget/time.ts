// Durations and moments as people read them.

export function clock(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

export function minutes(seconds: number): string {
  const unit = seconds < 60 ? "second" : "minute";
  const value = seconds < 60 ? Math.ceil(seconds) : Math.ceil(seconds / 60);
  return new Intl.NumberFormat(document.documentElement.lang || "en-AU", { style: "unit", unit, unitDisplay: "long" }).format(value);
}

/** "Monday, 23 November at 9:30 am", or empty when the text is no date. */
export function moment(iso: string): string {
  const date = new Date(iso);
  if (Number.isNaN(date.getTime())) return "";
  const options = { weekday: "long", day: "numeric", month: "long", hour: "numeric", minute: "2-digit" } as const;
  return new Intl.DateTimeFormat(document.documentElement.lang || "en-AU", options).format(date);
}
