// Whether calls can ring here: what is proven, the one-click fix of each thing, taking calls, and being back.

import { post, Refused } from "./api";
import type { Config } from "./config";
import type { Line } from "./line";
import { MICROPHONE_HELP, type Microphone } from "./microphone";
import { Readiness, type Check, type Checks } from "./readiness";
import type { LiveSocket } from "./socket";
import type { Sound } from "./sound";
import { toast } from "./toasts";

export interface Tools {
  line: Line;
  sound: Sound;
  microphone: Microphone;
  socket: LiveSocket;
}

/** Whoever refused them for good is not asked again. */
const mayNotify = (): boolean => "Notification" in window && Notification.permission !== "denied";

export class Duty {
  private readonly readiness = new Readiness((name) => void this.fix(name));
  private lastProof = "";

  constructor(
    private readonly config: Config,
    private readonly tools: Tools,
  ) {}

  /** Show what is proven, and tell the server when it changed; true when it did. */
  show(): boolean {
    const now = this.checks();
    this.readiness.show(now);
    const { line } = this.tools;
    const proof = JSON.stringify([line.isOurs, line.username, Object.values(now).map((check) => check.isGood)]);
    if (proof === this.lastProof) return false;
    this.lastProof = proof;
    this.present();
    return true;
  }

  /** What this page can prove. Only the tab that has the softphone speaks for the closer; true when it did. */
  present(): boolean {
    const { line, microphone, sound, socket } = this.tools;
    if (!line.isOurs) return false;
    const proven = { softphone: line.isRegistered, microphone: microphone.isGranted, sound: sound.isUnlocked };
    socket.send({ type: "presence", ...proven, page: line.page, username: line.username });
    return true;
  }

  async setAvailable(available: boolean): Promise<void> {
    if (available && !(await this.prepare())) return;
    await this.ask(this.config.urls.availability, { available });
  }

  /** After a missed ring: everything is made ready again, then the server is told. */
  async back(): Promise<void> {
    if (!document.querySelector("[data-back]") || !(await this.prepare())) return;
    await this.ask(this.config.urls.back);
  }

  /** One click does it all: sound, microphone, phone line. False when the microphone cannot be had. */
  private async prepare(): Promise<boolean> {
    const { line, microphone, sound } = this.tools;
    await sound.unlock();
    if (!this.hasSoftphone) return true;
    await line.connect({ ask: true });
    if (!line.isOurs || microphone.isGranted) return true;
    toast(MICROPHONE_HELP[microphone.state], "danger");
    return false;
  }

  /** Others answer on a phone of their own. */
  private get hasSoftphone(): boolean {
    return this.config.closer.reached_by === "softphone";
  }

  private async fix(name: keyof Checks): Promise<void> {
    const { line, microphone, sound, socket } = this.tools;
    if (name === "sound") await sound.unlock();
    else if (name === "socket") socket.hurry();
    else if (name === "microphone") await microphone.ask();
    else if (name === "notifications") await Notification.requestPermission();
    else await line.connect({ ask: true });
    this.show();
  }

  private checks(): Checks {
    const { sound, socket } = this.tools;
    return {
      sound: { isGood: sound.isUnlocked, text: sound.isUnlocked ? "On" : "Off: you would not hear the ring", canFix: true },
      ...(this.hasSoftphone ? { microphone: this.microphone(), softphone: this.softphone() } : {}),
      socket: { isGood: socket.isOpen, text: socket.isOpen ? "Live" : "Reconnecting…", canFix: true },
      ...(mayNotify() ? { notifications: this.notifications() } : {}),
    };
  }

  private microphone(): Check {
    const { state, isGranted } = this.tools.microphone;
    return { isGood: isGranted, text: MICROPHONE_HELP[state], canFix: state !== "insecure" };
  }

  private softphone(): Check {
    const { isOurs, isRegistered, state } = this.tools.line;
    if (!isOurs) return { isGood: false, text: "In another tab", canFix: false };
    const text = isRegistered ? "Connected" : state === "registering" ? "Connecting…" : "Not connected";
    return { isGood: isRegistered, text, canFix: state === "off" };
  }

  /** Good to have, but no call waits for it. */
  private notifications(): Check {
    const isGood = Notification.permission === "granted";
    return { isGood, text: isGood ? "On" : "Off: a hidden page rings by sound alone", canFix: true, isOptional: true };
  }

  private async ask(url: string, body: object = {}): Promise<void> {
    try {
      await post(url, body);
    } catch (error) {
      toast(error instanceof Refused ? error.message : "That did not work. Try again.", "danger");
    }
  }
}
