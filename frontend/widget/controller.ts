// Carry the visitor from the button to the end of the conversation, as the server tells it.

import { ApiError, type CallbackRequest } from "./api";
import type { WidgetConfig } from "./config";
import { AT_REST, shownState, type Facts } from "./facts";
import { Hearing } from "./hearing";
import { leaveMark } from "./left_mark";
import { loadEngine, type LineEvents } from "./line";
import { T } from "./messages";
import { claimCall } from "./one_call";
import { tokenProblem } from "./problems";
import type { ServerState, SocketEvents } from "./socket";
import { Store } from "./store";
import type { Surface } from "./surface";
import { Talk } from "./talk";
import { Visit } from "./visit";

const SERVER_WORD_MS = 8_000;
const QUIET_MS = 12_000;

export class Controller {
  readonly hearing: Hearing;
  readonly visit: Visit;
  private readonly store: Store;
  private readonly talk: Talk;
  private release: (() => void) | null = null;
  private isClaiming = false;
  /** Counted up when a way to a call is given up, so that what is still under way can tell. */
  private round = 0;

  constructor(
    config: WidgetConfig,
    private readonly surface: Surface,
  ) {
    this.store = new Store((facts) => surface.render(facts));
    this.hearing = new Hearing(this.store, surface, () => this.visit.line.isUp && this.facts.server?.phase !== "human");
    this.talk = new Talk({
      show: (captions) => this.store.set({ captions }),
      item: (item) => surface.emit("transcript.item", item),
    });
    this.visit = new Visit(config, surface, {
      line: this.lineEvents(),
      socket: this.socketEvents(),
      outgoing: () => this.hearing.open().outgoing(),
      isRejoinWanted: () => this.facts.stage === "live" && this.facts.server?.rejoin === true,
      rejoining: () => this.store.set({ isCallUp: false }),
    });
    window.addEventListener("pagehide", () => this.pageHidden());
    window.addEventListener("offline", () => this.store.notice("offline", this.facts.stage === "live"));
    window.addEventListener("online", () => this.store.notice("offline", false));
  }

  get facts(): Facts {
    return this.store.facts;
  }

  // What the visitor does

  async start(): Promise<void> {
    if (this.isClaiming) return; // a second click would find the lock of the first one taken
    this.isClaiming = true;
    this.release ??= await claimCall();
    this.isClaiming = false;
    this.store.notice("otherTab", this.release === null);
    if (!this.release) return;
    void loadEngine().catch(() => undefined); // only to have it early; a failure shows when it is needed
    this.store.set({ stage: "consent" });
  }

  cancel(): void {
    this.round += 1;
    this.letGo();
    this.store.set({ ...AT_REST });
  }

  async agree(hasVoice: boolean): Promise<void> {
    this.hearing.open();
    this.store.set({ hasVoice, microphoneProblem: null, isCallbackOpen: false });
    if (hasVoice) await this.checkMicrophone();
    else await this.join();
  }

  mute(): void {
    const isMuted = !this.facts.isMuted;
    this.visit.line.mute(isMuted);
    this.hearing.mute(isMuted);
    this.surface.emit("agent.audio.mute", { muted: isMuted });
    this.store.set({ isMuted });
  }

  async send(text: string): Promise<boolean> {
    const isDirect = this.visit.isAnonymousLeg && this.visit.line.isUp;
    try {
      const isSent = await this.talk.type(text, (message) => (isDirect ? this.visit.line.send(message) : this.visit.api.message(message)));
      this.store.notice("undelivered", false);
      return isSent;
    } catch {
      this.store.notice("undelivered", true); // whatever the reason, the visitor can only try again
      return false;
    }
  }

  hangUp(): void {
    this.finish({ wasLost: false });
  }

  openCallback(isOpen: boolean): void {
    this.store.set({ isCallbackOpen: isOpen });
  }

  closeCallback(): void {
    this.openCallback(false);
    if (this.facts.stage === "live") this.hangUp();
    else if (this.facts.stage !== "over") this.cancel();
  }

  /** True when the promise stands. Works before any call as well: the session is made for it. */
  async requestCallback(request: CallbackRequest): Promise<boolean> {
    try {
      if (!this.visit.api.session) await this.visit.open({ call: false });
      this.store.set({ callbackDueAt: await this.visit.api.callback(request), isCallbackOpen: true });
      if (this.facts.stage !== "live") this.visit.api.leave(); // no call follows that would end the visit
      return true;
    } catch (error) {
      if (error instanceof ApiError) return false;
      throw error;
    }
  }

  /** A new conversation, from the consent on. */
  async again(): Promise<void> {
    this.cancel();
    this.visit.forget();
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
    const { sound } = this.hearing;
    if (!sound || (await sound.openMicrophone())) return; // the notice stays while there is none
    await this.visit.line.replaceMicrophone(sound.outgoing());
    this.visit.line.mute(this.facts.isMuted);
  }

  soundOn(): Promise<void> {
    return this.hearing.soundOn();
  }

  // From consent to the call

  private async checkMicrophone(): Promise<void> {
    const { round } = this;
    const sound = this.hearing.open();
    const isOver = () => round !== this.round || this.facts.stage !== "microphone";
    this.store.set({ stage: "microphone", isMicrophoneOpen: false });
    const problem = await sound.openMicrophone();
    if (isOver()) return;
    if (problem) {
      this.hearing.noteProblem(problem);
      return;
    }
    this.store.set({ isMicrophoneOpen: true });
    await sound.waitToBeHeard();
    if (!isOver()) await this.join();
  }

  private async join(): Promise<void> {
    const { round } = this;
    this.store.set({ stage: "live", problem: null, isCallUp: false, startedAt: null, server: null });
    this.store.notice("chat", !this.facts.hasVoice);
    try {
      const login = await this.visit.open();
      if (round !== this.round) {
        this.visit.api.leave(); // hung up before there was a session to say goodbye to
        return;
      }
      this.hearing.reportProblem(this.visit.api);
      this.visit.listen(this.visit.api.session!);
      await this.visit.place(login);
    } catch (error) {
      if (round === this.round) this.failed(error);
    }
  }

  // What the server says

  private socketEvents(): SocketEvents {
    return {
      state: (state) => this.told(state),
      open: (isOpen) => this.store.notice("behind", !isOpen && this.facts.stage === "live"),
      refused: () => this.fail({ text: T.problem.session, reference: "4401", canRetry: true }),
    };
  }

  private told(state: ServerState): void {
    const before = this.facts.server?.phase;
    this.talk.turns(state.turns);
    if (state.phase === "human" && before !== "human") this.talk.joined(state.closer?.name ?? "");
    const isWaiting = state.phase === "handing_over";
    const waitingSince = isWaiting ? (this.facts.waitingSince ?? Date.now()) : null;
    this.store.set({ server: state, waitingSince, callbackDueAt: state.callback?.due_at ?? this.facts.callbackDueAt });
    // Somebody may be filling the form in when the server closes the call behind it.
    const keepsForm = before === "callback" && this.facts.callbackDueAt === null;
    if (state.phase === "ended") this.finish({ wasLost: false, isCallbackOpen: keepsForm });
    else if (state.rejoin) this.visit.rejoin.consider();
  }

  // What the call says

  private lineEvents(): LineEvents {
    return {
      ready: (where) => this.surface.emit("agent.connected", where),
      up: (callControlId) => this.up(callControlId),
      remote: (stream) => this.hearing.play(stream),
      down: (reason) => this.down(reason),
      failed: (code) => this.notUp(code),
      error: (code) => {
        this.visit.api.report("error", { code });
        this.surface.emit("agent.error", { code });
      },
      frame: (frame) => this.talk.frame(frame),
      health: ({ isPoor, isReconnecting }) => {
        this.store.notice("poor", isPoor && !isReconnecting);
        this.store.notice("reconnecting", isReconnecting);
      },
    };
  }

  private up(callControlId: string): void {
    this.visit.rejoin.succeeded();
    this.visit.line.mute(this.facts.isMuted);
    this.store.set({ isCallUp: true, startedAt: this.facts.startedAt ?? Date.now() });
    this.surface.emit("conversation.update", { call: { state: "active" } });
    if (this.visit.isAnonymousLeg && callControlId) this.visit.api.claim(callControlId).catch(() => undefined); // webhooks bind it as well
    if (this.facts.hasVoice) this.warnWhenNotHeard();
  }

  private warnWhenNotHeard(): void {
    const { round } = this;
    window.setTimeout(() => {
      if (round === this.round) this.store.notice("quiet", !this.facts.isHeard && !this.facts.isMuted && this.visit.line.isUp);
    }, QUIET_MS);
  }

  private down(reason: string): void {
    const { round } = this;
    this.store.set({ isCallUp: false });
    this.surface.emit("conversation.update", { call: { state: "ended", cause: reason } });
    this.visit.rejoin.consider();
    // The leg is gone; whether a person follows, a form or the end is the server's to say. Silence means the end.
    window.setTimeout(() => {
      const phase = this.facts.server?.phase;
      const isAwaited = phase === "handing_over" || phase === "callback" || this.visit.line.isUp || this.visit.line.isPlacing;
      if (round === this.round && !isAwaited) this.finish({ wasLost: true });
    }, SERVER_WORD_MS);
  }

  private notUp(code: number): void {
    this.visit.api.report("error", { code, stage: "placing" });
    if (this.facts.stage === "live" && this.facts.server?.rejoin) this.visit.rejoin.failed();
    else this.fail({ text: T.problem.call, reference: code ? String(code) : "", canRetry: true });
  }

  // The end

  private failed(error: unknown): void {
    if (!(error instanceof ApiError)) throw error;
    this.fail(tokenProblem(error));
  }

  private fail(problem: NonNullable<Facts["problem"]>): void {
    this.round += 1;
    this.letGo();
    this.store.set({ stage: "failed", problem, isCallUp: false });
  }

  private finish({ wasLost, isCallbackOpen = false }: { wasLost: boolean; isCallbackOpen?: boolean }): void {
    if (this.facts.stage === "over") return;
    this.round += 1;
    this.hearing.reportLatencies(this.visit.api);
    void this.visit.sayGoodbye();
    const { startedAt } = this.facts;
    this.surface.emit("agent.disconnected", { wasLost });
    this.letGo();
    const talkedMs = startedAt ? Date.now() - startedAt : 0;
    this.store.set({ stage: "over", isCallUp: false, talkedMs, wasLost, isCallbackOpen, notices: new Set() });
  }

  private letGo(): void {
    this.visit.letGo();
    this.hearing.close();
    this.release?.();
    this.release = null;
  }

  private pageHidden(): void {
    const isLeaving = this.facts.stage === "live" && shownState(this.facts) !== "callback";
    if (!isLeaving) return;
    leaveMark();
    this.visit.api.leave(); // now: nothing that waits is certain to happen any more
    this.finish({ wasLost: false });
  }
}
