// One softphone per closer and browser: the tab that holds the lock has it, the others may take it over.

export interface LockEvents {
  gained(): void;
  lost(): void;
  /** Whether the tab that has the softphone is in a call. */
  elsewhere(isInCall: boolean): void;
}

interface News {
  kind: "state" | "ask";
  isInCall: boolean;
}

export class SoftphoneLock {
  isOurs = false;
  private isInCall = false;
  private readonly name: string;
  private readonly channel: BroadcastChannel;

  constructor(
    closerId: number,
    private readonly events: LockEvents,
  ) {
    this.name = `agileadapt-softphone-${closerId}`;
    this.channel = new BroadcastChannel(this.name);
    this.channel.onmessage = (message) => this.heard(message.data as News);
    void this.hold({});
    this.say("ask");
  }

  takeOver(): void {
    if (!this.isOurs) void this.hold({ steal: true });
  }

  inCall(isInCall: boolean): void {
    if (this.isInCall === isInCall) return;
    this.isInCall = isInCall;
    if (this.isOurs) this.say("state");
  }

  /** Waits until the tab that has it closes; the browser frees the lock of a tab that crashed, too. */
  private async hold(options: LockOptions): Promise<void> {
    try {
      await navigator.locks.request(this.name, options, async () => {
        this.isOurs = true;
        this.events.gained();
        await new Promise<never>(() => undefined);
      });
    } catch {
      // Taken over by another tab: stand in line again.
      this.isOurs = false;
      this.events.lost();
      this.say("ask");
      void this.hold({});
    }
  }

  private heard(news: News): void {
    if (news.kind === "ask") {
      if (this.isOurs) this.say("state");
    } else if (!this.isOurs) this.events.elsewhere(news.isInCall);
  }

  private say(kind: News["kind"]): void {
    this.channel.postMessage({ kind, isInCall: this.isInCall } satisfies News);
  }
}
