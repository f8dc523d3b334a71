// The list of calls: counts, finding by name, which one is open, moving by keyboard.

export class CallList {
  private readonly search = document.getElementById("search") as HTMLInputElement;

  constructor(private chosen: string | null) {
    this.search.addEventListener("input", () => this.refresh());
    this.search.addEventListener("keydown", (event) => this.onSearchKey(event));
  }

  choose(session: string | null): void {
    this.chosen = session;
    document.body.dataset["view"] = session ? "detail" : "board";
    this.refresh();
  }

  refresh(): void {
    const wanted = this.search.value.trim().toLocaleLowerCase();
    for (const card of document.querySelectorAll<HTMLElement>("[data-card]")) {
      const name = card.querySelector(".card-name")?.textContent ?? "";
      card.hidden = wanted !== "" && !name.toLocaleLowerCase().includes(wanted);
      const link = card.querySelector("a");
      if (card.dataset["card"] === this.chosen) link?.setAttribute("aria-current", "true");
      else link?.removeAttribute("aria-current");
    }
    for (const group of document.querySelectorAll<HTMLElement>("[data-group] [data-count]")) {
      const shown = group.closest("[data-group]")?.querySelectorAll("[data-card]:not([hidden])").length ?? 0;
      group.textContent = shown > 0 ? String(shown) : "";
    }
  }

  focusSearch(): void {
    this.search.focus();
    this.search.select();
  }

  /** Move to the next (1) or previous (-1) call and give back its key. */
  step(by: 1 | -1): string | null {
    const cards = [...document.querySelectorAll<HTMLElement>("[data-card]:not([hidden])")];
    const at = cards.findIndex((card) => card.dataset["card"] === this.chosen);
    const next = cards[at < 0 ? (by > 0 ? 0 : cards.length - 1) : at + by];
    next?.querySelector("a")?.focus();
    return next?.dataset["card"] ?? null;
  }

  private onSearchKey(event: KeyboardEvent): void {
    if (event.key !== "Escape") return;
    this.search.value = "";
    this.search.blur();
    this.refresh();
  }
}
