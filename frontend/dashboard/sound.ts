// The ring: generated, looping without timers (a hidden page's timers are slowed down), and only after a gesture.

const RATE = 8_000;
const TONES = [400, 450];
// The Australian ring: two bursts of 0.4 s, then two seconds of quiet.
const BURSTS: readonly [number, number][] = [[0, 0.4], [0.6, 1.0]];
const CADENCE_SECONDS = 3;
const EDGE_SECONDS = 0.02;

function loudnessAt(second: number): number {
  for (const [from, to] of BURSTS) {
    if (second >= from && second < to) return Math.min(1, (second - from) / EDGE_SECONDS, (to - second) / EDGE_SECONDS);
  }
  return 0;
}

function ringBuffer(context: AudioContext): AudioBuffer {
  const buffer = context.createBuffer(1, RATE * CADENCE_SECONDS, RATE);
  const samples = buffer.getChannelData(0);
  for (let index = 0; index < samples.length; index += 1) {
    const second = index / RATE;
    const wave = TONES.reduce((sum, tone) => sum + Math.sin(2 * Math.PI * tone * second), 0) / TONES.length;
    samples[index] = wave * loudnessAt(second);
  }
  return buffer;
}

export class Sound {
  private made: AudioContext | null = null;
  private source: AudioBufferSourceNode | null = null;
  private gain: GainNode | null = null;
  private volume = 0.6;
  private isWanted = false;
  private readonly watchers: (() => void)[] = [];

  constructor() {
    // Any click or key is the gesture the browser asks for; nobody should have to look for a switch.
    for (const gesture of ["pointerdown", "keydown"]) {
      document.addEventListener(gesture, () => void this.unlock(), { capture: true, passive: true });
    }
  }

  get context(): AudioContext | null {
    return this.made;
  }

  get isUnlocked(): boolean {
    return this.made?.state === "running";
  }

  onChange(run: () => void): void {
    this.watchers.push(run);
  }

  /** Works inside a gesture, or when the browser already trusts the page. */
  async unlock(): Promise<boolean> {
    if (!this.made) {
      this.made = new AudioContext({ latencyHint: "interactive" });
      this.made.addEventListener("statechange", () => this.changed());
    }
    if (this.made.state !== "running") await this.resumed(this.made);
    return this.isUnlocked;
  }

  setVolume(share: number): void {
    this.volume = Math.min(1, Math.max(0, share));
    if (this.gain) this.gain.gain.value = this.volume;
  }

  async setSpeaker(device: string): Promise<void> {
    const context = this.made as (AudioContext & { setSinkId?(id: string): Promise<void> }) | null;
    await context?.setSinkId?.(device);
  }

  ring(): void {
    this.isWanted = true;
    this.play(true);
  }

  silence(): void {
    this.isWanted = false;
    this.source?.stop();
    this.source = null;
  }

  test(): void {
    void this.unlock().then(() => this.play(false));
  }

  private play(isLoop: boolean): void {
    if (!this.made || !this.isUnlocked || this.source) return;
    this.gain = this.made.createGain();
    this.gain.gain.value = this.volume;
    this.gain.connect(this.made.destination);
    const source = this.made.createBufferSource();
    source.buffer = ringBuffer(this.made);
    source.loop = isLoop;
    source.connect(this.gain);
    source.onended = () => {
      if (this.source === source) this.source = null;
    };
    source.start();
    this.source = source;
  }

  // https://developer.chrome.com/blog/autoplay/
  /** Chromium leaves `resume()` pending while there was no gesture, so it is not waited for for ever. */
  private async resumed(context: AudioContext): Promise<void> {
    const patience = new Promise((resolve) => window.setTimeout(resolve, 300));
    await Promise.race([context.resume().catch(() => undefined), patience]);
  }

  private changed(): void {
    if (this.isWanted) this.play(true);
    for (const run of this.watchers) run();
  }
}
