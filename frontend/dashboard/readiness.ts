// The things that must be proven before a call can ring here, each with its one-click fix.

export interface Check {
  isGood: boolean;
  text: string;
  canFix: boolean;
  /** Useful, but a call rings without it. */
  isOptional?: boolean;
}

/** What a closer does not need is not among them. */
export type Checks = Partial<Record<"sound" | "microphone" | "softphone" | "notifications" | "socket", Check>>;

export class Readiness {
  private readonly list = document.querySelector<HTMLElement>("[data-readiness]");

  constructor(fix: (name: keyof Checks) => void) {
    this.list?.addEventListener("click", (event) => {
      const button = event.target instanceof Element ? event.target.closest<HTMLElement>("[data-fix]") : null;
      if (button) fix(button.dataset["fix"] as keyof Checks);
    });
  }

  show(checks: Checks): void {
    if (!this.list) return;
    this.list.dataset["good"] = String(Object.values(checks).every((check) => check.isGood || check.isOptional));
    for (const line of this.list.querySelectorAll<HTMLElement>("[data-check]")) {
      const check = checks[line.dataset["check"] as keyof Checks];
      line.hidden = !check;
      if (check) this.showLine(line, check);
    }
  }

  private showLine(line: HTMLElement, check: Check): void {
    const words = line.querySelector("[data-check-text]");
    const button = line.querySelector<HTMLElement>("[data-fix]");
    if (!words || !button) return;
    line.dataset["good"] = String(check.isGood);
    line.toggleAttribute("data-optional", Boolean(check.isOptional));
    if (words.textContent !== check.text) words.textContent = check.text;
    button.hidden = check.isGood || !check.canFix;
  }
}
