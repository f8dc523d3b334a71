// Somebody calls back, right here: who it is, and the two answers.

import { h, say } from "../../shared/dom";
import type { Facts } from "../facts";
import { icon } from "../icons";
import { T } from "../messages";
import { button, heading, type Actions, type Screen } from "./screen";

export function callingScreen(actions: Actions): Screen {
  const title = heading("");
  const answer = button("answer", "primary large", icon("microphone"), () => actions.answer());
  answer.append(h("span", {}, T.calling.answer));
  const root = h(
    "section",
    { class: "screen calling" },
    h("div", { class: "orb", "data-show": "calling", "aria-hidden": "true" }, h("span", { class: "ring outer" }), h("span", { class: "core" }, icon("wave"))),
    title,
    h("p", { class: "lead" }, T.calling.text),
    h("div", { class: "ways" }, answer, button("later", "plain large", T.calling.later, () => actions.declineCall())),
  );
  const update = ({ calling }: Facts) => {
    if (calling) say(title, T.calling.title(calling.closer));
  };
  return { root, update };
}
