// Callbacks: the page with the week's times, calling one, and saying loudly when nobody watches for overdue ones.

import { post, Refused } from "./api";
import type { Config, Desk } from "./config";
import type { Page } from "./page";
import { toast } from "./toasts";

// The sweep looks every second, and every beat of the line, 10 s apart, says how long ago it last did.
const STALE_SECONDS = 15;
const MOST_BETWEEN_BEATS = 25;
const FAILED = "That did not work. Try again.";

interface Events {
  /** The call is ours: its line may ring before the desk is told. */
  taken(desk: Desk): void;
}

export class Callbacks {
  private readonly view = document.getElementById("callbacks-view") as HTMLElement;
  private readonly asking = new Set<string>();
  private address: string;
  private version = "";
  /** What the server said last: how long ago it had looked, and when it said so. */
  private age: number | null = null;
  private toldAt = performance.now();

  constructor(
    private readonly config: Config,
    private readonly page: Page,
    private readonly events: Events,
  ) {
    this.address = this.isShown ? location.pathname + location.search : config.urls.callbacks;
    window.setInterval(() => this.showChecked(), 1_000);
    document.addEventListener("click", (event) => this.onClick(event));
  }

  get isShown(): boolean {
    return document.body.dataset["view"] === "callbacks";
  }

  get state(): { callbacks: string } | null {
    return this.isShown ? { callbacks: this.address } : null;
  }

  beat(age: unknown): void {
    this.age = typeof age === "number" ? age : null;
    this.toldAt = performance.now();
    this.showChecked();
  }

  /** The panel may have come anew from the server: say the age again, and read the page again if it changed. */
  refresh(): void {
    this.showChecked();
    const version = document.getElementById("promises")?.dataset["version"] ?? "";
    const isNews = this.version !== "" && version !== this.version;
    this.version = version;
    if (isNews && this.isShown) void this.load();
  }

  async show(address = this.config.urls.callbacks, isNew = true): Promise<void> {
    this.address = address;
    if (isNew) history.pushState({ callbacks: address }, "", address);
    document.body.dataset["view"] = "callbacks";
    await this.load();
    this.view.querySelector<HTMLElement>("#callbacks")?.focus();
  }

  private async load(): Promise<void> {
    const asked = this.address;
    try {
      const answer = await fetch(asked, { headers: { "X-Part": "callbacks" }, credentials: "same-origin" });
      if (!answer.ok || answer.redirected) throw new Error(String(answer.status));
      const html = await answer.text();
      if (asked === this.address) this.put(html);
    } catch {
      toast("The callbacks could not be read. Try again.", "danger");
    }
  }

  private put(html: string): void {
    if (this.view.childElementCount > 0) {
      this.page.apply([{ target: "callbacks", html }]);
      return;
    }
    const template = document.createElement("template");
    template.innerHTML = html;
    this.view.replaceChildren(template.content);
    this.page.changed();
  }

  private showChecked(): void {
    const since = Math.floor((performance.now() - this.toldAt) / 1_000);
    const isStale = (this.age ?? 0) > STALE_SECONDS || since > MOST_BETWEEN_BEATS;
    const isKnown = this.age !== null;
    const seconds = (this.age ?? 0) + since;
    const told = isStale
      ? `Nobody has watched for overdue callbacks for ${seconds} s. Look at the times yourself and tell your administrator.`
      : isKnown
        ? `Checked ${seconds} s ago`
        : "Waiting for the next check…";
    for (const element of document.querySelectorAll<HTMLElement>("[data-checked]")) {
      if (element.textContent !== told) element.textContent = told;
      element.toggleAttribute("data-stale", isStale);
      if (isStale) element.setAttribute("role", "alert");
      else element.removeAttribute("role");
    }
  }

  private onClick(event: MouseEvent): void {
    const target = event.target instanceof Element ? event.target : null;
    const link = target?.closest<HTMLAnchorElement>("a[data-callbacks]");
    if (link && event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
      event.preventDefault();
      void this.show(link.pathname + link.search);
    }
    const button = target?.closest<HTMLButtonElement>("button[data-call-back]");
    if (button) void this.call(button.dataset["callBack"] ?? "");
  }

  /** Once at a time: a second click before the answer changes nothing. */
  private async call(url: string): Promise<void> {
    if (this.asking.has(url)) return;
    this.asking.add(url);
    try {
      const told = await post(url);
      const [handoff, session] = [String(told["handoff"]), String(told["session"])];
      this.events.taken({ handoff, session, state: String(told["state"]), standby: false, says: "" });
    } catch (error) {
      toast(error instanceof Refused ? error.message : FAILED, "danger");
    } finally {
      this.asking.delete(url);
    }
  }
}
