// The other end of a page's WebSocket, and a clock that stands still until it is told.

import { mock } from "node:test";

let page = new EventTarget();

export class Line {
  static opened: Line[] = [];
  static readonly CONNECTING = 0;
  static readonly OPEN = 1;
  readyState = 0;
  sent: Record<string, unknown>[] = [];
  closedWith: number | undefined;
  onopen?: (event: unknown) => void;
  onmessage?: (event: unknown) => void;
  onclose?: (event: unknown) => void;

  constructor(readonly url: URL) {
    Line.opened.push(this);
  }

  send(text: string): void {
    this.sent.push(JSON.parse(text));
  }

  /** As a browser does: the end of a line that is closed here is told of later, if ever. */
  close(code?: number): void {
    this.readyState = 2;
    this.closedWith ??= code;
  }

  accept(): void {
    this.readyState = Line.OPEN;
    this.onopen?.({});
  }

  say(message: unknown): void {
    this.onmessage?.({ data: typeof message === "string" ? message : JSON.stringify(message) });
  }

  end(code: number): void {
    this.readyState = 3;
    this.onclose?.({ code });
  }
}

export function newest(): Line {
  const line = Line.opened.at(-1);
  if (!line) throw new Error("nobody has called");
  return line;
}

export const lines = (): number => Line.opened.length;

export const online = (): boolean => page.dispatchEvent(new Event("online"));

export const pass = (ms: number): void => mock.timers.tick(ms);

/** Every pause is exactly its base: half of the spread is no spread. */
export function prepare(): void {
  mock.timers.enable({ apis: ["setTimeout", "setInterval", "Date"], now: 1_000_000 });
  mock.method(Math, "random", () => 0.5);
  Line.opened = [];
  page = new EventTarget();
  const window = {
    addEventListener: page.addEventListener.bind(page),
    removeEventListener: page.removeEventListener.bind(page),
    setTimeout: (act: () => void, ms: number) => setTimeout(act, ms),
    setInterval: (act: () => void, ms: number) => setInterval(act, ms),
  };
  const document = Object.assign(new EventTarget(), { visibilityState: "visible" });
  Object.assign(globalThis, { window, document, WebSocket: Line, location: { href: "https://host.example/w/demo/" } });
}

export function restore(): void {
  mock.timers.reset();
  mock.restoreAll();
}
