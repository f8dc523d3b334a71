// The closer's line: which tab has the softphone, when it registers, what it may answer, what it measures.

import { Levels } from "../softphone/levels";
import { SoftphoneLock } from "../softphone/lock";
import { Measure } from "../softphone/measure";
import { forgetLogin, keepLogin, keptLogin, type Login } from "../softphone/login";
import { ownName } from "../softphone/page";
import type { Phone } from "../softphone/phone";
import { address, type Config, type Desk } from "./config";
import { post, Refused } from "./api";
import type { Microphone } from "./microphone";
import { PhonePanel } from "./phone-panel";
import { recall } from "./preferences";
import type { Sound } from "./sound";
import { toast } from "./toasts";
import { say } from "../shared/dom";
import { preloadLater } from "../shared/preload";
import type { CallStats } from "../shared/stats";

const QUALITY_EVERY_MS = 30_000;
const LOST_AFTER_MS = 6_000;
const TALKING = new Set(["seated", "bridging", "connected"]);
const ELSEWHERE = "The softphone is open in another tab.";
const LOST = "The call goes on, but its sound did not come back to this page. End it, then call the prospect back.";
const LOST_ON_RELOAD = "The call ended while this page was loading. Call the prospect back; your notes are kept.";
const ELSEWHERE_BUSY = "The softphone is in a call in another tab.";

/** What the server last said: the button that offers to stop is only there for who takes calls. */
const wantsCalls = (): boolean => document.querySelector("[data-availability=off]") !== null;

const NO_STATS: Partial<CallStats> = { packetsReceived: 0, totalAudioEnergy: 0 };

export class Line {
  readonly panel: PhonePanel;
  /** This page's name, once it is known. */
  page: string | null = null;
  private readonly named = ownName().then((name) => (this.page = name));
  private readonly lock: SoftphoneLock;
  private readonly levels: Levels;
  private readonly measure: Measure;
  private phone: Phone | null = null;
  private desk: Desk;
  private qualityTimer = 0;
  private lostTimer = 0;
  private hadCall = false;
  private streams: { remote: MediaStream | null; local: MediaStream | null } = { remote: null, local: null };
  private readonly status = document.getElementById("announced") as HTMLElement;

  constructor(
    private readonly config: Config,
    private readonly sound: Sound,
    private readonly microphone: Microphone,
    private readonly changed: () => void,
  ) {
    this.desk = config.desk;
    this.panel = new PhonePanel({
      mute: () => this.mute(),
      hold: () => void this.hold(),
      end: () => void this.end(),
    });
    this.levels = new Levels((remote, local) => this.panel.levels(remote, local));
    this.measure = new Measure(config.urls.hearing, {
      stats: async () => (await this.phone?.stats()) ?? null,
      report: (handoff, data) => void this.send(handoff, { kind: "handover", ...data }),
    });
    this.lock = new SoftphoneLock(config.closer.id, {
      gained: () => this.gained(),
      lost: () => this.lostLock(),
      elsewhere: (isInCall) => this.elsewhere(isInCall),
    });
    window.addEventListener("beforeunload", (event) => {
      if (this.hasCall) event.preventDefault();
    });
    document.querySelector("[data-sign-out]")?.addEventListener("submit", forgetLogin);
    window.agileadapt = { softphone: { stats: () => this.stats(), loudness: () => [...this.levels.remote] } };
  }

  get isOurs(): boolean {
    return this.lock.isOurs;
  }

  get isRegistered(): boolean {
    return this.isOurs && (this.phone?.isReady ?? false);
  }

  /** The login that calls ring on here; empty without one. */
  get username(): string {
    return this.isOurs ? (this.phone?.username ?? "") : "";
  }

  get isInCall(): boolean {
    return this.phone?.state === "in-call";
  }

  /** Others answer on a phone of their own. */
  private get hasSoftphone(): boolean {
    return this.config.closer.reached_by === "softphone";
  }

  private get hasCall(): boolean {
    return this.isInCall || this.phone?.state === "standby";
  }

  get state(): string {
    return this.phone?.state ?? "off";
  }

  /** Connect when this tab has the softphone and may hear the closer; with `ask`, ask for the microphone. */
  async connect({ ask }: { ask: boolean }): Promise<boolean> {
    if (!this.isOurs || !this.hasSoftphone) return false;
    const mayHear = this.microphone.isGranted || (ask && (await this.microphone.ask()));
    if (!mayHear) return false;
    const phone = await this.getPhone();
    await phone.start();
    return true;
  }

  /** The server's word on this closer's call: the only one that the phone may answer. */
  attend(desk: Desk): void {
    const wasTalking = TALKING.has(this.desk.state ?? "");
    const isJoined = desk.state === "connected" && this.desk.state !== "connected";
    if (desk.state === "queued" && this.desk.state !== "queued") toast(desk.says);
    if (desk.told && this.desk.handoff && !desk.handoff) toast(desk.told);
    this.desk = desk;
    if (isJoined && desk.handoff && typeof desk.joined_ms === "number") this.measure.joined(desk.handoff, desk.joined_ms);
    say(this.status, desk.says);
    if (!this.hasSoftphone) return;
    this.phone?.expect(desk.state === "wrap_up" ? null : desk.handoff, desk);
    if (desk.register) void this.registerAnew();
    clearTimeout(this.lostTimer);
    if (desk.state && TALKING.has(desk.state)) this.lostTimer = window.setTimeout(() => this.findCall(), LOST_AFTER_MS);
    else if (wasTalking && desk.state === "wrap_up" && this.isOurs && !this.hadCall) this.panel.notice(LOST_ON_RELOAD);
    else if (!this.hasCall && this.isOurs && desk.state !== "wrap_up") this.panel.notice("");
  }

  /** The login leads nowhere: take another one, now or when the phone is started. A call that stands keeps its own. */
  async registerAnew(): Promise<void> {
    if (!this.isOurs || !this.hasSoftphone || this.hasCall || TALKING.has(this.desk.state ?? "")) return;
    if (this.microphone.isGranted) await (await this.getPhone()).registerAnew();
    else forgetLogin();
  }

  mute(): void {
    if (this.hasCall) this.phone?.toggleMute();
  }

  async hold(): Promise<void> {
    if (!this.isInCall) return;
    try {
      await this.phone?.toggleHold();
    } catch {
      toast("The call could not be put on hold. Try again.", "danger");
    }
  }

  /** The server ends both sides; without it, at least our own phone hangs up. */
  async end(): Promise<void> {
    const { handoff, state } = this.desk;
    if (!handoff || !state || state === "wrap_up") return;
    try {
      await post(address(this.config.urls.hang_up, handoff));
    } catch (error) {
      this.phone?.hangUp();
      if (error instanceof Refused && error.code !== "gone") toast(error.message, "danger");
    }
  }

  useMicrophone(device: string): void {
    this.phone?.setMicrophone(device);
  }

  useSpeaker(device: string): void {
    this.phone?.setSpeaker(device);
    void this.sound.setSpeaker(device);
  }

  async stats(): Promise<Partial<CallStats>> {
    return (await this.phone?.stats()) ?? NO_STATS;
  }

  private gained(): void {
    this.panel.notice("");
    this.changed();
    if (wantsCalls() || this.desk.handoff) void this.connect({ ask: false });
  }

  private lostLock(): void {
    void this.phone?.stop();
    this.phone = null;
    this.panel.state("off");
    this.elsewhere(false);
    this.changed();
  }

  private elsewhere(isInCall: boolean): void {
    if (this.isOurs) return;
    if (isInCall) this.panel.notice(ELSEWHERE_BUSY);
    else this.panel.notice(ELSEWHERE, { label: "Use it here", run: () => this.lock.takeOver() });
  }

  private async getPhone(): Promise<Phone> {
    if (this.phone) return this.phone;
    preloadLater();
    const { Phone } = await import("../softphone/phone");
    this.phone ??= new Phone(
      {
        signalling: this.config,
        microphone: recall("microphone") ?? "",
        speaker: recall("speaker") ?? "",
        login: () => this.login(),
        renewed: () => this.ask({ renew: true }),
      },
      {
        state: (state) => this.onState(state),
        media: (remote, local) => void this.onMedia(remote, local),
        listening: (stream) => this.onListening(stream),
        controls: (isMuted, isHeld) => this.panel.controls(isMuted, isHeld),
        trouble: (words) => this.panel.notice(words),
        ended: (handoff, stats) => this.onEnded(handoff, stats),
      },
    );
    this.attend(this.desk);
    return this.phone;
  }

  /** The same login after a reload, because the line only gives a call back to the login that had it. */
  private async login(): Promise<Login> {
    await this.named; // A copy of another tab forgets that one's login.
    return keptLogin(this.config.closer.id) ?? this.ask();
  }

  private async ask(wish: { renew?: boolean } = {}): Promise<Login> {
    const told = await post(this.config.urls.softphone_login, { page: await this.named, ...wish });
    const [token, username] = [String(told["token"]), String(told["username"])];
    const login = { token, username, expiresAt: Date.parse(String(told["expires_at"])), isKept: false };
    keepLogin(this.config.closer.id, login);
    return login;
  }

  private onState(state: Phone["state"]): void {
    this.panel.state(state);
    this.lock.inCall(this.hasCall);
    clearInterval(this.qualityTimer);
    if (state === "in-call") this.qualityTimer = window.setInterval(() => void this.report(), QUALITY_EVERY_MS);
    this.changed();
  }

  private async onMedia(remote: MediaStream | null, local: MediaStream | null): Promise<void> {
    clearTimeout(this.lostTimer);
    this.hadCall = true;
    this.streams = { remote, local };
    if (!remote) {
      this.levels.stop();
      this.measure.stop();
      return;
    }
    this.panel.notice("");
    await this.sound.unlock();
    if (!this.sound.context) return;
    this.levels.start(this.sound.context, remote, local);
    this.measure.start(this.sound.context, remote, local);
    void this.stats(); // So that even a short call ends with something measured.
  }

  /** The meters show what is heard, the measurement only what the joined line carries. */
  private onListening(stream: MediaStream | null): void {
    const { remote, local } = this.streams;
    const heard = stream ?? remote;
    if (this.sound.context && heard) this.levels.start(this.sound.context, heard, local);
  }

  private onEnded(handoff: string | null, stats: CallStats | null): void {
    if (handoff && stats) void this.send(handoff, { when: "end", ...stats });
  }

  private async report(): Promise<void> {
    const stats = await this.phone?.stats();
    if (stats && this.desk.handoff) await this.send(this.desk.handoff, { when: "running", ...stats });
  }

  private async send(handoff: string, measured: object): Promise<void> {
    try {
      await post(address(this.config.urls.quality, handoff), measured);
    } catch {
      // A lost measurement must not disturb the call.
    }
  }

  /** The server says that we talk, but no call came back to this page, as after a reload. */
  private findCall(): void {
    if (this.hasCall || !this.desk.state || !TALKING.has(this.desk.state)) return;
    if (this.isOurs) this.panel.notice(LOST, { label: "End the call", run: () => void this.end() });
    else this.panel.notice(ELSEWHERE_BUSY);
  }
}

declare global {
  interface Window {
    agileadapt?: { softphone: { stats(): Promise<Partial<CallStats>>; loudness(): number[] } };
  }
}
