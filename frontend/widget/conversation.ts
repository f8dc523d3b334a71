// What stands behind the button: the controller, its view, and the element they act for.

import { h } from "../shared/dom";
import type { CallStats } from "../shared/stats";
import type { WidgetConfig } from "./config";
import { Controller } from "./controller";
import type { Facts } from "./facts";
import type { Surface } from "./surface";
import { View } from "./view";

export class Conversation implements Surface {
  private readonly speakers = h("div", { hidden: true });
  private readonly controller: Controller;
  private readonly view: View;

  constructor(
    private readonly element: HTMLElement,
    frame: HTMLElement,
    config: WidgetConfig,
  ) {
    this.controller = new Controller(config, this);
    this.view = new View(this.controller, config);
    frame.replaceChildren(this.speakers, ...this.view.parts);
    this.render(this.controller.facts);
  }

  start(): Promise<void> {
    return this.controller.start();
  }

  stats(): Promise<CallStats | null> {
    return this.controller.visit.line.stats();
  }

  get heard(): number {
    return this.controller.hearing.sound?.ears.heard ?? 0;
  }

  loudness(): number[] {
    return this.controller.hearing.sound?.ears.loudness() ?? [];
  }

  newSpeaker(): HTMLAudioElement {
    const speaker = h("audio", { autoplay: true, playsinline: true });
    while (this.speakers.childElementCount > 1) this.speakers.firstElementChild?.remove();
    this.speakers.append(speaker);
    return speaker;
  }

  attribute(name: string): string | null {
    return this.element.getAttribute(name);
  }

  render(facts: Facts): void {
    this.element.dataset["state"] = this.view.render(facts);
  }

  levels(prospect: number, agent: number): void {
    this.element.dataset["level"] = String(Math.round(prospect));
    this.view.levels(prospect, agent);
  }

  bind(sessionId: string): void {
    this.element.dataset["session"] = sessionId;
  }

  emit(name: string, detail: object): void {
    if ("userPerceivedLatencyMs" in detail) {
      this.element.dataset["latency"] = String(Math.round(Number(detail.userPerceivedLatencyMs)));
    }
    this.element.dispatchEvent(new CustomEvent(name, { detail, bubbles: true, composed: true }));
  }
}
