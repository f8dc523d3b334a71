// What the page knows, in one place; every change is shown at once.

import { AT_REST, type Facts, type Notice } from "./facts";

export class Store {
  facts: Facts = { ...AT_REST };

  constructor(private readonly show: (facts: Facts) => void) {}

  set(patch: Partial<Facts>): void {
    this.facts = { ...this.facts, ...patch };
    this.show(this.facts);
  }

  notice(notice: Notice, isOn: boolean): void {
    if (this.facts.notices.has(notice) === isOn) return;
    const notices = new Set(this.facts.notices);
    if (isOn) notices.add(notice);
    else notices.delete(notice);
    this.set({ notices });
  }
}
