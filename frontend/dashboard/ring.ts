// The call that is offered: card, sound, title, tab icon and notification, until it is answered or over.

import { address, type Config, type Desk } from "./config";
import { post, Refused } from "./api";
import type { Frame } from "./socket";
import { morph } from "./page";
import type { Sound } from "./sound";

const OVER_STAYS_MS = 3_000;
const GRACE_MS = 4_000; // after the countdown, for the server's word to arrive

interface Offer {
  id: string;
  session: string;
  name: string;
  widget: string;
  expiresAt: number;
}

export interface RingEvents {
  accepted(desk: Desk): void;
  changed(): void;
}

export class Ring {
  private readonly area = document.getElementById("ring") as HTMLElement;
  private readonly icon = document.querySelector<HTMLLinkElement>("[data-favicon]");
  private readonly plainTitle = document.title;
  private readonly plainIcon = this.icon?.href ?? "";
  private offer: Offer | null = null;
  private isAnswering = false;
  private notification: Notification | null = null;
  private blink = 0;
  private cameFrom: HTMLElement | null = null;

  constructor(
    private readonly config: Config,
    private readonly sound: Sound,
    private readonly events: RingEvents,
  ) {
    this.area.addEventListener("click", (event) => this.onClick(event));
    this.area.addEventListener("focusin", (event) => this.onFocus(event));
  }

  get isRinging(): boolean {
    return this.offer !== null && !this.isAnswering;
  }

  show(frame: Frame): void {
    const isNew = frame["offer"] !== this.offer?.id;
    this.offer = {
      id: String(frame["offer"]),
      session: String(frame.session),
      name: String(frame["name"]),
      widget: String(frame["widget"]),
      expiresAt: Date.parse(String(frame["expires_at"])),
    };
    this.draw(String(frame["html"]), isNew);
    if (isNew) this.begin();
  }

  over(frame: Frame): void {
    if (frame["offer"] !== this.offer?.id) return;
    // Whoever clicks a moment too late is told who has the call, whichever word comes first.
    const isMine = this.isAnswering && frame["is_own"] === true;
    this.quiet();
    this.offer = null;
    this.isAnswering = false;
    const card = this.area.firstElementChild as HTMLElement | null;
    if (!card || isMine) {
      this.area.replaceChildren();
      return;
    }
    delete card.dataset["answering"];
    card.dataset["over"] = "";
    const kicker = card.querySelector(".ring-kicker");
    if (kicker) kicker.textContent = String(frame["text"]);
    this.giveFocusBack();
    window.setTimeout(() => card.remove(), OVER_STAYS_MS);
  }

  /** The server's word on what rings now: a ring that ended while the page was away is over. */
  confirm(offer: unknown): void {
    if (this.offer && this.offer.id !== offer) this.over({ type: "ring_over", offer: this.offer.id, text: "The call is gone." });
  }

  async accept(): Promise<void> {
    const offer = this.offer;
    if (!offer || this.isAnswering) return;
    this.answering(true);
    try {
      const told = await post(address(this.config.urls.accept, offer.id));
      const desk = { handoff: String(told["handoff"]), session: String(told["session"]), state: String(told["state"]) };
      this.events.accepted({ ...desk, standby: told["standby"] === true, says: "" });
      this.finish(offer);
    } catch (error) {
      this.failed(offer, error);
    }
  }

  async decline(): Promise<void> {
    const offer = this.offer;
    if (!offer || this.isAnswering) return;
    this.answering(true);
    try {
      await post(address(this.config.urls.decline, offer.id));
      this.finish(offer);
    } catch (error) {
      this.failed(offer, error);
    }
  }

  private onFocus(event: FocusEvent): void {
    const from = event.relatedTarget;
    if (from instanceof HTMLElement && !this.area.contains(from)) this.cameFrom = from;
  }

  /** A call that others have gives the focus back to where it was before the ring. */
  private giveFocusBack(): void {
    const focused = document.activeElement;
    const isLost = !focused || focused === document.body || this.area.contains(focused);
    if (isLost && this.cameFrom?.isConnected) this.cameFrom.focus({ preventScroll: true });
    this.cameFrom = null;
  }

  private onClick(event: Event): void {
    const target = event.target instanceof Element ? event.target : null;
    if (target?.closest("[data-accept]")) void this.accept();
    else if (target?.closest("[data-decline]")) void this.decline();
    else if (target?.closest("[data-silence]")) this.sound.silence();
  }

  private draw(html: string, isNew: boolean): void {
    const template = document.createElement("template");
    template.innerHTML = html.trim();
    const fresh = template.content.firstElementChild;
    const shown = this.area.querySelector("[data-ring]");
    if (!fresh) return;
    if (shown && !isNew) morph(shown, fresh);
    else this.area.replaceChildren(fresh);
    this.events.changed();
  }

  private begin(): void {
    this.isAnswering = false;
    this.sound.ring();
    this.notify();
    const title = `Call: ${this.offer?.name ?? ""}`;
    let isOn = false;
    clearInterval(this.blink);
    const turn = () => {
      isOn = !isOn;
      document.title = isOn ? title : this.plainTitle;
      this.expire();
    };
    turn();
    this.blink = window.setInterval(turn, 1_000);
    if (this.icon) this.icon.href = this.icon.dataset["ringing"] ?? this.plainIcon;
  }

  private quiet(): void {
    this.sound.silence();
    clearInterval(this.blink);
    document.title = this.plainTitle;
    if (this.icon) this.icon.href = this.plainIcon;
    this.notification?.close();
    this.notification = null;
  }

  private expire(): void {
    if (!this.offer || Date.now() < this.offer.expiresAt + GRACE_MS) return;
    this.over({ type: "ring_over", offer: this.offer.id, text: "The ring ran out." });
  }

  private notify(): void {
    if (!("Notification" in window) || Notification.permission !== "granted" || !this.offer) return;
    // The lock screen may show this: no answers of the prospect.
    this.notification = new Notification(`${this.offer.name} is waiting`, { body: this.offer.widget, tag: "ring", requireInteraction: true });
    this.notification.onclick = () => {
      window.focus();
      this.area.querySelector<HTMLElement>("[data-accept]")?.focus();
    };
  }

  private answering(isOn: boolean): void {
    this.isAnswering = isOn;
    this.sound.silence();
    this.area.querySelector<HTMLElement>("[data-ring]")?.toggleAttribute("data-answering", isOn);
    for (const button of this.area.querySelectorAll("button")) button.disabled = isOn;
    this.error("");
  }

  private finish(offer: Offer): void {
    if (this.offer && this.offer.id !== offer.id) return; // The next call rings already.
    const hadFocus = this.area.contains(document.activeElement) || document.activeElement === document.body;
    this.quiet();
    this.offer = null;
    this.isAnswering = false;
    this.area.replaceChildren();
    if (hadFocus) document.getElementById("desk")?.focus({ preventScroll: true });
  }

  private failed(offer: Offer, error: unknown): void {
    if (this.offer?.id !== offer.id) return;
    this.answering(false);
    const words = error instanceof Refused ? error.message : "That did not work. Try again.";
    if (error instanceof Refused && (error.code === "gone" || error.code === "unknown")) {
      this.over({ type: "ring_over", offer: offer.id, text: words });
    } else {
      this.error(words);
      this.sound.ring();
    }
  }

  private error(words: string): void {
    const line = this.area.querySelector<HTMLElement>("[data-ring-error]");
    if (!line) return;
    line.hidden = words === "";
    line.textContent = words;
  }
}
