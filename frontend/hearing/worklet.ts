// Runs on the sound's own thread: tells when sound begins and ends, to ten milliseconds, however busy the page is.

import { AUDIBLE, type Heard } from "../shared/heard";

declare const sampleRate: number;
declare const currentTime: number;
declare function registerProcessor(name: string, processor: new () => AudioWorkletProcessor): void;
declare abstract class AudioWorkletProcessor {
  readonly port: MessagePort;
  abstract process(inputs: Float32Array[][]): boolean;
}

const FRAMES_A_SECOND = 100;
const SIGN_OF_LIFE_FRAMES = 25;

class Hearing extends AudioWorkletProcessor {
  private readonly frameSamples = Math.round(sampleRate / FRAMES_A_SECOND);
  private samples = 0;
  private energy = 0;
  private wasLoud = false;
  private frames = 0;

  process(inputs: Float32Array[][]): boolean {
    // Without a stream there is no channel: that is silence, too.
    const channel = inputs[0]?.[0];
    const length = channel?.length ?? 128;
    for (let index = 0; index < length; index += 1) {
      const sample = channel ? channel[index]! : 0;
      this.energy += sample * sample;
      this.samples += 1;
      if (this.samples === this.frameSamples) this.frameOver(currentTime + (index + 1) / sampleRate);
    }
    return true;
  }

  private frameOver(end: number): void {
    const isLoud = 255 * Math.sqrt(this.energy / this.samples) > AUDIBLE;
    const start = end - this.samples / sampleRate;
    this.frames += 1;
    if (isLoud !== this.wasLoud || this.frames % SIGN_OF_LIFE_FRAMES === 0) {
      this.port.postMessage({ startMs: start * 1000, endMs: end * 1000, isLoud } satisfies Heard);
    }
    this.wasLoud = isLoud;
    this.samples = this.energy = 0;
  }
}

registerProcessor("hearing", Hearing);
