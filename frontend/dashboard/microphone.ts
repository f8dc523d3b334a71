// May the page hear the closer, and if not, what to do about it.

export type MicrophoneState = "unknown" | "granted" | "denied" | "missing" | "busy" | "insecure";

export const MICROPHONE_HELP: Record<MicrophoneState, string> = {
  unknown: "Not allowed yet",
  granted: "Allowed",
  denied: "Blocked. Open the site settings beside the address, allow the microphone, then press Allow.",
  missing: "No microphone found. Plug one in, then press Allow.",
  busy: "Another program is using the microphone. Close it, then press Allow.",
  insecure: "The browser gives a microphone to secure (https) pages only.",
};

const STATES: Record<string, MicrophoneState> = {
  NotAllowedError: "denied",
  SecurityError: "denied",
  NotFoundError: "missing",
  OverconstrainedError: "missing",
  NotReadableError: "busy",
  AbortError: "busy",
};

export class Microphone {
  state: MicrophoneState = navigator.mediaDevices ? "unknown" : "insecure";

  constructor(private readonly changed: () => void) {
    void this.watchPermission();
  }

  get isGranted(): boolean {
    return this.state === "granted";
  }

  /** Ask once and let go: the call opens the microphone anew. */
  async ask(): Promise<boolean> {
    if (this.state === "insecure") return false;
    try {
      const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
      for (const track of stream.getTracks()) track.stop();
      this.become("granted");
    } catch (error) {
      this.become(STATES[error instanceof DOMException ? error.name : ""] ?? "busy");
    }
    return this.isGranted;
  }

  private async watchPermission(): Promise<void> {
    try {
      const permission = await navigator.permissions.query({ name: "microphone" as PermissionName });
      const read = () => {
        if (permission.state === "granted") this.become("granted");
        else if (permission.state === "denied") this.become("denied");
        else if (this.state === "granted" || this.state === "denied") this.become("unknown");
      };
      read();
      permission.addEventListener("change", read);
    } catch {
      // Some browsers do not tell; asking will.
    }
  }

  private become(state: MicrophoneState): void {
    if (this.state === "insecure" || this.state === state) return;
    this.state = state;
    this.changed();
  }
}
