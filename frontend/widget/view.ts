// The widget's frame: shows one screen, the notices above it and the call controls below it.

import { h, say } from "../shared/dom";
import type { WidgetConfig } from "./config";
import type { Controller } from "./controller";
import { shownState, type Facts, type Notice, type ShownState } from "./facts";
import { icon } from "./icons";
import { T } from "./messages";
import { CallScreen } from "./screens/call";
import { CallbackScreen } from "./screens/callback";
import { callingScreen } from "./screens/calling";
import { consentScreen } from "./screens/consent";
import { endedScreen, problemScreen } from "./screens/ended";
import { MicrophoneScreen } from "./screens/microphone";
import { readyScreen } from "./screens/ready";
import { button, type Screen } from "./screens/screen";

/** The most urgent one is shown; the others wait behind it. */
const NOTICES: readonly [Notice, string][] = [
  ["otherTab", T.ready.otherTab],
  ["offline", T.notice.offline],
  ["reconnecting", T.notice.reconnecting],
  ["behind", T.notice.reconnecting],
  ["busy", T.notice.busy],
  ["microphoneLost", T.notice.microphoneLost],
  ["sound", T.notice.sound],
  ["undelivered", T.call.undelivered],
  ["unread", T.call.unread],
  ["quiet", T.notice.quiet],
  ["poor", T.notice.poor],
  ["chat", T.notice.chat],
];

/** The second click of a double-click lands on whatever the first one brought under the pointer. */
function onlyFirstClick(event: MouseEvent): void {
  if (event.detail < 2) return;
  event.preventDefault();
  event.stopPropagation();
}

export class View {
  readonly parts: readonly HTMLElement[];
  private readonly stage = h("div", { class: "stage" });
  private readonly call: CallScreen;
  private readonly microphone: MicrophoneScreen;
  private readonly screens: Record<string, Screen>;
  private readonly status = h("p", { class: "visually-hidden", role: "status" });
  private readonly noticeText = h("span", {});
  private readonly noticeAction: HTMLButtonElement;
  private readonly notice: HTMLElement;
  private readonly mute: HTMLButtonElement;
  private readonly muteLabel = h("span", {}, T.call.mute);
  private readonly bar: HTMLElement;
  private current: Screen | null = null;
  private shownNotice: Notice | null = null;

  constructor(
    private readonly actions: Controller,
    config: WidgetConfig,
  ) {
    this.call = new CallScreen(actions);
    this.microphone = new MicrophoneScreen(actions);
    this.screens = {
      ready: readyScreen(() => actions.start(), config.company),
      consent: consentScreen(actions, config.consent),
      microphone: this.microphone,
      callback: new CallbackScreen(actions),
      calling: callingScreen(actions),
      ended: endedScreen(actions),
      error: problemScreen(actions),
    };
    this.noticeAction = button("notice", "small", "", () => this.runNotice());
    this.notice = h("div", { class: "notice", role: "status", hidden: true }, this.noticeText, this.noticeAction);
    this.mute = button("mute", "plain round", icon("microphone"), () => actions.mute());
    this.mute.append(this.muteLabel);
    const hangUp = button("hangup", "danger round", icon("hangUp"), () => actions.hangUp());
    hangUp.append(h("span", {}, T.call.hangUp));
    this.bar = h("div", { class: "bar", role: "group", "aria-label": T.call.label, hidden: true }, this.mute, hangUp);
    this.parts = [this.notice, this.stage, this.bar, this.status];
    for (const part of this.parts) part.addEventListener("click", onlyFirstClick, { capture: true });
  }

  render(facts: Facts): ShownState {
    const shown = shownState(facts);
    const screen = this.screens[shown] ?? this.call;
    screen.update(facts, shown);
    if (screen !== this.current) this.show(screen);
    this.showNotice(facts);
    this.showBar(facts);
    this.announce(facts, shown);
    return shown;
  }

  levels(prospect: number, agent: number): void {
    if (this.current === this.microphone) this.microphone.level(prospect);
    if (this.current === this.call) this.call.levels(prospect, agent);
  }

  private show(screen: Screen): void {
    const isFirst = this.current === null;
    this.current = screen;
    this.stage.replaceChildren(screen.root);
    if (!isFirst) screen.root.querySelector<HTMLElement>("h1")?.focus({ preventScroll: true });
  }

  private showNotice({ notices, server }: Facts): void {
    // What is said of the assistant is of no use with a person.
    const isShown = (name: Notice) => notices.has(name) && (name !== "unread" || server?.phase === "assistant");
    const [kind, text] = NOTICES.find(([name]) => isShown(name)) ?? [null, ""];
    this.shownNotice = kind;
    this.notice.hidden = kind === null;
    this.notice.classList.toggle("calm", kind === "chat" || kind === "unread");
    say(this.noticeText, text);
    const action = kind === "microphoneLost" ? T.notice.microphoneAgain : kind === "sound" ? T.notice.soundOn : "";
    this.noticeAction.hidden = action === "";
    say(this.noticeAction, action);
  }

  private runNotice(): void {
    if (this.shownNotice === "sound") void this.actions.soundOn();
    else void this.actions.microphoneAgain();
  }

  private showBar(facts: Facts): void {
    this.bar.hidden = facts.stage !== "live" || facts.calling !== null || (facts.callbackDueAt !== null && !facts.isCallUp);
    this.mute.hidden = !facts.hasVoice;
    this.mute.setAttribute("aria-pressed", String(facts.isMuted));
    say(this.muteLabel, facts.isMuted ? T.call.unmute : T.call.mute);
    this.mute.firstElementChild?.replaceWith(icon(facts.isMuted ? "microphoneOff" : "microphone"));
  }

  /** Only turning points: reading out every "listening" would talk over the assistant. */
  private announce(facts: Facts, shown: ShownState): void {
    const closer = facts.server?.closer?.name ?? "";
    if (shown === "handing_over" && facts.isBusy) say(this.status, T.state["busy"]![0]);
    else if (shown === "connecting" || shown === "handing_over") say(this.status, T.state[shown]![0]);
    else if (shown === "human") say(this.status, T.person.joined(closer));
    else if (shown === "calling") say(this.status, T.calling.title(facts.calling?.closer ?? ""));
    else if (facts.server?.purpose === "returned") say(this.status, T.person.backText);
    else if (facts.server?.purpose === "callback") say(this.status, T.person.arranging);
    else if (facts.isMuted) say(this.status, T.call.muted);
    else say(this.status, "");
  }
}
