// Loudness of a media stream as RMS on a scale from 0 to 255 (255 = full scale).

const WINDOW = 1024; // 21 ms at 48 kHz: about one reading each poll, so that no sound falls between two readings

export class Loudness {
  private readonly source: MediaStreamAudioSourceNode;
  private readonly analyser: AnalyserNode;
  private readonly samples = new Float32Array(WINDOW);

  constructor(context: AudioContext, stream: MediaStream) {
    this.source = context.createMediaStreamSource(stream);
    this.analyser = context.createAnalyser();
    this.analyser.fftSize = WINDOW;
    this.source.connect(this.analyser);
  }

  read(): number {
    this.analyser.getFloatTimeDomainData(this.samples);
    return rms(this.samples);
  }

  close(): void {
    this.source.disconnect();
  }
}

export function rms(samples: ArrayLike<number>): number {
  let sum = 0;
  for (let index = 0; index < samples.length; index += 1) sum += samples[index]! ** 2;
  return Math.min(255, 255 * Math.sqrt(sum / Math.max(1, samples.length)));
}
