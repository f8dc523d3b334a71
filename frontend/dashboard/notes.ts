// Notes are kept on every pause in typing, on leaving the field and on leaving the page.

import { address, type Config } from "./config";
import { post, Refused } from "./api";

const PAUSE_MS = 600;
const RETRY_MS = 4_000;

export class Notes {
  private timer = 0;
  private pending: { handoff: string; text: string } | null = null;
  private isSending = false;

  constructor(private readonly config: Config) {
    document.addEventListener("input", (event) => this.typed(event.target));
    document.addEventListener("focusout", (event) => {
      if (event.target instanceof HTMLTextAreaElement && event.target.dataset["notes"]) void this.flush();
    });
    window.addEventListener("pagehide", () => void this.flush(true));
  }

  focus(): boolean {
    const field = document.querySelector<HTMLTextAreaElement>("[data-notes]");
    field?.focus();
    return field !== null;
  }

  async flush(isLeaving = false): Promise<void> {
    clearTimeout(this.timer);
    const note = this.pending;
    if (!note || (this.isSending && !isLeaving)) return;
    this.pending = null;
    this.isSending = true;
    this.say("Saving…");
    try {
      await post(address(this.config.urls.notes, note.handoff), { notes: note.text }, isLeaving);
      this.say(this.pending ? "Saving…" : "Saved");
    } catch (error) {
      this.keep(note, error);
    } finally {
      this.isSending = false;
      if (this.pending) this.later(PAUSE_MS);
    }
  }

  private typed(target: EventTarget | null): void {
    if (!(target instanceof HTMLTextAreaElement) || !target.dataset["notes"]) return;
    this.pending = { handoff: target.dataset["notes"], text: target.value };
    this.later(PAUSE_MS);
  }

  private later(delay: number): void {
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => void this.flush(), delay);
  }

  private keep(note: { handoff: string; text: string }, error: unknown): void {
    const isRefused = error instanceof Refused && error.status >= 400 && error.status < 500;
    this.say(isRefused ? error.message : "Not saved yet; trying again");
    if (isRefused) return;
    this.pending ??= note;
    this.later(RETRY_MS);
  }

  private say(words: string): void {
    const line = document.querySelector("[data-notes-state]");
    if (line) line.textContent = words;
  }
}
