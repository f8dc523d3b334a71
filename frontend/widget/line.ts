// Keep one call up: place it, watch its health, place the next one when the hand-over needs it.

import { isPoor, type CallStats } from "../shared/stats";
import type { Frame } from "./captions";
import type { Dial, Engine, EngineEvents, Line } from "./engine";

const ANSWER_MS = 20_000;
const WATCH_MS = 5_000;
const LOST_MS = 90_000;
const GOODBYE_MS = 400;

export interface LineEvents {
  ready(where: object): void;
  up(callControlId: string): void;
  remote(stream: MediaStream): void;
  down(reason: string): void;
  failed(code: number): void;
  error(code: number): void;
  frame(frame: Frame): void;
  health(health: { isPoor: boolean; isReconnecting: boolean }): void;
}

export const loadEngine = () => import("./engine");

export class CallLine {
  isUp = false;
  isPlacing = false;
  private engine: Engine | null = null;
  private lastStats: CallStats | null = null;
  private answerTimer = 0;
  private watchTimer = 0;
  private brokenSince: number | null = null;
  private generation = 0;

  constructor(private readonly events: LineEvents) {}

  /** Ends whatever call there is and places this one; only one SDK client may live in a tab. */
  async place(line: Line, dial: Dial): Promise<void> {
    const generation = ++this.generation;
    this.isPlacing = true;
    await this.drop();
    const { Engine } = await loadEngine();
    if (generation !== this.generation) return; // hung up while the engine was loading
    this.answerTimer = window.setTimeout(() => this.fail(0), ANSWER_MS);
    this.engine = new Engine(line, this.engineEvents(dial));
    this.engine.connect();
  }

  async close(): Promise<void> {
    this.generation += 1;
    this.isPlacing = false;
    await this.drop();
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
    return this.engine && this.isUp ? this.engine.stats() : this.lastStats;
  }

  private engineEvents(dial: Dial): EngineEvents {
    let isDialled = false;
    return {
      ready: (where) => {
        if (isDialled) return; // the SDK says it again after each reconnect
        isDialled = true;
        this.events.ready(where);
        this.engine?.dial(dial);
      },
      active: (callControlId) => this.rise(callControlId),
      remote: (stream) => this.events.remote(stream),
      ended: (cause) => this.fall(cause),
      frame: (frame) => this.events.frame(frame),
      error: ({ code, fatal }) => {
        this.events.error(code);
        if (fatal && this.isPlacing) this.fail(code);
      },
      warning: () => undefined,
    };
  }

  private rise(callControlId: string): void {
    clearTimeout(this.answerTimer);
    this.isPlacing = false;
    this.isUp = true;
    clearInterval(this.watchTimer);
    this.watchTimer = window.setInterval(() => void this.watch(), WATCH_MS);
    this.events.up(callControlId);
  }

  private fall(reason: string): void {
    if (this.isPlacing) {
      this.fail(0);
      return;
    }
    this.settle();
    this.events.down(reason);
  }

  private fail(code: number): void {
    this.isPlacing = false;
    this.settle();
    void this.drop();
    this.events.failed(code);
  }

  private settle(): void {
    clearTimeout(this.answerTimer);
    clearInterval(this.watchTimer);
    this.isUp = false;
    this.brokenSince = null;
  }

  private async drop(): Promise<void> {
    const engine = this.engine;
    this.engine = null;
    this.settle();
    // A goodbye that is never answered must not keep the next call waiting.
    if (engine) await Promise.race([engine.close(), new Promise((resolve) => setTimeout(resolve, GOODBYE_MS))]);
  }

  private async watch(): Promise<void> {
    const engine = this.engine;
    if (!engine) return;
    const before = this.lastStats;
    this.lastStats = await engine.stats();
    const isBroken = engine.connection === "disconnected" || engine.connection === "failed";
    this.brokenSince = isBroken ? (this.brokenSince ?? performance.now()) : null;
    this.events.health({ isPoor: before !== null && isPoor(before, this.lastStats), isReconnecting: isBroken });
    if (this.brokenSince !== null && performance.now() - this.brokenSince > LOST_MS) this.fall("LOST");
  }
}
