// The element behind the controller: its markup, its loudspeakers, its events, what is written on it.

import type { Facts } from "./facts";

export interface Surface {
  /** One for each call: two calls that change over must not share one. */
  newSpeaker(): HTMLAudioElement;
  attribute(name: string): string | null;
  render(facts: Facts): void;
  levels(prospect: number, agent: number): void;
  bind(sessionId: string): void;
  emit(name: string, detail: object): void;
}
