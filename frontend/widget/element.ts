// <telnyx-ai-agent>: the element on the page. Others listen to its events and read its data attributes.

import { h } from "../shared/dom";
import { preloadLater } from "../shared/preload";
import type { CallStats } from "../shared/stats";
import { readConfig, type WidgetConfig } from "./config";
import type { Conversation } from "./conversation";
import { takeLeftMark } from "./left_mark";
import { T } from "./messages";
import { readyScreen, type ReadyScreen } from "./screens/ready";

export class AgentElement extends HTMLElement {
  private conversation: Conversation | null = null;
  private invitation: ReadyScreen | null = null;
  private readonly frame = h("div", { class: "widget", hidden: true });

  connectedCallback(): void {
    if (this.invitation) return; // moved within the page
    const config = readConfig();
    this.invitation = readyScreen(() => this.begin(config), config.company);
    this.invitation.note(takeLeftMark() ? T.ready.reloaded : "");
    this.frame.classList.toggle("embedded", document.documentElement.hasAttribute("data-embed"));
    this.frame.append(this.invitation.root);
    this.attachShadow({ mode: "open" }).append(this.styleSheet(), this.frame);
    this.dataset["state"] = "ready";
  }

  /** What the current call's connection measured, inbound and outbound audio summed. */
  async stats(): Promise<CallStats | null> {
    return (await this.conversation?.stats()) ?? null;
  }

  /** Loudness (0–255) of the other side right now. */
  get heard(): number {
    return this.conversation?.heard ?? 0;
  }

  /** The same over the last two seconds, one value for every 50 ms. */
  loudness(): number[] {
    return this.conversation?.loudness() ?? [];
  }

  /** Everything behind the button is fetched when it is pressed. */
  private async begin(config: WidgetConfig): Promise<void> {
    this.invitation?.note("");
    preloadLater();
    try {
      const { Conversation } = await import("./conversation");
      this.conversation ??= new Conversation(this, this.frame, config);
    } catch {
      this.invitation?.note(T.ready.unloaded);
      return;
    }
    await this.conversation.start();
  }

  private styleSheet(): HTMLLinkElement {
    const reveal = () => {
      this.frame.hidden = false;
    };
    const href = document.querySelector<HTMLLinkElement>("link[data-widget-style]")?.href ?? "";
    return h("link", { rel: "stylesheet", href, onload: reveal, onerror: reveal });
  }
}
