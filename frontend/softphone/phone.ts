// The closer's phone over @telnyx/webrtc. It answers the one call that the server says this closer accepted.

import { TelnyxRTC, type Call, type INotification } from "@telnyx/webrtc";

import { Renewal, TOKEN_EXPIRING_SOON } from "../shared/renewal";
import { clientOptions, opusFirst, type Signalling } from "../shared/signalling";
import { callStats, type CallStats } from "../shared/stats";
import { Ear, isEar, LISTENING_AUDIO_ID } from "./ear";
import { header, LIVE_STATES, OVER_STATES } from "./calls";
import { forgetLogin, type Login } from "./login";

export type PhoneState = "off" | "registering" | "ready" | "standby" | "in-call";

export interface PhoneOptions {
  signalling: Signalling;
  microphone: string;
  speaker: string;
  /** The login that this tab has kept, as over a reload, or else a fresh one. */
  login(): Promise<Login>;
  /** The login of a call that stands, with a later end. */
  renewed(): Promise<Login>;
}

export interface PhoneEvents {
  state(state: PhoneState): void;
  /** The call's sound is there, or gone again. */
  media(remote: MediaStream | null, local: MediaStream | null): void;
  /** What a waiting closer hears meanwhile; null when that is over. */
  listening(stream: MediaStream | null): void;
  controls(isMuted: boolean, isHeld: boolean): void;
  /** Plain words about something that keeps the phone from working; empty when it is over. */
  trouble(words: string): void;
  ended(handoff: string | null, stats: CallStats | null): void;
}

const HANDOFF_HEADER = "x-handoff-id";
const TICKET_HEADER = "x-session-ticket";
const PATIENCE_MS = 6_000; // the call may ring before the page is told that it may answer it
const OFFER_MS = 120_000; // as long as any ring on a dashboard
const RENEW_BEFORE_MS = 5 * 60_000;
const LONGEST_TIMER_MS = 2 ** 31 - 1;
const REMOTE_AUDIO_ID = "remote-audio";

// Codes of the SDK that a closer can do something about, or should at least understand.
// https://github.com/team-telnyx/webrtc/blob/main/packages/js/src/Modules/Verto/util/constants/errorCodes.ts
const TROUBLE: Record<number, string> = {
  42001: "The microphone is blocked, so the call has no sound from you.",
  42002: "No microphone was found.",
  42003: "The microphone could not be opened. Another program may be using it.",
  45003: "The phone line could not be reached again. Press Connect.",
  46001: "The phone line refused the login. Press Connect.",
  46002: "The phone line refused the login. Press Connect.",
  48001: "This computer is offline.",
  48501: "The call was lost while the connection was away.",
};
const REFUSED = new Set([46001, 46002, 46003]);
const FINAL = new Set([45003, ...REFUSED]);

export function handoffOf(call: Call): string | null {
  return header(call, HANDOFF_HEADER);
}

/** The assistant's own transfer rings here while the dashboard asks; it names a visit instead of a hand-over. */
function isAssistants(call: Call): boolean {
  return header(call, TICKET_HEADER) !== null && handoffOf(call) === null;
}

export class Phone {
  state: PhoneState = "off";
  private client: TelnyxRTC | null = null;
  private call: Call | null = null;
  private waiting: Call | null = null;
  private expected: string | null = null;
  private handoff: string | null = null;
  private lastStats: CallStats | null = null;
  private isRegistered = false;
  private isStarting = false;
  private login: Login | null = null;
  /** A login that is refused is replaced once; then the closer is told. */
  private mayTryAnew = true;
  private isAnewDue = false;
  private renewalTimer = 0;
  private readonly renewal: Renewal<Login>;
  private hadMedia = false;
  /** The line waits beside a call that somebody else holds; it leads nowhere, so its microphone is open. */
  private isStandby = false;
  /** A line of its own, on which the prospect is heard meanwhile. */
  private readonly ear: Ear;

  constructor(
    private readonly options: PhoneOptions,
    private readonly events: PhoneEvents,
  ) {
    this.renewal = new Renewal({
      client: () => (this.call ? this.client : null),
      login: () => this.options.renewed(),
    });
    this.ear = new Ear((stream) => this.events.listening(stream));
  }

  get isReady(): boolean {
    return this.isRegistered;
  }

  /** The login that calls ring on now; empty without one. */
  get username(): string {
    return this.isRegistered ? (this.login?.username ?? "") : "";
  }

  get isMuted(): boolean {
    return this.call?.isAudioMuted ?? false;
  }

  get isHeld(): boolean {
    return this.call?.state === "held";
  }

  async start(): Promise<void> {
    if (this.isStarting || this.isRegistered) return;
    this.isStarting = true;
    this.become("registering");
    try {
      await this.connect(this.use(await this.options.login()));
    } catch (error) {
      this.become("off");
      this.events.trouble(error instanceof Error ? error.message : "The phone line could not be reached. Press Connect.");
    } finally {
      this.isStarting = false;
    }
    const isAnewDue = this.isAnewDue && this.login?.isKept;
    this.isAnewDue = false;
    if (isAnewDue) await this.startAnew();
  }

  /** The login was rung and this page was not there: take a fresh one, unless one is just being taken. */
  async registerAnew(): Promise<void> {
    if (this.isStarting) this.isAnewDue = true;
    else if (!this.call) await this.startAnew();
  }

  async stop(): Promise<void> {
    clearTimeout(this.renewalTimer);
    const client = this.client;
    this.client = null;
    this.isRegistered = false;
    this.become("off");
    await client?.disconnect();
  }

  /** The hand-over that the server says this closer accepted; null when there is none. */
  expect(handoff: string | null, { standby }: { standby: boolean }): void {
    this.expected = handoff;
    this.isStandby = standby;
    if (!standby || !handoff) this.ear.close();
    this.heedStandby();
    const call = this.waiting;
    if (call && handoff && (handoffOf(call) === handoff || isAssistants(call))) this.answer(call);
  }

  toggleMute(): void {
    this.call?.toggleAudioMute();
    this.tellControls();
  }

  async toggleHold(): Promise<void> {
    await this.call?.toggleHold();
    this.tellControls();
  }

  hangUp(): void {
    void this.call?.hangup();
  }

  setMicrophone(device: string): void {
    this.options.microphone = device;
    if (device) void this.call?.setAudioInDevice(device);
  }

  setSpeaker(device: string): void {
    this.options.speaker = device;
    void this.useSpeaker();
  }

  async stats(): Promise<CallStats> {
    const stats = await callStats(this.call?.peer?.instance);
    if (this.call) this.lastStats = stats;
    return stats;
  }

  private async connect(login: Login): Promise<void> {
    // A reload keeps the call: the SDK leaves it standing and takes it up again with the same session.
    // https://github.com/team-telnyx/webrtc/blob/main/packages/js/docs/ts/interfaces/IClientOptions.md
    const options = { ...clientOptions(this.options.signalling), hangupOnBeforeUnload: false };
    const client = new TelnyxRTC({ ...options, login_token: login.token });
    this.client = client;
    // The session that this tab remembers belongs to its former login.
    if (!login.isKept) client.clearReconnectToken();
    client.remoteElement = REMOTE_AUDIO_ID;
    if (this.options.microphone) await client.setAudioSettings({ micId: this.options.microphone });
    client.on("telnyx.ready", () => this.mine(client, () => this.registered()));
    client.on("telnyx.notification", (note: INotification) => this.mine(client, () => this.notified(note)));
    client.on("telnyx.error", (event: unknown) => this.mine(client, () => this.troubled(event)));
    client.on("telnyx.warning", (event: unknown) => this.mine(client, () => this.warned(event)));
    client.on("telnyx.socket.close", () => this.mine(client, () => this.disconnected()));
    await client.connect();
  }

  /** A client that was replaced may still speak; it is not listened to. */
  private mine(client: TelnyxRTC, run: () => void): void {
    if (client === this.client) run();
  }

  private registered(): void {
    this.isRegistered = this.mayTryAnew = true;
    this.events.trouble("");
    this.become(this.call ? this.callState : "ready");
  }

  private disconnected(): void {
    this.isRegistered = false;
    if (!this.call) this.become("registering"); // The SDK reconnects by itself.
  }

  private troubled(event: unknown): void {
    const error = (event as { error?: { code?: number } } | null)?.error;
    const code = Number(error?.code ?? 0);
    const words = TROUBLE[code];
    if (REFUSED.has(code) && this.replaceLogin()) return;
    if (words) this.events.trouble(words);
    if (!FINAL.has(code)) return;
    forgetLogin(); // The next attempt must not be made with the same one.
    void this.stop();
  }

  /** A login ends, or is revoked while this page slept. False when there is nothing left to try. */
  private replaceLogin(): boolean {
    if (this.call) {
      void this.renew(); // When it is the renewal that was refused, it goes on by itself.
      return true;
    }
    if (!this.mayTryAnew) return false;
    this.mayTryAnew = false;
    void this.startAnew();
    return true;
  }

  private warned(event: unknown): void {
    const warning = (event as { warning?: { code?: number } } | null)?.warning;
    if (warning?.code === TOKEN_EXPIRING_SOON) void this.renew();
  }

  private notified(note: INotification): void {
    if (note.type !== "callUpdate" || !note.call) return;
    const call = note.call as unknown as Call;
    if (isEar(call)) {
      this.ear.follow(call, this.isStandby && this.call !== null ? this.expected : null);
      return;
    }
    if (OVER_STATES.has(call.state)) this.over(call);
    else if (call.state === "ringing") this.ringing(call);
    else if (LIVE_STATES.has(call.state)) this.live(call);
  }

  private ringing(call: Call): void {
    if (this.call || this.waiting?.id === call.id) return;
    const handoff = handoffOf(call);
    if (handoff && handoff === this.expected) {
      this.answer(call);
      return;
    }
    this.waiting = call;
    window.setTimeout(() => {
      if (this.waiting !== call) return;
      this.waiting = null;
      void call.hangup();
    }, isAssistants(call) ? OFFER_MS : PATIENCE_MS);
  }

  private answer(call: Call): void {
    this.waiting = null;
    this.call = call;
    this.handoff = handoffOf(call);
    call.options.preferred_codecs = opusFirst(); // `answer` takes them from here.
    void call.answer({});
  }

  /** Also reached by a call that was taken up again after a reload. */
  private live(call: Call): void {
    if (this.call && this.call.id !== call.id && this.call.id !== call.recoveredCallId) return;
    this.call = call;
    this.handoff = handoffOf(call) ?? this.handoff ?? this.expected;
    this.heedStandby();
    const remote = call.remoteStream ?? null;
    this.hadMedia = remote !== null;
    this.events.media(remote, call.localStream ?? null);
    void this.useSpeaker();
  }

  private over(call: Call): void {
    if (this.waiting?.id === call.id) this.waiting = null;
    if (this.call?.id !== call.id) return;
    const { handoff, lastStats } = this;
    this.call = this.handoff = this.lastStats = null;
    if (this.hadMedia) this.events.media(null, null);
    this.hadMedia = false;
    this.ear.close();
    this.become(this.isRegistered ? "ready" : "registering");
    this.events.ended(handoff, lastStats);
  }

  private get callState(): PhoneState {
    return this.isStandby ? "standby" : "in-call";
  }

  private heedStandby(): void {
    if (!this.call || !LIVE_STATES.has(this.call.state)) return;
    this.become(this.callState);
    this.tellControls();
  }

  private tellControls(): void {
    this.events.controls(this.isMuted, this.isHeld);
  }

  private async useSpeaker(): Promise<void> {
    for (const id of [REMOTE_AUDIO_ID, LISTENING_AUDIO_ID]) {
      const audio = document.getElementById(id) as (HTMLAudioElement & { setSinkId?(id: string): Promise<void> }) | null;
      if (this.options.speaker || audio?.srcObject) await audio?.setSinkId?.(this.options.speaker).catch(() => undefined);
    }
  }

  private use(login: Login): Login {
    this.login = login;
    clearTimeout(this.renewalTimer);
    const wait = Math.min(LONGEST_TIMER_MS, Math.max(30_000, login.expiresAt - Date.now() - RENEW_BEFORE_MS));
    this.renewalTimer = window.setTimeout(() => void this.renew(), wait);
    return login;
  }

  /** A call goes on in its session; without one a fresh session is the surer way. */
  private async renew(): Promise<void> {
    if (!this.call) {
      if (!this.waiting) await this.startAnew();
      return;
    }
    const login = await this.renewal.run();
    if (login) this.use(login);
  }

  private async startAnew(): Promise<void> {
    forgetLogin(); // Nor may it come back when no other one can be had at the moment.
    this.login = null;
    await this.stop();
    await this.start();
  }

  private become(state: PhoneState): void {
    if (this.state === state) return;
    this.state = state;
    this.events.state(state);
  }
}
