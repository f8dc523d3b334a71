// What is said and typed: kept as captions, shown, and told to whoever listens to the element.

import { ApiError } from "./api";
import { Captions, type Caption, type Frame, type Heard, type Turn } from "./captions";
import { T } from "./messages";

const LONGEST_MESSAGE = 2_000;
/** The server mostly hears of a sentence by itself before this is over; then there is nothing to pass on. */
const PASS_ON_MS = 1_000;
const MOST_AT_ONCE = 50;

/** The assistant on the line reads nothing; the team is shown the message. */
export const isUnread = (error: unknown): boolean => error instanceof ApiError && error.code === "voice_only";

export interface TalkEvents {
  show(captions: Caption[]): void;
  item(detail: { id: string; role: string; content: string; timestamp: number }): void;
  /** What the server may not have been told of by anybody else. */
  heard(turns: Heard[]): void;
}

export class Talk {
  private captions = new Captions();
  private passing = 0;

  constructor(private readonly events: TalkEvents) {}

  forget(): void {
    this.captions = new Captions();
  }

  turns(turns: Turn[]): void {
    this.captions.fromServer(turns);
    this.show();
  }

  frame(frame: Frame): void {
    if (!this.captions.fromFrame(frame)) return;
    this.show();
    this.passing ||= window.setTimeout(() => this.passOn(), PASS_ON_MS);
  }

  private passOn(): void {
    this.passing = 0;
    const heard = this.captions.heard();
    if (heard.length > 0) this.events.heard(heard.slice(-MOST_AT_ONCE));
  }

  joined(name: string): void {
    this.note(T.person.joined(name));
  }

  returned(): void {
    this.note(T.person.back);
  }

  private note(text: string): void {
    this.captions.note(text);
    this.show();
  }

  /** False when there was nothing to send; throws what `deliver` throws, with the line taken back or marked as unread. */
  async type(text: string, deliver: (message: string) => Promise<void>): Promise<boolean> {
    const message = text.trim().slice(0, LONGEST_MESSAGE);
    if (!message) return false;
    this.captions.typed(message);
    this.show();
    try {
      await deliver(message);
      return true;
    } catch (error) {
      if (isUnread(error)) this.captions.unreadable(message);
      else this.captions.untyped(message);
      this.show();
      throw error;
    }
  }

  private show(): void {
    for (const { key, role, text } of this.captions.news()) {
      this.events.item({ id: key, role: role === "prospect" ? "user" : "assistant", content: text, timestamp: Date.now() });
    }
    this.events.show(this.captions.list);
  }
}
