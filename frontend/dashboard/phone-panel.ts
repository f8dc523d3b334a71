// The softphone's place on the page: state, meters, mute, hold and end. Shows; the phone itself decides.

import type { PhoneState } from "../softphone/phone";

const WORDS: Record<PhoneState, string> = {
  off: "Off",
  registering: "Connecting…",
  ready: "Ready to ring",
  standby: "Standby, nobody hears you",
  "in-call": "In a call",
};
// RMS of speech is small beside full scale; this makes ordinary talk reach about two thirds of the meter.
const METER_GAIN = 2.2;

export interface PanelEvents {
  mute(): void;
  hold(): void;
  end(): void;
}

/** What a notice offers to do about itself. */
export interface Remedy {
  label: string;
  run(): void;
}

export class PhonePanel {
  private readonly root = document.getElementById("phone") as HTMLElement;
  private readonly remote = document.getElementById("meter-remote") as HTMLMeterElement;
  private remedy: Remedy | null = null;
  private readonly local = document.getElementById("meter-local") as HTMLMeterElement;

  constructor(events: PanelEvents) {
    this.root.addEventListener("click", (event) => {
      const target = event.target instanceof Element ? event.target : null;
      const control = target?.closest<HTMLElement>("[data-call]")?.dataset["call"];
      if (control === "mute") events.mute();
      else if (control === "hold") events.hold();
      else if (control === "end") events.end();
      else if (target?.closest("[data-phone-fix]")) this.remedy?.run();
    });
  }

  state(state: PhoneState): void {
    document.body.dataset["softphone"] = state;
    this.text("[data-phone-text]", WORDS[state]);
    const controls = this.root.querySelector<HTMLElement>("[data-call-controls]");
    if (controls) controls.hidden = state !== "in-call" && state !== "standby";
  }

  controls(isMuted: boolean, isHeld: boolean): void {
    this.press("mute", isMuted, isMuted ? "Unmute" : "Mute", isMuted ? "#i-mic-off" : "#i-mic");
    this.press("hold", isHeld, isHeld ? "Resume" : "Hold", isHeld ? "#i-play" : "#i-hold");
  }

  levels(remote: number, local: number): void {
    this.remote.value = Math.min(100, remote * METER_GAIN);
    this.local.value = Math.min(100, local * METER_GAIN);
  }

  notice(words: string, remedy: Remedy | null = null): void {
    const line = this.root.querySelector<HTMLElement>("[data-phone-notice]");
    const button = this.root.querySelector<HTMLElement>("[data-phone-fix]");
    if (!line || !button) return;
    this.remedy = remedy;
    line.hidden = words === "";
    this.text("[data-phone-notice-text]", words);
    button.hidden = remedy === null;
    button.textContent = remedy?.label ?? "";
  }

  private press(name: string, isOn: boolean, label: string, icon: string): void {
    const button = this.root.querySelector<HTMLElement>(`[data-call=${name}]`);
    button?.setAttribute("aria-pressed", String(isOn));
    button?.querySelector("use")?.setAttribute("href", icon);
    const words = button?.querySelector("[data-call-label]");
    if (words) words.textContent = label;
  }

  private text(selector: string, words: string): void {
    const element = this.root.querySelector(selector);
    if (element && element.textContent !== words) element.textContent = words;
  }
}
