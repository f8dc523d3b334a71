// Each line of the probe sends a tone of its own, in pulses: what a line hears tells whose sound it is.

export const TONES: Record<string, number> = { caller: 600, closer: 900, newcomer: 1300, monitor: 1700, anonymous: 2100 };

const AMPLITUDE = 0.25;
// A steady tone is taken for noise and removed on the way; one that comes and goes is not.
const ON_SECONDS = 0.4;
const OFF_SECONDS = 0.2;

/** What a line sends: its pulses, or the microphone while somebody is asked to speak. */
export class Voice {
  readonly stream: MediaStream;
  private readonly pulses: GainNode;
  private readonly speech: GainNode;
  private readonly source: AudioBufferSourceNode;

  constructor(context: AudioContext, line: string, microphone: MediaStreamAudioSourceNode | null) {
    const out = context.createMediaStreamDestination();
    this.pulses = new GainNode(context, { gain: 1 });
    this.speech = new GainNode(context, { gain: 0 });
    this.source = new AudioBufferSourceNode(context, { buffer: pulse(context, TONES[line] ?? 440), loop: true });
    this.source.connect(this.pulses).connect(out);
    microphone?.connect(this.speech).connect(out);
    this.source.start();
    this.stream = out.stream;
  }

  speaks(isSpeaking: boolean): void {
    this.pulses.gain.value = isSpeaking ? 0 : 1;
    this.speech.gain.value = isSpeaking ? 1 : 0;
  }

  silent(): void {
    this.pulses.gain.value = this.speech.gain.value = 0;
  }

  close(): void {
    this.source.stop();
    for (const track of this.stream.getTracks()) track.stop();
  }
}

function pulse(context: AudioContext, frequency: number): AudioBuffer {
  const { sampleRate } = context;
  const buffer = context.createBuffer(1, Math.round((ON_SECONDS + OFF_SECONDS) * sampleRate), sampleRate);
  const samples = buffer.getChannelData(0);
  const on = Math.round(ON_SECONDS * sampleRate);
  for (let index = 0; index < on; index += 1) {
    // Without edges that would be heard as clicks of every frequency.
    const fade = Math.min(1, index / 400, (on - index) / 400);
    samples[index] = AMPLITUDE * fade * Math.sin((2 * Math.PI * frequency * index) / sampleRate);
  }
  return buffer;
}

/** The share of a window's energy that lies at one frequency, from 0 to 1; `samples` are windowed already. */
export function share(samples: Float32Array, frequency: number, sampleRate: number): number {
  const factor = 2 * Math.cos((2 * Math.PI * frequency) / sampleRate);
  let [last, before, energy] = [0, 0, 0];
  for (const sample of samples) {
    [last, before] = [sample + factor * last - before, last];
    energy += sample * sample;
  }
  const power = last * last + before * before - factor * last * before;
  // Of a Hann window 2/3 of the energy stands in the middle of its three bins.
  return energy > 0 ? Math.min(1, (power * 3) / (energy * samples.length)) : 0;
}
