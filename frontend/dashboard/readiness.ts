// The four things that must be proven before a call can ring here, each with its one-click fix.

export interface Check {
  isGood: boolean;
  text: string;
  canFix: boolean;
}

export type Checks = Record<"sound" | "microphone" | "softphone" | "socket", Check>;

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
    this.list.dataset["good"] = String(Object.values(checks).every((check) => check.isGood));
    for (const [name, check] of Object.entries(checks)) {
      const line = this.list.querySelector<HTMLElement>(`[data-check=${name}]`);
      const words = line?.querySelector("[data-check-text]");
      const button = line?.querySelector<HTMLElement>("[data-fix]");
      if (!line || !words || !button) continue;
      line.dataset["good"] = String(check.isGood);
      if (words.textContent !== check.text) words.textContent = check.text;
      button.hidden = check.isGood || !check.canFix;
    }
  }
}
