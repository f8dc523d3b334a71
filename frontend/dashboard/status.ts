// Whether what is shown can be trusted: the pill, the bar, and actions that rest while it cannot.

import type { Connection } from "./socket";

const REST_REASON = "Out of date: this comes back with the connection.";

export class Status {
  private state: Connection = "reconnecting";
  private readonly pill = document.querySelector("[data-connection-text]");
  private readonly bar = document.getElementById("stale") as HTMLElement;
  private readonly barText = document.querySelector("[data-stale-text]");
  private readonly usual = this.barText?.textContent ?? "";

  constructor(retry: () => void) {
    this.bar.querySelector("[data-reconnect]")?.addEventListener("click", retry);
  }

  connection(state: Connection, reason: string, since: number): void {
    this.state = state;
    document.body.dataset["connection"] = state;
    const seconds = Math.floor(since / 1000);
    const words = { live: "Live", reconnecting: seconds > 0 ? `Reconnecting ${seconds} s` : "Connecting…", stale: "Out of date" };
    this.write(this.pill, words[state]);
    this.bar.hidden = state !== "stale";
    this.write(this.barText, reason || this.usual);
    this.refresh();
  }

  /** Buttons that need the present state; they say why they rest. */
  refresh(): void {
    const rests = this.state === "stale";
    for (const button of document.querySelectorAll<HTMLButtonElement>("button[data-needs-live]")) {
      if (button.closest("[data-answering]")) continue;
      button.disabled = rests;
      if (rests) button.title = REST_REASON;
      else button.removeAttribute("title");
    }
  }

  private write(element: Element | null, words: string): void {
    if (element && element.textContent !== words) element.textContent = words;
  }
}
