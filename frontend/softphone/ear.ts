// The line on which a waiting closer hears the prospect, beside their own, which is the one that is joined.

import type { Call } from "@telnyx/webrtc";

import { opusFirst } from "../shared/signalling";
import { header, LIVE_STATES, OVER_STATES } from "./calls";

/** It has an element of its own: each call of a page takes the common one away from the other. */
export const LISTENING_AUDIO_ID = "listening-audio";

const HEADER = "x-listens-to";

export const isEar = (call: Call): boolean => header(call, HEADER) !== null;

export class Ear {
  private call: Call | null = null;

  /** What is heard now; null when the line is gone. */
  constructor(private readonly heard: (stream: MediaStream | null) => void) {
    // After a reload the SDK takes up one call, and that must be the closer's own.
    window.addEventListener("pagehide", () => this.close());
  }

  /** `expected` is the hand-over beside which the closer waits. */
  follow(call: Call, expected: string | null): void {
    if (OVER_STATES.has(call.state)) this.over(call);
    else if (call.state === "ringing") this.ringing(call, expected);
    else if (LIVE_STATES.has(call.state) && call.id === this.call?.id) this.heard(call.remoteStream ?? null);
  }

  close(): void {
    void this.call?.hangup();
  }

  private ringing(call: Call, expected: string | null): void {
    if (call.id === this.call?.id) return;
    if (this.call || header(call, HEADER) !== expected) {
      void call.hangup();
      return;
    }
    this.call = call;
    call.muteAudio(); // It only hears; not one word goes out.
    call.options.preferred_codecs = opusFirst();
    void call.answer({ remoteElement: LISTENING_AUDIO_ID });
  }

  private over(call: Call): void {
    if (call.id !== this.call?.id) return;
    this.call = null;
    this.heard(null);
  }
}
