// Carry the visitor from the button to the end of the conversation, as the server tells it.

import { Api, ApiError, type CallbackRequest } from "./api";
import { customHeaders, type WidgetConfig } from "./config";
import type { Login } from "./engine";
import { AT_REST, shownState, type Facts, type Notice } from "./facts";
import { Latencies } from "./latency";
import { leaveMark } from "./left_mark";
import { CallLine, loadEngine, type LineEvents } from "./line";
import { T } from "./messages";
import { MICROPHONE_CODES, type MicrophoneProblem } from "./microphone";
import { claimCall } from "./one_call";
import { tokenProblem } from "./problems";
import { ProspectSocket, type ServerState } from "./socket";
import { Rejoin } from "./rejoin";
import { Sound } from "./sound";
import { Talk } from "./talk";
import { vadOptions, type VadEvent } from "./vad";

const SERVER_WORD_MS = 8_000;
const QUIET_MS = 12_000;

/** The element behind the controller: its markup, its loudspeaker, its events. */
export interface Surface {
  readonly speaker: HTMLAudioElement;
  attribute(name: string): string | null;
  render(facts: Facts): void;
  levels(prospect: number, agent: number): void;
  bind(sessionId: string): void;
  emit(name: string, detail: object): void;
}

export class Controller {
  facts: Facts = { ...AT_REST };
  sound: Sound | null = null;
  readonly line: CallLine;
  private readonly rejoin: Rejoin;
  private api: Api;
  private socket: ProspectSocket | null = null;
  private readonly talk: Talk;
  private release: (() => void) | null = null;
  private isClaiming = false;
  private isAnonymousLeg = false;
  private unreported: MicrophoneProblem | null = null;
  private visit = 0;
  private readonly latencies = new Latencies();

  constructor(
    private readonly config: WidgetConfig,
    private readonly surface: Surface,
  ) {
    this.api = new Api(config.urls);
    this.talk = new Talk({
      show: (captions) => this.set({ captions }),
      item: (item) => this.surface.emit("transcript.item", item),
    });
    this.line = new CallLine(this.lineEvents());
    this.rejoin = new Rejoin(this.line, {
      api: () => this.api,
      isWanted: () => this.isRejoinWanted(),
      place: async (token) => {
        this.set({ isCallUp: false });
        await this.place({ token });
      },
    });
    window.addEventListener("pagehide", () => this.pageHidden());
    window.addEventListener("offline", () => this.notice("offline", this.facts.stage === "live"));
    window.addEventListener("online", () => this.notice("offline", false));
  }

  // What the visitor does

  async start(): Promise<void> {
    if (this.isClaiming) return; // a second click would find the lock of the first one taken
    this.isClaiming = true;
    this.release ??= await claimCall();
    this.isClaiming = false;
    this.notice("otherTab", this.release === null);
    if (!this.release) return;
    void loadEngine().catch(() => undefined); // only to have it early; a failure shows when it is needed
    this.set({ stage: "consent" });
  }

  cancel(): void {
    this.visit += 1;
    this.letGo();
    this.set({ ...AT_REST });
  }

  async agree(hasVoice: boolean): Promise<void> {
    this.sound ??= this.newSound();
    this.set({ hasVoice, microphoneProblem: null, isCallbackOpen: false });
    if (hasVoice) await this.checkMicrophone();
    else await this.join();
  }

  mute(): void {
    const isMuted = !this.facts.isMuted;
    this.line.mute(isMuted);
    this.sound?.ears.mute(isMuted);
    this.surface.emit("agent.audio.mute", { muted: isMuted });
    this.set({ isMuted });
  }

  async send(text: string): Promise<boolean> {
    const isDirect = this.isAnonymousLeg && this.line.isUp;
    try {
      const isSent = await this.talk.type(text, (message) => (isDirect ? this.line.send(message) : this.api.message(message)));
      this.notice("undelivered", false);
      return isSent;
    } catch {
      this.notice("undelivered", true); // whatever the reason, the visitor can only try again
      return false;
    }
  }

  hangUp(): void {
    this.finish({ wasLost: false });
  }

  openCallback(isOpen: boolean): void {
    this.set({ isCallbackOpen: isOpen });
  }

  closeCallback(): void {
    this.openCallback(false);
    if (this.facts.stage === "live") this.hangUp();
    else if (this.facts.stage !== "over") this.cancel();
  }

  /** True when the promise stands. Works before any call as well: the session is made for it. */
  async requestCallback(request: CallbackRequest): Promise<boolean> {
    try {
      if (!this.api.session) await this.newSession({ call: false });
      this.set({ callbackDueAt: await this.api.callback(request), isCallbackOpen: true });
      if (this.facts.stage !== "live") this.api.leave(); // no call follows that would end the visit
      return true;
    } catch (error) {
      if (error instanceof ApiError) return false;
      throw error;
    }
  }

  /** A new conversation, from the consent on. */
  async again(): Promise<void> {
    this.cancel();
    this.api = new Api(this.config.urls);
    this.talk.forget();
    await this.start();
  }

  /** The same conversation that did not come about; its consent stands. */
  async retry(): Promise<void> {
    const { hasVoice } = this.facts;
    await this.again();
    if (this.facts.stage === "consent") await this.agree(hasVoice);
  }

  async microphoneAgain(): Promise<void> {
    if (!this.sound || (await this.sound.openMicrophone())) return; // the notice stays while there is none
    await this.line.replaceMicrophone(this.sound.outgoing());
    this.line.mute(this.facts.isMuted);
  }

  async soundOn(): Promise<void> {
    if (this.sound) this.notice("sound", !(await this.sound.unlock()));
  }

  // From consent to the call

  private async checkMicrophone(): Promise<void> {
    const { visit, sound } = this;
    const isOver = () => visit !== this.visit || this.facts.stage !== "microphone";
    this.set({ stage: "microphone", isMicrophoneOpen: false });
    const problem = await sound!.openMicrophone();
    if (isOver()) return;
    if (problem) {
      this.unreported = problem; // no session to report it to exists yet
      this.surface.emit("agent.error", { code: MICROPHONE_CODES[problem], problem });
      this.set({ microphoneProblem: problem });
      return;
    }
    this.set({ isMicrophoneOpen: true });
    await sound!.waitToBeHeard();
    if (!isOver()) await this.join();
  }

  private async join(): Promise<void> {
    const visit = this.visit;
    this.set({ stage: "live", problem: null, isCallUp: false, startedAt: null, server: null });
    this.notice("chat", !this.facts.hasVoice);
    try {
      const login = await this.newSession();
      if (visit !== this.visit) {
        this.api.leave(); // hung up before there was a session to say goodbye to
        return;
      }
      this.reportMicrophone();
      this.openSocket();
      await this.place(login);
    } catch (error) {
      if (visit === this.visit) this.failed(error);
    }
  }

  private async newSession({ call = true } = {}): Promise<Login> {
    const { version, recording } = this.config.consent;
    this.api = new Api(this.config.urls);
    const { credentials, session } = await this.api.token(this.config.slug, { version, recording }, { call });
    this.surface.bind(session.id);
    return credentials ? { token: credentials.token } : { assistantId: this.surface.attribute("agent-id") ?? this.config.assistant_id };
  }

  private async place(login: Login): Promise<void> {
    this.isAnonymousLeg = "assistantId" in login;
    const { signalling_host: host, ice_servers: iceServers, region, destination } = this.config;
    const headers = customHeaders(this.surface.attribute("call-custom-headers"));
    if (this.api.session) headers.push({ name: "X-Session-Ticket", value: this.api.session.ticket });
    const callerName = this.surface.attribute("call-caller-name") ?? "";
    const dial = { destination, callerName, headers, stream: this.sound!.outgoing(), speaker: this.surface.speaker };
    await this.line.place({ login, host, iceServers, region }, dial);
  }

  private openSocket(): void {
    this.socket?.close();
    this.socket = new ProspectSocket(this.config.urls.socket, this.api.session!.token, {
      state: (state) => this.told(state),
      open: (isOpen) => this.notice("behind", !isOpen && this.facts.stage === "live"),
      refused: () => this.fail({ text: T.problem.session, reference: "4401", canRetry: true }),
    });
  }

  // What the server says

  private told(state: ServerState): void {
    const before = this.facts.server?.phase;
    this.talk.turns(state.turns);
    if (state.phase === "human" && before !== "human") this.talk.joined(state.closer?.name ?? "");
    const isWaiting = state.phase === "handing_over";
    const waitingSince = isWaiting ? (this.facts.waitingSince ?? Date.now()) : null;
    this.set({ server: state, waitingSince, callbackDueAt: state.callback?.due_at ?? this.facts.callbackDueAt });
    // Somebody may be filling the form in when the server closes the call behind it.
    const keepsForm = before === "callback" && this.facts.callbackDueAt === null;
    if (state.phase === "ended") this.finish({ wasLost: false, isCallbackOpen: keepsForm });
    else if (state.rejoin) this.rejoin.consider();
  }

  private isRejoinWanted(): boolean {
    return this.facts.stage === "live" && this.facts.server?.rejoin === true;
  }

  // What the call says

  private lineEvents(): LineEvents {
    return {
      ready: (where) => this.surface.emit("agent.connected", where),
      up: (callControlId) => this.up(callControlId),
      remote: (stream) => void this.sound?.play(stream).then((isPlaying) => this.notice("sound", !isPlaying)),
      down: (reason) => this.down(reason),
      failed: (code) => this.notUp(code),
      error: (code) => {
        this.api.report("error", { code });
        this.surface.emit("agent.error", { code });
      },
      frame: (frame) => this.talk.frame(frame),
      health: ({ isPoor, isReconnecting }) => {
        this.notice("poor", isPoor && !isReconnecting);
        this.notice("reconnecting", isReconnecting);
      },
    };
  }

  private up(callControlId: string): void {
    this.rejoin.succeeded();
    this.line.mute(this.facts.isMuted);
    this.set({ isCallUp: true, startedAt: this.facts.startedAt ?? Date.now() });
    this.surface.emit("conversation.update", { call: { state: "active" } });
    if (this.isAnonymousLeg && callControlId) this.api.claim(callControlId).catch(() => undefined); // webhooks bind it as well
    if (this.facts.hasVoice) this.warnWhenNotHeard();
  }

  private warnWhenNotHeard(): void {
    const visit = this.visit;
    window.setTimeout(() => {
      if (visit === this.visit) this.notice("quiet", !this.facts.isHeard && !this.facts.isMuted && this.line.isUp);
    }, QUIET_MS);
  }

  private down(reason: string): void {
    const visit = this.visit;
    this.set({ isCallUp: false });
    this.surface.emit("conversation.update", { call: { state: "ended", cause: reason } });
    this.rejoin.consider();
    // The leg is gone; whether a person follows, a form or the end is the server's to say. Silence means the end.
    window.setTimeout(() => {
      const phase = this.facts.server?.phase;
      const isAwaited = phase === "handing_over" || phase === "callback" || this.line.isUp || this.line.isPlacing;
      if (visit === this.visit && !isAwaited) this.finish({ wasLost: true });
    }, SERVER_WORD_MS);
  }

  private notUp(code: number): void {
    this.api.report("error", { code, stage: "placing" });
    if (this.isRejoinWanted()) this.rejoin.failed();
    else this.fail({ text: T.problem.call, reference: code ? String(code) : "", canRetry: true });
  }

  // Measuring and showing

  private newSound(): Sound {
    return new Sound(vadOptions(this.surface.attribute("vad")), this.surface.speaker, {
      vad: (event) => this.heard(event),
      levels: (prospect, agent) => this.surface.levels(prospect, agent),
      microphone: (isLost) => this.notice("microphoneLost", isLost),
      heard: () => {
        this.notice("quiet", false);
        this.set({ isHeard: true });
      },
    });
  }

  private heard(event: VadEvent): void {
    if (event.type !== "state") {
      this.surface.emit(`conversation.${event.type}`, { at: event.at });
      return;
    }
    if (!this.line.isUp || this.facts.server?.phase === "human") return;
    this.surface.emit("conversation.agent.state", this.latencies.take(event));
    this.set({ agent: event.state });
  }

  private notice(notice: Notice, isOn: boolean): void {
    if (this.facts.notices.has(notice) === isOn) return;
    const notices = new Set(this.facts.notices);
    if (isOn) notices.add(notice);
    else notices.delete(notice);
    this.set({ notices });
  }

  private set(patch: Partial<Facts>): void {
    this.facts = { ...this.facts, ...patch };
    this.surface.render(this.facts);
  }

  // The end

  private failed(error: unknown): void {
    if (!(error instanceof ApiError)) throw error;
    this.fail(tokenProblem(error));
  }

  private fail(problem: NonNullable<Facts["problem"]>): void {
    this.visit += 1;
    this.letGo();
    this.set({ stage: "failed", problem, isCallUp: false });
  }

  private finish({ wasLost, isCallbackOpen = false }: { wasLost: boolean; isCallbackOpen?: boolean }): void {
    if (this.facts.stage === "over") return;
    this.visit += 1;
    void this.sayGoodbye();
    const { startedAt } = this.facts;
    this.surface.emit("agent.disconnected", { wasLost });
    this.letGo();
    const talkedMs = startedAt ? Date.now() - startedAt : 0;
    this.set({ stage: "over", isCallUp: false, talkedMs, wasLost, isCallbackOpen, notices: new Set() });
  }

  private async sayGoodbye(): Promise<void> {
    const { api } = this;
    this.latencies.report(api);
    const stats = await this.line.stats();
    if (stats) api.report("media", { ...stats });
    api.leave();
  }

  private letGo(): void {
    this.rejoin.forget();
    void this.line.close();
    this.socket?.close();
    this.socket = null;
    this.sound?.close();
    this.sound = null;
    this.release?.();
    this.release = null;
  }

  private reportMicrophone(): void {
    const problem = this.unreported;
    if (problem) this.api.report("error", { code: MICROPHONE_CODES[problem], problem });
    this.unreported = null;
  }

  private pageHidden(): void {
    const isLeaving = this.facts.stage === "live" && shownState(this.facts) !== "callback";
    if (!isLeaving) return;
    leaveMark();
    this.api.leave(); // now: nothing that waits is certain to happen any more
    this.finish({ wasLost: false });
  }
}
