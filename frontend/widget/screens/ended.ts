// After the conversation, or when there could be none: what happened and the ways on.

import { h, say } from "../../shared/dom";
import type { Facts } from "../facts";
import { icon } from "../icons";
import { T } from "../messages";
import { clock } from "../time";
import { Transcript } from "../transcript";
import { button, heading, type Actions, type Screen } from "./screen";

export function endedScreen(actions: Actions): Screen {
  const transcript = new Transcript(false);
  const lead = h("p", { class: "lead" });
  const duration = h("p", { class: "duration" });
  const said = h("details", { class: "said" }, h("summary", {}, T.ended.transcript), transcript.root);
  const again = button("again", "primary", T.ended.again, () => actions.again());
  const callback = button("callback", "plain", T.ended.callback, () => actions.openCallback(true));
  const root = h(
    "section",
    { class: "screen ended" },
    h("div", { class: "orb still", "aria-hidden": "true" }, h("span", { class: "core" }, icon("check"))),
    heading(T.ended.title), lead, duration, h("div", { class: "ways" }, again, callback), said,
  );
  const update = (facts: Facts) => {
    say(lead, facts.wasLost ? T.ended.lost : T.ended.text);
    say(duration, facts.talkedMs ? T.ended.duration(clock(facts.talkedMs)) : "");
    callback.hidden = facts.callbackDueAt !== null;
    said.hidden = facts.captions.length === 0;
    transcript.update(facts.captions);
  };
  return { root, update };
}

export function problemScreen(actions: Actions): Screen {
  const lead = h("p", { class: "lead", role: "alert" });
  const reference = h("p", { class: "reference" });
  const retry = button("retry", "primary", T.problem.again, () => actions.retry());
  const root = h(
    "section",
    { class: "screen problem" },
    h("div", { class: "orb still warn", "aria-hidden": "true" }, h("span", { class: "core" }, icon("alert"))),
    heading(T.problem.title), lead,
    h("div", { class: "ways" }, retry, button("callback", "plain", T.ended.callback, () => actions.openCallback(true))),
    reference,
  );
  const update = ({ problem }: Facts) => {
    say(lead, problem?.text ?? "");
    say(reference, problem?.reference ? T.problem.reference(problem.reference) : "");
    retry.hidden = problem?.canRetry === false;
  };
  return { root, update };
}
