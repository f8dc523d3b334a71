// The conversation: who is speaking, what was said, and the ways to answer.

import { h, say } from "../../shared/dom";
import type { Facts, ShownState } from "../facts";
import { icon } from "../icons";
import { T } from "../messages";
import { clock } from "../time";
import { Transcript } from "../transcript";
import { button, heading, type Actions, type Screen } from "./screen";

export class CallScreen implements Screen {
  readonly root: HTMLElement;
  private readonly core = h("span", { class: "core" }, icon("wave"));
  private readonly orb = h(
    "div",
    { class: "orb", "aria-hidden": "true" },
    h("span", { class: "ring outer" }), h("span", { class: "ring inner" }), this.core,
  );
  private readonly title = heading("");
  private readonly text = h("p", { class: "state-text" });
  private readonly timer = h("p", { class: "timer" });
  private readonly ask: HTMLButtonElement;
  private readonly wish = h("p", { class: "wish", role: "status" });
  private readonly leaveNumber: HTMLButtonElement;
  private readonly transcript = new Transcript(true);
  private readonly input = h("input", {
    type: "text", class: "field", maxlength: 2000, autocomplete: "off", "aria-label": T.call.type, placeholder: T.call.type,
  });
  private readonly toggle: HTMLButtonElement;
  private readonly composer: HTMLFormElement;
  private facts: Facts | null = null;
  private areCaptionsShown = true;

  constructor(private readonly actions: Actions) {
    this.toggle = button("captions", "link", T.call.hideCaptions, () => this.toggleCaptions());
    this.ask = button("ask-person", "plain", T.person.ask, () => actions.askForPerson());
    this.leaveNumber = button("callback", "link", T.person.leaveNumber, () => actions.openCallback(true));
    const send = h("button", { type: "submit", class: "button primary send", "data-action": "send", "aria-label": T.call.send }, icon("send"));
    this.composer = h("form", { class: "composer", onsubmit: (event) => void this.submit(event) }, this.input, send);
    this.root = h(
      "section",
      { class: "screen call" },
      h("div", { class: "who" }, this.orb, h("div", { class: "state" }, this.title, this.text, this.timer, this.ask, this.wish, this.leaveNumber)),
      h("div", { class: "talk" }, this.toggle, this.transcript.root, this.composer),
    );
    window.setInterval(() => this.tick(), 1_000);
  }

  update(facts: Facts, shown: ShownState): void {
    this.facts = facts;
    const closer = facts.server?.closer?.name ?? "";
    // Between two legs: the conversation goes on, only its sound is elsewhere for a moment.
    const isBetween = shown === "connecting" && facts.startedAt !== null;
    const isBusy = shown === "handing_over" && facts.isBusy;
    const [title, text] = T.state[isBetween ? "between" : isBusy ? "busy" : shown] ?? [T.person.title(closer), T.person.text];
    say(this.title, title);
    say(this.text, this.explanation(facts, shown) || text);
    this.showWish(facts, shown);
    this.orb.dataset["show"] = shown;
    // What is typed reaches the assistant; a closer is spoken with.
    this.composer.hidden = shown === "handing_over" || shown === "human";
    this.showFace(shown === "human" ? closer.slice(0, 1).toUpperCase() : "");
    this.transcript.update(facts.captions);
    this.tick();
  }

  levels(prospect: number, agent: number): void {
    const strength = (value: number) => Math.min(1, Math.log10(1 + value) / 2).toFixed(2);
    this.orb.style.setProperty("--you", strength(prospect));
    this.orb.style.setProperty("--other", strength(agent));
  }

  private showFace(initial: string): void {
    if (this.core.textContent === initial && this.core.hasChildNodes()) return;
    this.core.replaceChildren(initial ? h("span", { class: "initial" }, initial) : icon("wave"));
  }

  private explanation({ server, isCallUp }: Facts, shown: ShownState): string {
    if (shown === "handing_over" && server?.closer && !server.busy) return T.person.joining(server.closer.name);
    if (server?.phase !== "assistant" || !isCallUp) return "";
    if (server.purpose === "callback") return T.person.arranging;
    return server.purpose === "returned" && shown === "listening" ? T.person.backText : "";
  }

  private showWish({ server, isCallUp, wish }: Facts, shown: ShownState): void {
    const isWithAssistant = server?.phase === "assistant" && server.purpose !== "callback" && isCallUp;
    const isAsking = wish === "asking";
    this.ask.hidden = !isWithAssistant || shown === "connecting" || wish === "called" || wish === "closed";
    this.ask.disabled = isAsking;
    say(this.ask, isAsking ? T.person.asking : T.person.ask);
    say(this.wish, isWithAssistant && (wish === "called" || wish === "closed" || wish === "failed") ? T.person[wish] : "");
    this.wish.classList.toggle("calling", wish === "called");
    this.leaveNumber.hidden = !isWithAssistant || wish !== "closed";
  }

  private tick(): void {
    if (!this.facts) return;
    const { waitingSince, startedAt } = this.facts;
    if (waitingSince !== null) say(this.timer, T.person.waiting(clock(Date.now() - waitingSince)));
    else say(this.timer, startedAt === null ? "" : clock(Date.now() - startedAt));
  }

  private async submit(event: Event): Promise<void> {
    event.preventDefault();
    const text = this.input.value;
    this.input.value = "";
    const isSent = await this.actions.send(text);
    if (!isSent && text.trim() && !this.input.value) this.input.value = text;
  }

  private toggleCaptions(): void {
    this.areCaptionsShown = !this.areCaptionsShown;
    this.transcript.root.hidden = !this.areCaptionsShown;
    say(this.toggle, this.areCaptionsShown ? T.call.hideCaptions : T.call.showCaptions);
  }
}
