// Words to the running assistant: typed, or one of the usual requests with one click.

import { address, type Config } from "./config";
import { post, Refused } from "./api";

export class Steering {
  private isSending = false;

  constructor(private readonly config: Config) {
    document.addEventListener("submit", (event) => {
      const form = event.target instanceof HTMLFormElement ? event.target : null;
      if (!form?.dataset["steer"]) return;
      event.preventDefault();
      const field = form.elements.namedItem("text") as HTMLInputElement;
      void this.send(form, field.value, () => (field.value = ""));
    });
    document.addEventListener("click", (event) => {
      const chip = event.target instanceof Element ? event.target.closest<HTMLElement>("[data-steer-words]") : null;
      const form = chip?.closest("form");
      if (chip && form) void this.send(form, chip.dataset["steerWords"] ?? "");
    });
  }

  focus(): void {
    document.querySelector<HTMLElement>("form[data-steer] input")?.focus();
  }

  private async send(form: HTMLFormElement, words: string, sent?: () => void): Promise<void> {
    const text = words.trim();
    if (!text || this.isSending) return;
    this.isSending = true;
    this.say("Sending…");
    try {
      await post(address(this.config.urls.steer, form.dataset["steer"] ?? ""), { text });
      sent?.();
      this.say("Sent");
    } catch (error) {
      this.say(error instanceof Refused ? error.message : "Not sent. Try again.", "danger");
    } finally {
      this.isSending = false;
    }
  }

  private say(words: string, tone = ""): void {
    const line = document.querySelector<HTMLElement>("[data-steer-state]");
    if (!line) return;
    line.textContent = words;
    line.dataset["tone"] = tone;
  }
}
