// Answers that just came in light up once; any answer can be copied, and leads to the sentence that it came from.

const GLOW_MS = 2_400;

export class Fields {
  private known = new Map<string, string>();
  private session: string | undefined;

  constructor() {
    document.addEventListener("click", (event) => {
      const target = event.target instanceof Element ? event.target : null;
      const button = target?.closest<HTMLElement>("[data-copy]");
      if (button) void this.copy(button);
      const jump = target?.closest<HTMLElement>("[data-jump]");
      if (jump) this.show(jump.dataset["jump"] ?? "");
    });
  }

  refresh(): void {
    const session = document.getElementById("detail")?.dataset["session"];
    const isSame = session === this.session;
    this.session = session;
    const shown = new Map<string, string>();
    for (const field of document.querySelectorAll<HTMLElement>("[data-field][data-known]")) {
      const name = field.dataset["field"] ?? "";
      const value = field.querySelector("[data-value]")?.textContent ?? "";
      shown.set(name, value);
      if (isSame && this.known.get(name) !== value) this.glow(field);
    }
    this.known = shown;
  }

  /** Bring the sentence into view, light it up, and let who reads by ear stand there. */
  private show(position: string): void {
    const turn = document.querySelector<HTMLElement>(`#transcript-turns [data-turn="${CSS.escape(position)}"]`);
    if (!turn) return;
    turn.scrollIntoView({ block: "center" });
    turn.tabIndex = -1;
    turn.focus({ preventScroll: true });
    this.glow(turn);
  }

  private glow(field: HTMLElement): void {
    field.classList.add("is-new");
    window.setTimeout(() => field.classList.remove("is-new"), GLOW_MS);
  }

  private async copy(button: HTMLElement): Promise<void> {
    await navigator.clipboard.writeText(button.dataset["copy"] ?? "");
    button.classList.add("is-done");
    window.setTimeout(() => button.classList.remove("is-done"), 1_200);
  }
}
