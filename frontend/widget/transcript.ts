// The captions on the screen: appended, never re-built, scrolled only for those who follow along.

import { h, say } from "../shared/dom";
import { contained } from "../shared/isolation";
import type { Caption } from "./captions";
import { T } from "./messages";

const NEAR_END_PX = 48;

const speakerName = (role: Caption["role"]) => (role === "prospect" ? T.call.you : T.call.assistant);

function row(caption: Caption): HTMLElement {
  if (caption.role === "note") return h("p", { class: "caption note" }, h("bdi", { class: "words" }));
  return h(
    "p",
    { class: `caption ${caption.role}` },
    h("span", { class: "speaker" }, speakerName(caption.role)),
    h("bdi", { class: "words" }),
    caption.isUnread ? h("span", { class: "unread" }, T.call.unreadLine) : null,
  );
}

export class Transcript {
  readonly root: HTMLElement;
  private readonly log: HTMLElement;
  private readonly empty = h("p", { class: "empty" }, T.call.empty);
  private readonly latest: HTMLButtonElement;
  private readonly rows = new Map<string, HTMLElement>();

  constructor(isLive: boolean) {
    const role = isLive ? { role: "log", "aria-live": "polite" } : { role: "region" };
    this.log = h("div", { class: "log", tabindex: 0, "aria-label": T.call.captions, ...role }, this.empty);
    this.latest = h("button", { type: "button", class: "latest", hidden: true, onclick: () => this.toEnd() }, T.call.latest);
    this.log.addEventListener("scroll", () => {
      if (this.isAtEnd()) this.latest.hidden = true;
    });
    this.root = h("div", { class: "transcript" }, this.log, this.latest);
  }

  update(captions: Caption[]): void {
    const wasAtEnd = this.isAtEnd();
    const keys = new Set(captions.map(({ key }) => key));
    for (const [key, element] of this.rows) if (!keys.has(key)) this.remove(key, element);
    let hasNews = false;
    captions.forEach((caption, index) => {
      hasNews = this.place(caption, index) || hasNews;
    });
    this.empty.hidden = captions.length > 0;
    // While a sentence is still growing, a screen reader waits for the whole of it.
    this.log.setAttribute("aria-busy", String(captions.some(({ isPartial }) => isPartial)));
    if (wasAtEnd) this.toEnd();
    else if (hasNews) this.latest.hidden = false;
  }

  private place(caption: Caption, index: number): boolean {
    let element = this.rows.get(caption.key);
    const isNew = !element?.classList.contains(caption.role);
    if (element && isNew) this.remove(caption.key, element);
    if (!element || isNew) {
      element = row(caption);
      this.rows.set(caption.key, element);
    }
    const words = element.querySelector(".words")!;
    const text = contained(caption.text);
    const hasChanged = words.textContent !== text;
    say(words, text);
    element.classList.toggle("pending", caption.isPending);
    const here = this.log.children[index + 1] ?? null; // the first child is the hint for an empty log
    if (here !== element) this.log.insertBefore(element, here);
    return hasChanged;
  }

  private remove(key: string, element: HTMLElement): void {
    element.remove();
    this.rows.delete(key);
  }

  private isAtEnd(): boolean {
    const { scrollHeight, scrollTop, clientHeight } = this.log;
    return scrollHeight - scrollTop - clientHeight < NEAR_END_PX;
  }

  private toEnd(): void {
    this.log.scrollTop = this.log.scrollHeight;
    this.latest.hidden = true;
  }
}
