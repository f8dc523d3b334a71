// Decide from loudness alone who is speaking, and how long the prospect waited for an answer.

export interface VadOptions {
  /** RMS on 0–255; only energy above it counts. */
  volumeThreshold: number;
  /** Quiet for this long ends the prospect's turn. */
  silenceDurationMs: number;
  /** Energy for this long is speech; the gaps between syllables neither count nor start it anew. */
  minSpeechDurationMs: number;
  /** A perceived latency above this is thrown away; unset keeps all. */
  maxLatencyMs?: number | undefined;
}

export type AgentState = "listening" | "thinking" | "speaking";

export type VadEvent =
  | { type: "speech.started"; at: number; since: number }
  | { type: "speech.ended"; at: number; since: number }
  | { type: "state"; at: number; state: AgentState; userPerceivedLatencyMs?: number; sinceVoiceMs?: number };

export const VAD_DEFAULTS: VadOptions = { volumeThreshold: 10, silenceDurationMs: 1000, minSpeechDurationMs: 100 };

// Even in fluent speech the energy sinks between syllables; asking for it without any gap misses whole sentences.
const SYLLABLE_GAP_MS = 100;
const AGENT_THRESHOLD = 4; // decoded silence stays near 0, the quietest speech well above
const AGENT_HOLD_MS = 700; // a breath between two sentences is not the end of an answer
const LOST_SIGHT_MS = 250; // without a reading for this long (frozen tab), loudness is not known to have lasted

const isDuration = (value: unknown): value is number => typeof value === "number" && Number.isFinite(value) && value >= 0;

/** Read the `vad` attribute; what is missing or makes no sense keeps its default. */
export function vadOptions(attribute: string | null): VadOptions {
  const options: VadOptions = { ...VAD_DEFAULTS };
  const given = parsed(attribute);
  const names = ["volumeThreshold", "silenceDurationMs", "minSpeechDurationMs", "maxLatencyMs"] as const;
  for (const name of names) if (isDuration(given[name])) options[name] = given[name];
  return options;
}

function parsed(attribute: string | null): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(attribute ?? "{}");
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {}; // a typing mistake in the attribute must not cost the visitor the call
  }
}

/** Fed with readings in time order (milliseconds of any one clock); holds no clock and no audio of its own. */
export class Vad {
  state: AgentState = "listening";
  private loudSince: number | null = null;
  private loudMs = 0;
  private lastLoudAt: number | null = null;
  private quietSince: number | null = null;
  private inSpeech = false;
  private lastReadingAt: number | null = null;
  private lastVoiceAt: number | null = null;
  private turnEndedAt: number | null = null;
  private agentQuietSince: number | null = null;

  constructor(private readonly options: VadOptions = VAD_DEFAULTS) {}

  prospect(level: number, at: number): VadEvent[] {
    const step = this.lastReadingAt === null ? 0 : at - this.lastReadingAt;
    this.lastReadingAt = at;
    return level > this.options.volumeThreshold ? this.loud(at, step) : this.quiet(at);
  }

  agent(level: number, at: number): VadEvent[] {
    return level > AGENT_THRESHOLD ? this.agentLoud(at) : this.agentQuiet(at);
  }

  private loud(at: number, step: number): VadEvent[] {
    this.quietSince = null;
    this.lengthen(at, step);
    if (this.inSpeech) this.lastVoiceAt = at;
    if (this.inSpeech || this.loudSince === null || this.loudMs < this.options.minSpeechDurationMs) return [];
    this.inSpeech = true;
    this.lastVoiceAt = at;
    const events: VadEvent[] = [{ type: "speech.started", at, since: this.loudSince }];
    // Speaking on before the answer came: the turn was not over, so its clock must not run on either.
    this.turnEndedAt = null;
    return this.state === "thinking" ? [...events, this.move("listening", at)] : events;
  }

  private lengthen(at: number, step: number): void {
    if (this.lastLoudAt === null || at - this.lastLoudAt > SYLLABLE_GAP_MS + Math.min(step, LOST_SIGHT_MS)) {
      this.loudSince = at;
      this.loudMs = 0;
    }
    this.lastLoudAt = at;
    if (step <= LOST_SIGHT_MS) this.loudMs += step;
  }

  private quiet(at: number): VadEvent[] {
    if (!this.inSpeech) return [];
    this.quietSince ??= at;
    if (at - this.quietSince < this.options.silenceDurationMs) return [];
    const ended: VadEvent = { type: "speech.ended", at, since: this.quietSince };
    this.inSpeech = false;
    this.quietSince = null;
    // An agent that already answers is quicker than our silence: nobody is waiting.
    if (this.state === "speaking") return [ended];
    this.turnEndedAt = at;
    return [ended, this.move("thinking", at)];
  }

  private agentLoud(at: number): VadEvent[] {
    this.agentQuietSince = null;
    if (this.state === "speaking") return [];
    const event = this.move("speaking", at);
    const latency = this.turnEndedAt === null ? null : at - this.turnEndedAt;
    if (latency !== null && latency <= (this.options.maxLatencyMs ?? Infinity)) event.userPerceivedLatencyMs = latency;
    // Talking over the prospect is no answer to them, so it is no gap either.
    const gap = this.lastVoiceAt === null ? 0 : at - this.lastVoiceAt;
    if (gap > SYLLABLE_GAP_MS) event.sinceVoiceMs = gap;
    this.turnEndedAt = null;
    this.lastVoiceAt = null;
    return [event];
  }

  private agentQuiet(at: number): VadEvent[] {
    if (this.state !== "speaking") return [];
    this.agentQuietSince ??= at;
    if (at - this.agentQuietSince < AGENT_HOLD_MS) return [];
    this.agentQuietSince = null;
    return [this.move("listening", at)];
  }

  private move(state: AgentState, at: number): Extract<VadEvent, { type: "state" }> {
    this.state = state;
    return { type: "state", at, state };
  }
}
