// What is recorded, by whom, and two answers of equal weight.

import { h } from "../../shared/dom";
import type { WidgetConfig } from "../config";
import { icon, permissionPicture } from "../icons";
import { T } from "../messages";
import { button, heading, type Actions, type Screen } from "./screen";

export function consentScreen(actions: Actions, consent: WidgetConfig["consent"]): Screen {
  const text = T.consent;
  const root = h(
    "section",
    { class: "screen consent" },
    heading(text.title),
    h("p", { class: "terms" }, consent.text),
    h(
      "ul",
      { class: "facts" },
      h("li", {}, icon("assistant"), text.ai),
      h("li", {}, icon("record"), consent.recording ? text.recorded : text.written),
      h("li", {}, icon("microphone"), text.microphone),
    ),
    permissionPicture(),
    h(
      "div",
      { class: "choices" },
      button("decline", "plain", text.decline, () => actions.cancel()),
      button("agree", "plain strong", text.agree, () => actions.agree(true)),
    ),
    button("agree-text", "link", text.type, () => actions.agree(false)),
  );
  return { root, update: () => undefined };
}
