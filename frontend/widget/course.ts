// How the conversation goes on, as the server and the call tell it. The server decides; this follows.

import type { CalledBack } from "./called_back";
import type { Problem } from "./facts";
import type { Hearing } from "./hearing";
import type { LineEvents } from "./line";
import { T } from "./messages";
import type { ServerState, SocketEvents } from "./socket";
import type { Store } from "./store";
import type { Surface } from "./surface";
import type { Talk } from "./talk";
import type { Visit } from "./visit";

const SERVER_WORD_MS = 8_000;
const QUIET_MS = 12_000;

export interface End {
  wasLost: boolean;
  isCallbackOpen?: boolean;
}

/** What following needs of the controller, who alone begins and ends. */
export interface Ways {
  visit(): Visit;
  calledBack(): CalledBack;
  round(): number;
  rest(): void;
  finish(end: End): void;
  fail(problem: Problem): void;
  noLine(): void;
}

export class Course {
  constructor(
    private readonly store: Store,
    private readonly surface: Surface,
    private readonly talk: Talk,
    private readonly hearing: Hearing,
    private readonly ways: Ways,
  ) {}

  socketEvents(): SocketEvents {
    return {
      state: (state) => this.told(state),
      open: (isOpen) => this.store.notice("behind", !isOpen && this.store.facts.stage === "live"),
      refused: () => {
        if (this.store.facts.stage === "live") this.ways.fail({ text: T.problem.session, reference: "4401", canRetry: true });
      },
    };
  }

  private told(state: ServerState): void {
    this.ways.calledBack().told(state);
    if (this.store.facts.stage !== "live") return; // only somebody who calls back is of matter now
    const before = this.store.facts.server?.phase;
    this.talk.turns(state.turns);
    this.noteChange(state);
    const isWaiting = state.phase === "handing_over";
    const waitingSince = isWaiting ? (this.store.facts.waitingSince ?? Date.now()) : null;
    this.store.set({ server: state, isBusy: state.busy, waitingSince, callbackDueAt: state.callback?.due_at ?? this.store.facts.callbackDueAt });
    // Somebody may be filling the form in when the server closes the call behind it.
    const keepsForm = before === "callback" && this.store.facts.callbackDueAt === null;
    if (state.phase === "ended" && state.busy && this.store.facts.startedAt === null) this.ways.noLine();
    else if (state.phase === "ended") this.ways.finish({ wasLost: false, isCallbackOpen: keepsForm });
    else if (state.rejoin) this.visit.rejoin.consider();
    else this.restWhileWaiting();
  }

  private noteChange({ phase, purpose, closer, handover }: ServerState): void {
    const before = this.store.facts.server;
    if (before && phase !== before.phase) this.store.set({ wish: "none" });
    if (phase === "human" && before?.phase !== "human") {
      this.talk.joined(closer?.name ?? "");
      if (handover) this.hearing.handedOver(handover, this.visit);
    } else if (phase !== "human" && before?.phase === "human") this.hearing.reportHandover();
    const isReturned = phase === "assistant" && purpose !== "qualify";
    if (isReturned && (before?.phase !== "assistant" || before.purpose !== purpose)) this.talk.returned();
  }

  private restWhileWaiting(): void {
    const { line } = this.visit;
    if (this.store.facts.server?.phase === "callback" && !line.isUp && !line.isPlacing) this.ways.rest();
  }

  lineEvents(): LineEvents {
    return {
      ready: (where) => this.surface.emit("agent.connected", where),
      up: (callControlId) => this.up(callControlId),
      remote: (stream, speaker) => this.hearing.play(stream, speaker),
      down: (reason) => this.down(reason),
      failed: (code, limit) => this.notUp(code, limit),
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
    this.store.notice("busy", false);
    this.visit.line.mute(this.store.facts.isMuted);
    this.store.set({ isCallUp: true, startedAt: this.store.facts.startedAt ?? Date.now() });
    this.surface.emit("conversation.update", { call: { state: "active" } });
    if (this.visit.line.isAnonymous && callControlId) this.visit.api.claim(callControlId).catch(() => undefined); // webhooks bind it as well
    if (this.store.facts.hasVoice) this.warnWhenNotHeard();
  }

  private warnWhenNotHeard(): void {
    const round = this.ways.round();
    window.setTimeout(() => {
      if (round === this.ways.round()) this.store.notice("quiet", !this.store.facts.isHeard && !this.store.facts.isMuted && this.visit.line.isUp);
    }, QUIET_MS);
  }

  private down(reason: string): void {
    const round = this.ways.round();
    this.store.set({ isCallUp: false });
    this.surface.emit("conversation.update", { call: { state: "ended", cause: reason } });
    this.visit.rejoin.consider();
    this.restWhileWaiting();
    // The leg is gone; whether a person follows, a form or the end is the server's to say. Silence means the end.
    window.setTimeout(() => {
      const phase = this.store.facts.server?.phase;
      const isAwaited = phase === "handing_over" || phase === "callback" || this.visit.line.isUp || this.visit.line.isPlacing;
      if (round === this.ways.round() && !isAwaited) this.ways.finish({ wasLost: true });
    }, SERVER_WORD_MS);
  }

  private notUp(code: number, limit: string): void {
    this.visit.api.report("error", { code, stage: "placing", ...(limit && { limit }) });
    if (this.store.facts.stage === "live" && this.store.facts.server?.rejoin) {
      this.store.notice("busy", limit !== "");
      this.visit.rejoin.failed();
    } else if (limit && !this.visit.line.isUp) this.ways.noLine();
    else if (!this.visit.line.isUp) this.ways.fail({ text: T.problem.call, reference: code ? String(code) : "", canRetry: true });
  }

  private get visit(): Visit {
    return this.ways.visit();
  }
}
