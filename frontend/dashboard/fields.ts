// Answers that just came in light up once; any answer can be copied with one click.

const GLOW_MS = 2_400;

export class Fields {
  private known = new Map<string, string>();
  private session: string | undefined;

  constructor() {
    document.addEventListener("click", (event) => {
      const button = event.target instanceof Element ? event.target.closest<HTMLElement>("[data-copy]") : null;
      if (button) void this.copy(button);
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
