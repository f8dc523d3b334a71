// Search: the page of results inside the open dashboard, so that looking something up never drops a call.

import type { Config } from "./config";
import type { Page } from "./page";
import { toast } from "./toasts";

const TYPING_MS = 250;

export class Search {
  private readonly view = document.getElementById("search-view") as HTMLElement;
  private address: string;
  private typing = 0;
  /** The utterance that was found, until the conversation that holds it is on the page. */
  private wanted: string | null = null;

  constructor(
    private readonly config: Config,
    private readonly page: Page,
  ) {
    this.address = this.isShown ? location.pathname + location.search : config.urls.search;
    this.wanted = location.hash.startsWith("#turn-") ? location.hash.slice(1) : null;
    document.addEventListener("submit", (event) => this.onSubmit(event));
    document.addEventListener("input", (event) => this.onInput(event));
    document.addEventListener("click", (event) => this.onClick(event));
  }

  get isShown(): boolean {
    return document.body.dataset["view"] === "search";
  }

  get state(): { search: string } | null {
    return this.isShown ? { search: this.address } : null;
  }

  /** Show what was found in a conversation once it is there. */
  refresh(): void {
    const turn = this.wanted === null ? null : document.getElementById(this.wanted);
    if (!turn) return;
    this.wanted = null;
    for (const other of document.querySelectorAll("[data-found]")) other.removeAttribute("data-found");
    turn.setAttribute("data-found", "");
    turn.scrollIntoView({ block: "center" });
  }

  focus(): void {
    const input = this.input();
    input?.focus();
    input?.select();
  }

  async show(address: string, isNew = true): Promise<void> {
    this.address = address;
    if (isNew) history.pushState({ search: address }, "", address);
    document.body.dataset["view"] = "search";
    await this.load();
  }

  private async load(): Promise<void> {
    const asked = this.address;
    try {
      const answer = await fetch(asked, { headers: { "X-Part": "search" }, credentials: "same-origin" });
      if (!answer.ok || answer.redirected) throw new Error(String(answer.status));
      const html = await answer.text();
      if (asked === this.address) this.put(html);
    } catch {
      toast("The search did not answer. Try again.", "danger");
    }
  }

  private put(html: string): void {
    if (this.view.childElementCount > 0) {
      this.page.apply([{ target: "search-page", html }]);
      return;
    }
    const template = document.createElement("template");
    template.innerHTML = html;
    this.view.replaceChildren(template.content);
    this.page.changed();
    this.focus();
  }

  private onSubmit(event: SubmitEvent): void {
    const form = event.target instanceof HTMLFormElement && event.target.matches("[data-search-form]") ? event.target : null;
    if (!form) return;
    event.preventDefault();
    const words = String(new FormData(form).get("q") ?? "").trim();
    this.clearFilter();
    void this.show(this.addressOf(words)).then(() => this.carry(words));
  }

  /** What was looked for everywhere must not go on hiding calls of the list. */
  private clearFilter(): void {
    const filter = document.getElementById("search") as HTMLInputElement;
    filter.value = "";
    filter.dispatchEvent(new Event("input"));
  }

  /** What was typed beside the list stands in the page's own field from now on. */
  private carry(words: string): void {
    const input = this.input();
    if (input && input.value !== words) input.value = words;
    input?.focus();
  }

  private onInput(event: Event): void {
    if (event.target !== this.input()) return;
    clearTimeout(this.typing);
    this.typing = window.setTimeout(() => {
      const address = this.addressOf(this.input()?.value.trim() ?? "");
      history.replaceState({ search: address }, "", address);
      void this.show(address, false);
    }, TYPING_MS);
  }

  private onClick(event: MouseEvent): void {
    const target = event.target instanceof Element ? event.target : null;
    this.wanted = target?.closest<HTMLElement>("[data-turn-wanted]")?.dataset["turnWanted"] ?? this.wanted;
    const link = target?.closest<HTMLAnchorElement>("a[data-search]");
    if (!link || event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    void this.show(link.pathname + link.search).then(() => this.view.querySelector<HTMLElement>("#search-page")?.focus());
  }

  private addressOf(words: string): string {
    return words ? `${this.config.urls.search}?${new URLSearchParams({ q: words }).toString()}` : this.config.urls.search;
  }

  private input(): HTMLInputElement | null {
    return this.view.querySelector<HTMLInputElement>("#search-words");
  }
}
