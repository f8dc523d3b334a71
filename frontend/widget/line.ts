// Keep one call up: place it, watch its health, place the next one when the hand-over needs it.

import { isPoor, type CallStats } from "../shared/stats";
import { limitCode } from "../shared/limits";
import type { Frame } from "./captions";
import type { Dial, Engine, EngineEvents, Line } from "./engine";

const ANSWER_MS = 20_000;
const WATCH_MS = 5_000;
const LOST_MS = 90_000;
const GOODBYE_MS = 400;

export interface LineEvents {
  ready(where: object): void;
  up(callControlId: string): void;
  remote(stream: MediaStream, speaker: HTMLAudioElement): void;
  down(reason: string): void;
  /** `limit` is Telnyx's code when a limit of the account let no call come about. */
  failed(code: number, limit: string): void;
  error(code: number): void;
  frame(frame: Frame): void;
  health(health: { isPoor: boolean; isReconnecting: boolean }): void;
}

export const loadEngine = () => import("./engine");

/** One call at a time, but for the moment in which the next one takes over from a living one. */
export class CallLine {
  isPlacing = false;
  private engine: Engine | null = null;
  private coming: Engine | null = null;
  private lastStats: CallStats | null = null;
  private answerTimer = 0;
  private watchTimer = 0;
  private brokenSince: number | null = null;
  private generation = 0;

  constructor(private readonly events: LineEvents) {}

  get isUp(): boolean {
    return this.engine !== null;
  }

  /** Whether the call that is up is the assistant's own. */
  get isAnonymous(): boolean {
    return this.engine?.isAnonymous ?? false;
  }

  /** Places this call; one that is up is heard until this one is, and ends then. */
  async place(line: Line, dial: Dial): Promise<void> {
    const generation = ++this.generation;
    this.isPlacing = true;
    await this.dropComing();
    const { Engine } = await loadEngine();
    if (generation !== this.generation) return; // hung up while the engine was loading
    const engine: Engine = new Engine(line, this.engineEvents(dial, () => engine));
    this.answerTimer = window.setTimeout(() => this.fail(engine, 0), ANSWER_MS);
    this.coming = engine;
    engine.connect();
  }

  async close(): Promise<void> {
    this.generation += 1;
    this.isPlacing = false;
    const { engine } = this;
    this.settle();
    await Promise.all([this.dropComing(), leave(engine)]);
  }

  mute(isMuted: boolean): void {
    this.engine?.mute(isMuted);
  }

  async send(text: string): Promise<void> {
    await this.engine?.send(text);
  }

  async replaceMicrophone(stream: MediaStream): Promise<void> {
    await this.engine?.replaceMicrophone(stream);
  }

  async stats(): Promise<CallStats | null> {
    return this.engine ? this.engine.stats() : this.lastStats;
  }

  private engineEvents(dial: Dial, self: () => Engine): EngineEvents {
    let isDialled = false;
    return {
      ready: (where) => {
        if (isDialled) return; // the SDK says it again after each reconnect
        isDialled = true;
        this.events.ready(where);
        self().dial(dial);
      },
      active: (callControlId) => this.rise(self(), callControlId),
      remote: (stream) => this.events.remote(stream, dial.speaker),
      ended: (cause, sipReason) => this.fall(self(), cause, limitCode(sipReason) || limitCode(cause)),
      frame: (frame) => this.events.frame(frame),
      error: ({ code, fatal }) => {
        this.events.error(code);
        if (fatal && self() === this.coming) this.fail(self(), code);
      },
    };
  }

  private rise(engine: Engine, callControlId: string): void {
    if (engine === this.coming) {
      const former = this.engine;
      clearTimeout(this.answerTimer);
      this.settle();
      [this.engine, this.coming] = [engine, null];
      this.isPlacing = false;
      this.watchTimer = window.setInterval(() => void this.watch(), WATCH_MS);
      void leave(former, { isFollowed: true });
    }
    if (engine === this.engine) this.events.up(callControlId);
  }

  private fall(engine: Engine, reason: string, limit = ""): void {
    if (engine === this.coming) {
      this.fail(engine, 0, limit);
      return;
    }
    if (engine !== this.engine) return;
    this.settle();
    void leave(engine, { isFollowed: this.isPlacing });
    this.events.down(reason);
  }

  private fail(engine: Engine, code: number, limit = ""): void {
    if (engine !== this.coming) return;
    this.isPlacing = false;
    void this.dropComing();
    this.events.failed(code, limit);
  }

  private settle(): void {
    clearInterval(this.watchTimer);
    this.engine = null;
    this.brokenSince = null;
  }

  private async dropComing(): Promise<void> {
    const { coming } = this;
    clearTimeout(this.answerTimer);
    this.coming = null;
    await leave(coming);
  }

  private async watch(): Promise<void> {
    const { engine } = this;
    if (!engine) return;
    const before = this.lastStats;
    this.lastStats = await engine.stats();
    if (engine !== this.engine) return;
    const isBroken = engine.connection === "disconnected" || engine.connection === "failed";
    this.brokenSince = isBroken ? (this.brokenSince ?? performance.now()) : null;
    this.events.health({ isPoor: before !== null && isPoor(before, this.lastStats), isReconnecting: isBroken });
    if (this.brokenSince !== null && performance.now() - this.brokenSince > LOST_MS) this.fall(engine, "LOST");
  }
}

/** A goodbye that is never answered must not keep the next call waiting. */
async function leave(engine: Engine | null, options = {}): Promise<void> {
  if (engine) await Promise.race([engine.close(options), new Promise((resolve) => setTimeout(resolve, GOODBYE_MS))]);
}
