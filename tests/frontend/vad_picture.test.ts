// The picture in the documents shows what the page's own voice activity detection makes of the curve drawn in it.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { it } from "node:test";

import { Vad, type VadEvent } from "../../frontend/widget/vad";

const PRESET = { volumeThreshold: 15, silenceDurationMs: 1500, minSpeechDurationMs: 150 };
const picture = readFileSync("docs/images/vad.svg", "utf8");

function attribute(tag: string, name: string): string {
  const found = new RegExp(`\\b${name}="([^"]*)"`).exec(tag)?.[1];
  assert.ok(found !== undefined, `${name} in ${tag.slice(0, 60)}`);
  return found;
}

const tags = (pattern: RegExp) => [...picture.matchAll(pattern)].map(([tag]) => tag);
const [prospect] = tags(/<polyline[^>]*id="prospect"[^>]*>/g);
const [agent] = tags(/<polyline[^>]*id="agent"[^>]*>/g);
const scale = (name: string) => Number(attribute(prospect!, `data-${name}`));

function readings(polyline: string): Map<number, number> {
  const points = attribute(polyline, "points").split(" ").map((point) => point.split(",").map(Number) as [number, number]);
  const at = (x: number) => Math.round(((x - scale("left")) / scale("per-second")) * 1000);
  return new Map(points.map(([x, y]) => [at(x), (scale("base") - y) / scale("per-unit")]));
}

function marked(event: string, name: string): number {
  const [tag] = tags(new RegExp(`<g [^>]*data-event="${event}"[^>]*>`, "g"));
  assert.ok(tag, event);
  return Number(attribute(tag, name));
}

it("marks what the detection says of it", () => {
  const vad = new Vad(PRESET);
  const [you, other] = [readings(prospect!), readings(agent!)];
  const events: VadEvent[] = [];
  for (const [at, level] of you) events.push(...vad.prospect(level, at), ...vad.agent(other.get(at) ?? 0, at));

  const told = events.map((event) => (event.type === "state" ? `${event.at} ${event.state}` : `${event.at} ${event.type}`));
  assert.deepEqual(told, [
    `${marked("speech.started", "data-at")} speech.started`,
    `${marked("speech.ended", "data-at")} speech.ended`,
    `${marked("speech.ended", "data-at")} thinking`,
    `${marked("speaking", "data-at")} speaking`,
  ]);
  const spoke = events.at(-1);
  assert.ok(spoke?.type === "state");
  assert.equal(spoke.userPerceivedLatencyMs, marked("speaking", "data-latency"));
});

it("drops a spike that is shorter than speech and bridges a pause that is shorter than silence", () => {
  const loud = [...readings(prospect!)].filter(([, level]) => level > PRESET.volumeThreshold).map(([at]) => at);
  const pause = loud.map((at, index) => [at, at - (loud[index - 1] ?? at)] as const).filter(([, gap]) => gap > 100);

  assert.ok(marked("dropped", "data-for") < PRESET.minSpeechDurationMs);
  assert.equal(pause.at(-1)?.[1], marked("bridged", "data-for"));
  assert.ok(marked("bridged", "data-for") < PRESET.silenceDurationMs);
});
