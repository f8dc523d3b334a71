// What the visitor does, from the button to the end of the conversation.

import { ApiError, type CallbackRequest } from "./api";
import type { WidgetConfig } from "./config";
import { Course, type End } from "./course";
import { CalledBack } from "./called_back";
import { AT_REST, shownState, type Facts, type Wish } from "./facts";
import { Hearing } from "./hearing";
import { leaveMark } from "./left_mark";
import { loadEngine } from "./line";
import { T } from "./messages";
import { claimCall } from "./one_call";
import { tokenProblem } from "./problems";
import { Store } from "./store";
import type { Surface } from "./surface";
import { isUnread, Talk } from "./talk";
import { Visit } from "./visit";

export class Controller {
  readonly hearing: Hearing;
  readonly visit: Visit;
  private readonly calledBack: CalledBack;
  private readonly store: Store;
  private readonly talk: Talk;
  private release: (() => void) | null = null;
  private isClaiming = false;
  private isAsking = false;
  /** What was shown of the promise before its call was answered. */
  private promised: Partial<Facts> = {};
  /** Counted up when a way to a call is given up, so that what is still under way can tell. */
  private round = 0;

  constructor(
    config: WidgetConfig,
    private readonly surface: Surface,
  ) {
    this.store = new Store((facts) => surface.render(facts));
    const isWithAssistant = () => this.visit.line.isUp && this.facts.server?.phase !== "human";
    this.hearing = new Hearing(this.store, surface, isWithAssistant, config.urls.hearing);
    this.talk = new Talk({
      show: (captions) => this.store.set({ captions }),
      item: (item) => surface.emit("transcript.item", item),
      heard: (turns) => {
        if (this.visit.line.isAnonymous) this.visit.api.heard(turns);
      },
    });
    const course = this.newCourse();
    this.visit = new Visit(config, surface, {
      line: course.lineEvents(),
      socket: course.socketEvents(),
      outgoing: () => this.hearing.open().outgoing(),
      isRejoinWanted: () => this.facts.stage === "live" && this.facts.server?.rejoin === true,
      rejoining: () => this.store.set({ isCallUp: this.visit.line.isUp }),
    });
    this.calledBack = new CalledBack(this.store, this.visit);
    window.addEventListener("pagehide", () => this.pageHidden());
    window.addEventListener("offline", () => this.store.notice("offline", this.facts.stage === "live"));
    window.addEventListener("online", () => this.store.notice("offline", false));
  }

  get facts(): Facts {
    return this.store.facts;
  }

  // What the visitor does

  async start(): Promise<void> {
    if (!(await this.claim())) return;
    void loadEngine().catch(() => undefined); // only to have it early; a failure shows when it is needed
    this.store.set({ stage: "consent" });
  }

  cancel(): void {
    this.round += 1;
    this.letGo();
    this.store.set({ ...AT_REST });
  }

  async agree(hasVoice: boolean): Promise<void> {
    if (this.isAsking) return;
    // Before anything is waited for, or the browser would hold the sound back: https://developer.chrome.com/blog/autoplay/
    this.hearing.open();
    this.store.set({ hasVoice, microphoneProblem: null, isCallbackOpen: false, isBusy: false });
    const { round } = this;
    this.isAsking = true;
    const isFree = await this.visit.isLineFree();
    this.isAsking = false;
    if (round !== this.round) return;
    if (!isFree) this.noLine(); // without having asked for the microphone
    else if (hasVoice) await this.checkMicrophone();
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
    const isDirect = this.visit.line.isAnonymous;
    try {
      const isSent = await this.talk.type(text, (message) => (isDirect ? this.visit.line.send(message) : this.visit.api.message(message)));
      this.store.notice("undelivered", false);
      this.store.notice("unread", false);
      return isSent;
    } catch (error) {
      const isKept = isUnread(error);
      this.store.notice("unread", isKept);
      this.store.notice("undelivered", !isKept); // whatever the reason, the visitor can only try again
      return isKept;
    }
  }

  hangUp(): void {
    this.finish({ wasLost: false });
  }

  async askForPerson(): Promise<void> {
    if (this.facts.wish === "asking" || this.facts.wish === "called") return;
    const { round } = this;
    this.store.set({ wish: "asking" });
    const wish = await this.visit.api.request().then(() => "called" as const, refusedWish);
    if (round === this.round) this.store.set({ wish });
  }

  openCallback(isOpen: boolean): void {
    this.store.set({ isCallbackOpen: isOpen });
  }

  closeCallback(): void {
    this.openCallback(false);
    const isTalking = this.facts.isCallUp && this.facts.server?.phase === "assistant";
    if (isTalking) return; // the number is left, and the conversation goes on
    if (this.facts.stage === "live") this.hangUp();
    else if (this.facts.stage !== "over") this.cancel();
  }

  /** What became of it; with "saved" the promise stands. Works before any call as well: the session is made for it. */
  async requestCallback(request: CallbackRequest): Promise<"saved" | "not_a_number" | "failed"> {
    try {
      if (!this.visit.api.session) await this.visit.open({ call: false });
      this.store.set({ callbackDueAt: await this.visit.api.callback(request), isCallbackOpen: true });
      if (this.facts.stage !== "live") {
        this.visit.api.leave(); // no call follows that would end the visit
        this.visit.listen(this.visit.api.session!);
      }
      return "saved";
    } catch (error) {
      if (error instanceof ApiError) return error.code === "not_a_number" ? error.code : "failed";
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

  /** Take the call of whoever promised it, in the session that they opened for it. */
  async answer(): Promise<void> {
    const calling = this.facts.calling;
    if (!calling || !(await this.claim())) return;
    this.calledBack.take();
    const { callbackDueAt, captions } = this.facts;
    const round = ++this.round;
    this.promised = { callbackDueAt, captions };
    this.visit.endCall();
    this.visit.adopt(calling.session);
    this.talk.forget();
    this.store.set({ ...AT_REST, stage: "live" });
    const isSilent = await this.hearing.open().openMicrophone();
    if (round !== this.round) return;
    this.store.notice("microphoneLost", isSilent !== null);
    this.visit.listen(calling.session);
  }

  declineCall(): void {
    this.calledBack.decline();
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

  /** A second click would find the lock of the first one taken. */
  private async claim(): Promise<boolean> {
    if (this.isClaiming) return false;
    this.isClaiming = true;
    this.release ??= await claimCall();
    this.isClaiming = false;
    this.store.notice("otherTab", this.release === null);
    return this.release !== null;
  }

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
    this.store.set({ stage: "live", problem: null, isCallUp: false, startedAt: null, server: null, callbackDueAt: null, isBusy: false, wish: "none" });
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

  // The end

  private newCourse(): Course {
    return new Course(this.store, this.surface, this.talk, this.hearing, {
      visit: () => this.visit,
      calledBack: () => this.calledBack,
      round: () => this.round,
      rest: () => this.rest(),
      finish: (how) => this.finish(how),
      fail: (problem) => this.fail(problem),
      noLine: () => this.noLine(),
    });
  }

  /** The call is over and a promise stands: nobody listens, and another tab may talk. */
  private rest(): void {
    this.hearing.close();
    this.releaseCall();
  }

  private failed(error: unknown): void {
    if (!(error instanceof ApiError)) throw error;
    if (error.code === "lines_busy") this.noLine();
    else this.fail(tokenProblem(error));
  }

  /** Every line is busy: a number can be left at once, and behind that form the visitor can try again. */
  private noLine(): void {
    this.fail({ text: T.problem.lines, reference: "", canRetry: true });
    this.store.set({ isBusy: true, isCallbackOpen: true });
  }

  private fail(problem: NonNullable<Facts["problem"]>): void {
    this.round += 1;
    this.visit.api.leave(); // its line is free for somebody else, or for this visitor's next try
    this.letGo();
    this.store.set({ stage: "failed", problem, isCallUp: false });
  }

  private finish({ wasLost, isCallbackOpen = false }: End): void {
    if (this.facts.stage === "over") return;
    this.round += 1;
    this.hearing.reportLatencies(this.visit.api);
    this.hearing.reportHandover();
    void this.visit.sayGoodbye();
    const { startedAt } = this.facts;
    this.surface.emit("agent.disconnected", { wasLost });
    this.letGo();
    const talkedMs = startedAt ? Date.now() - startedAt : 0;
    this.store.set({ stage: "over", isCallUp: false, talkedMs, wasLost, isCallbackOpen, notices: new Set() });
    if (startedAt === null && this.visit.retreat()) this.store.set({ ...this.promised, isCallbackOpen: true });
  }

  /** While a promise stands, the server's line stays open: whoever keeps it may call this page. */
  private letGo(): void {
    if (this.facts.callbackDueAt === null) this.visit.letGo();
    else this.visit.endCall();
    this.rest();
  }

  private releaseCall(): void {
    this.release?.();
    this.release = null;
  }

  private pageHidden(): void {
    this.calledBack.decline();
    const isLeaving = this.facts.stage === "live" && shownState(this.facts) !== "callback";
    if (!isLeaving) return;
    leaveMark();
    this.visit.api.leave(); // now: nothing that waits is certain to happen any more
    this.finish({ wasLost: false });
  }
}

function refusedWish(error: unknown): Wish {
  if (!(error instanceof ApiError)) throw error;
  return error.code === "closed" ? "closed" : "failed";
}
