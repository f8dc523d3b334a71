// Ring softly, and show it in the title, until told otherwise.

import { T } from "./messages";

const ROUND_MS = 3_000;
const NOTES_HZ = [523, 659]; // c and e
const NOTE_SECONDS = 0.45;
const VOLUME = 0.12;

export class Ringing {
  private readonly context = new AudioContext();
  private readonly title = document.title;
  private readonly timer: number;
  private readonly notification: Notification | null;

  constructor(private readonly closer: string) {
    this.notification = notify(T.calling.title(closer));
    this.timer = window.setInterval(() => this.round(), ROUND_MS);
    this.round();
  }

  stop(): void {
    clearInterval(this.timer);
    document.title = this.title;
    this.notification?.close();
    void this.context.close();
  }

  private round(): void {
    const calling = T.calling.title(this.closer);
    document.title = document.title === calling ? this.title : calling;
    NOTES_HZ.forEach((pitch, index) => this.note(pitch, this.context.currentTime + index * NOTE_SECONDS));
  }

  private note(pitch: number, at: number): void {
    const tone = new OscillatorNode(this.context, { frequency: pitch });
    const gain = new GainNode(this.context, { gain: 0 });
    gain.gain.setValueAtTime(0, at);
    gain.gain.linearRampToValueAtTime(VOLUME, at + 0.05);
    gain.gain.exponentialRampToValueAtTime(0.001, at + NOTE_SECONDS);
    tone.connect(gain).connect(this.context.destination);
    tone.start(at);
    tone.stop(at + NOTE_SECONDS);
  }
}

/** Only where it was allowed before: a page that asks while it rings would be refused for good. */
function notify(text: string): Notification | null {
  const isAllowed = "Notification" in window && Notification.permission === "granted" && document.hidden;
  if (!isAllowed) return null;
  try {
    const notification = new Notification(text, { tag: "agileadapt-calling" });
    notification.onclick = () => window.focus();
    return notification;
  } catch {
    // Browsers on phones only let service workers notify: https://bugs.chromium.org/p/chromium/issues/detail?id=481856
    return null;
  }
}
