// The invitation: one button, and what happens after it.

import { h, say } from "../../shared/dom";
import { icon } from "../icons";
import { T } from "../messages";

export interface ReadyScreen {
  readonly root: HTMLElement;
  note(text: string): void;
  update(): void;
}

export function readyScreen(start: () => unknown, company: string): ReadyScreen {
  const points = T.ready.points.map((point) => h("li", {}, icon("check"), point));
  const note = h("p", { class: "notice calm", role: "status", hidden: true });
  const root = h(
    "section",
    { class: "screen ready" },
    note,
    h("div", { class: "orb still", "aria-hidden": "true" }, h("span", { class: "core" }, icon("wave"))),
    h("h1", { tabindex: -1 }, T.ready.title(company)),
    h("p", { class: "lead" }, T.ready.text),
    h(
      "button",
      { type: "button", class: "button primary large", "data-action": "start", onclick: () => void start() },
      icon("microphone"), T.ready.start,
    ),
    h("ul", { class: "points" }, ...points),
  );
  const tell = (text: string) => {
    say(note, text);
    note.hidden = text === "";
  };
  return { root, note: tell, update: () => undefined };
}
