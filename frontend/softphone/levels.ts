// How loud both sides are: for the meters, and the last two seconds of the remote side for measurement.

import { Loudness } from "../shared/level";

const EVERY_MS = 50;
const KEPT = 40; // two seconds

export class Levels {
  remote: number[] = [];
  local = 0;
  private readonly meters: { remote: Loudness | null; local: Loudness | null } = { remote: null, local: null };
  private timer = 0;

  constructor(private readonly heard: (remote: number, local: number) => void) {}

  start(context: AudioContext, remote: MediaStream | null, local: MediaStream | null): void {
    this.stop();
    this.meters.remote = this.listen(context, remote);
    this.meters.local = this.listen(context, local);
    this.timer = window.setInterval(() => this.measure(), EVERY_MS);
  }

  stop(): void {
    clearInterval(this.timer);
    this.meters.remote?.close();
    this.meters.local?.close();
    this.meters.remote = this.meters.local = null;
    this.remote = [];
    this.heard(0, 0);
  }

  private listen(context: AudioContext, stream: MediaStream | null): Loudness | null {
    return stream && stream.getAudioTracks().length > 0 ? new Loudness(context, stream) : null;
  }

  private measure(): void {
    const remote = this.meters.remote?.read() ?? 0;
    this.remote.push(remote);
    if (this.remote.length > KEPT) this.remote.shift();
    this.heard(remote, this.meters.local?.read() ?? 0);
  }
}
