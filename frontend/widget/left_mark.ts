// Remember within this tab that a conversation was cut off by closing or reloading the page.

const MARK = "agileadapt-left";

export function leaveMark(): void {
  sessionStorage.setItem(MARK, "1");
}

/** True once after a conversation was cut off. */
export function takeLeftMark(): boolean {
  const isMarked = sessionStorage.getItem(MARK) !== null;
  sessionStorage.removeItem(MARK);
  return isMarked;
}
