// What one line hears: how often anything, how often only a voice, how often which line's tone.

import { AUDIBLE } from "../shared/heard";
import { rms } from "../shared/level";
import { share, TONES } from "./tones";

const WINDOW = 2048; // 43 ms at 48 kHz
const EVERY_MS = 40;
const IS_TONE = 0.35;
const IS_VOICE = 0.3; // all tones together hold less than this of it
// A window that holds the edge of a pulse looks like a voice; an edge is over after two readings.
const LEAST_RUN = 3;

export interface Heard {
  readings: number;
  loud: number;
  voice: number;
  tones: Record<string, number>;
  span_ms: number;
}

const hann = Float32Array.from({ length: WINDOW }, (_, index) => 0.5 - 0.5 * Math.cos((2 * Math.PI * index) / WINDOW));

export class Ear {
  level = 0;
  private readonly analyser: AnalyserNode;
  private readonly samples = new Float32Array(WINDOW);
  private readonly windowed = new Float32Array(WINDOW);
  private source: MediaStreamAudioSourceNode | null = null;

  constructor(private readonly context: AudioContext) {
    this.analyser = new AnalyserNode(context, { fftSize: WINDOW });
  }

  listen(stream: MediaStream): void {
    if (this.source?.mediaStream === stream) return;
    this.source?.disconnect();
    this.source = this.context.createMediaStreamSource(stream);
    this.source.connect(this.analyser);
  }

  deaf(): void {
    this.source?.disconnect();
    this.source = null;
    this.level = 0;
  }

  /** Listen for so long; with `firstVoice` only until a voice begins. */
  async measure(ms: number, { firstVoice = false } = {}): Promise<Heard> {
    const heard: Heard = { readings: 0, loud: 0, voice: 0, tones: {}, span_ms: 0 };
    const began = performance.now();
    let [run, firstLoud, lastLoud] = [0, 0, 0];
    while (performance.now() - began < ms) {
      const { isLoud, tone } = this.read();
      const now = performance.now() - began;
      heard.readings += 1;
      if (isLoud) {
        heard.loud += 1;
        firstLoud ||= now;
        lastLoud = now;
      }
      if (tone) heard.tones[tone] = (heard.tones[tone] ?? 0) + 1;
      run = isLoud && tone === "" ? run + 1 : 0;
      if (run === LEAST_RUN) heard.voice += LEAST_RUN;
      else if (run > LEAST_RUN) heard.voice += 1;
      if (firstVoice && heard.voice > 0) break;
      await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
    }
    heard.span_ms = Math.round(lastLoud - firstLoud);
    return heard;
  }

  /** `tone` is the line whose tone stands out, "" where none does; null where it is neither that nor plainly a voice. */
  private read(): { isLoud: boolean; tone: string | null } {
    if (!this.source) return { isLoud: false, tone: null };
    this.analyser.getFloatTimeDomainData(this.samples);
    this.level = rms(this.samples);
    if (this.level <= AUDIBLE) return { isLoud: false, tone: null };
    for (let index = 0; index < WINDOW; index += 1) this.windowed[index] = this.samples[index]! * hann[index]!;
    const { sampleRate } = this.context;
    const shares = Object.entries(TONES).map(([line, hertz]) => [line, share(this.windowed, hertz, sampleRate)] as const);
    const [line, most] = shares.reduce((best, one) => (one[1] > best[1] ? one : best));
    const all = shares.reduce((sum, [, part]) => sum + part, 0);
    return { isLoud: true, tone: most > IS_TONE ? line : all < IS_VOICE ? "" : null };
  }
}
