// The microphone check: waiting for permission, being heard, or why not and how to go on.

import { h, say } from "../../shared/dom";
import type { Facts } from "../facts";
import { icon, permissionPicture } from "../icons";
import { MICROPHONE, T } from "../messages";
import type { MicrophoneProblem } from "../microphone";
import { button, heading, type Actions, type Screen } from "./screen";

export class MicrophoneScreen implements Screen {
  readonly root: HTMLElement;
  private readonly title = heading(T.microphone.title);
  private readonly text = h("p", { class: "lead", role: "status" });
  private readonly orb = h("div", { class: "orb still", "aria-hidden": "true" }, h("span", { class: "core" }, icon("microphone")));
  private readonly picture = permissionPicture();
  private readonly meter = h("div", {
    class: "meter", role: "meter", "aria-label": T.microphone.level, "aria-valuemin": 0, "aria-valuemax": 100, "aria-valuenow": 0,
  }, h("span", { class: "fill" }));
  private readonly steps = h("ol", { class: "steps", "aria-label": T.microphone.stepsLabel });
  private readonly retry: HTMLButtonElement;
  private readonly ownWindow: HTMLElement;
  private readonly ways: HTMLElement;
  private shownProblem: MicrophoneProblem | null = null;

  constructor(actions: Actions) {
    const text = T.microphone;
    this.retry = button("retry", "primary", text.retry, () => actions.agree(true));
    // This page gives its place up, or the new window would be sent back here.
    const leave = () => actions.cancel();
    this.ownWindow = h("a", { class: "button primary", href: location.pathname, target: "_blank", rel: "noopener", onclick: leave }, text.window);
    this.ways = h(
      "div",
      { class: "ways" },
      this.retry,
      this.ownWindow,
      button("agree-text", "plain", text.type, () => actions.agree(false)),
      button("callback", "plain", text.callback, () => actions.openCallback(true)),
      button("cancel", "link", text.cancel, () => actions.cancel()),
    );
    this.root = h("section", { class: "screen microphone" }, this.orb, this.title, this.text, this.picture, this.meter, this.steps, this.ways);
  }

  update(facts: Facts): void {
    const problem = facts.microphoneProblem;
    say(this.title, problem ? MICROPHONE[problem].title : T.microphone.title);
    say(this.text, problem ? MICROPHONE[problem].text : this.progress(facts));
    this.picture.toggleAttribute("hidden", facts.isMicrophoneOpen || problem === "site" || problem === "missing");
    this.orb.classList.toggle("warn", problem !== null);
    this.meter.hidden = !facts.isMicrophoneOpen;
    this.ways.hidden = facts.isMicrophoneOpen;
    this.retry.hidden = problem === null || problem === "site" || problem === "insecure";
    this.ownWindow.hidden = problem !== "site";
    this.explain(problem);
  }

  level(value: number): void {
    // Loudness is felt in steps of its logarithm; 255 is far louder than anybody speaks.
    const percent = Math.min(100, Math.round(40 * Math.log10(1 + value)));
    this.meter.style.setProperty("--level", `${percent}%`);
    this.meter.setAttribute("aria-valuenow", String(percent));
  }

  private progress(facts: Facts): string {
    if (!facts.isMicrophoneOpen) return T.microphone.waiting;
    return facts.isHeard ? T.microphone.heard : T.microphone.speak;
  }

  private explain(problem: MicrophoneProblem | null): void {
    if (problem === this.shownProblem) return;
    this.shownProblem = problem;
    const steps = problem ? MICROPHONE[problem].steps : [];
    this.steps.replaceChildren(...steps.map((step) => h("li", {}, step)));
    this.steps.hidden = steps.length === 0;
    if (problem) this.title.focus();
  }
}
