// What every screen of the widget is made of.

import { h, type Child } from "../../shared/dom";
import type { Controller } from "../controller";
import type { Facts, ShownState } from "../facts";

export interface Screen {
  readonly root: HTMLElement;
  update(facts: Facts, shown: ShownState): void;
}

export type Actions = Controller;

/** Receives the focus when its screen appears, so that keyboard and screen reader start at the top. */
export function heading(text: string): HTMLHeadingElement {
  return h("h1", { tabindex: -1 }, text);
}

export function button(action: string, look: string, label: Child, run: () => unknown): HTMLButtonElement {
  return h("button", { type: "button", class: `button ${look}`, "data-action": action, onclick: () => void run() }, label);
}
