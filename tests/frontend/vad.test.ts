import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { Vad, VAD_DEFAULTS, vadOptions, type VadEvent, type VadOptions } from "../../frontend/widget/vad";

const STEP = 20;
const PRESET: VadOptions = { volumeThreshold: 15, silenceDurationMs: 1500, minSpeechDurationMs: 150 };

type Stretch = { you?: number; agent?: number; for: number };

/** Feed stretches of constant loudness every 20 ms, as the page does, and collect what is said. */
function hear(options: VadOptions, stretches: Stretch[]): VadEvent[] {
  const vad = new Vad(options);
  const events: VadEvent[] = [];
  let at = 0;
  for (const { you = 0, agent = 0, for: duration } of stretches) {
    for (const end = at + duration; at < end; at += STEP) events.push(...vad.prospect(you, at), ...vad.agent(agent, at));
  }
  return events;
}

const brief = (events: VadEvent[]) =>
  events.map((event) => (event.type === "state" ? `${event.at} ${event.state}` : `${event.at} ${event.type}`));

describe("speech", () => {
  const table: [string, VadOptions, Stretch[], string[]][] = [
    ["quiet says nothing", PRESET, [{ for: 5000 }], []],
    ["at the threshold is not above it", PRESET, [{ you: 15, for: 5000 }], []],
    ["above it for the least duration is speech", PRESET, [{ you: 16, for: 180 }], ["160 speech.started"]],
    ["a shorter noise is none", PRESET, [{ you: 200, for: 140 }, { for: 3000 }], []],
    ["two short noises do not add up", PRESET, [{ you: 200, for: 140 }, { for: 120 }, { you: 200, for: 140 }, { for: 3000 }], []],
    [
      "syllables add up, the gaps between them do not",
      PRESET,
      [{ for: 20 }, { you: 60, for: 60 }, { for: 100 }, { you: 60, for: 60 }, { for: 100 }, { you: 60, for: 60 }],
      ["360 speech.started"],
    ],
    ["the least duration counts from silence", PRESET, [{ for: 1000 }, { you: 16, for: 160 }], ["1140 speech.started"]],
    [
      "silence of the set length ends the turn and the agent thinks",
      PRESET,
      [{ for: 100 }, { you: 90, for: 400 }, { for: 1600 }],
      ["240 speech.started", "2000 speech.ended", "2000 thinking"],
    ],
    ["a shorter pause does not", PRESET, [{ you: 90, for: 400 }, { for: 1480 }, { you: 90, for: 100 }], ["160 speech.started"]],
    [
      "any sound above the threshold starts the silence anew",
      PRESET,
      [{ you: 90, for: 400 }, { for: 1400 }, { you: 90, for: 20 }, { for: 1520 }],
      ["160 speech.started", "3320 speech.ended", "3320 thinking"],
    ],
    [
      "the documented defaults: 10, 1000 and 100",
      VAD_DEFAULTS,
      [{ you: 11, for: 200 }, { for: 1020 }],
      ["100 speech.started", "1200 speech.ended", "1200 thinking"],
    ],
    [
      "speaking on while the agent thinks takes the turn back",
      PRESET,
      [{ you: 90, for: 400 }, { for: 1520 }, { you: 90, for: 200 }],
      ["160 speech.started", "1900 speech.ended", "1900 thinking", "2060 speech.started", "2060 listening"],
    ],
  ];
  for (const [name, options, stretches, expected] of table) {
    it(name, () => {
      assert.deepEqual(brief(hear(options, stretches)), expected);
    });
  }

  it("tells when it began, not only when it was sure", () => {
    const [started, ended] = hear(PRESET, [{ for: 100 }, { you: 90, for: 400 }, { for: 1600 }]);
    assert.equal(started?.type === "speech.started" && started.since, 100);
    assert.equal(ended?.type === "speech.ended" && ended.since, 500);
  });

  it("does not take two readings with a frozen page between them for one sound", () => {
    const vad = new Vad(PRESET);
    assert.deepEqual([...vad.prospect(90, 0), ...vad.prospect(90, 2000)], []);
  });
});

describe("the agent", () => {
  const latency = (events: VadEvent[]) => events.flatMap((event) => (event.type === "state" ? [event.userPerceivedLatencyMs] : []));
  const turn: Stretch[] = [{ you: 90, for: 400 }, { for: 1520 }];

  it("speaks from its first sound, and the wait counts from the end of the silence", () => {
    const events = hear(PRESET, [...turn, { for: 300 }, { agent: 60, for: 500 }]);
    assert.deepEqual(brief(events).slice(2), ["1900 thinking", "2220 speaking"]);
    assert.deepEqual(latency(events), [undefined, 320]);
  });

  it("goes back to listening once it has been quiet for longer than a breath", () => {
    const events = hear(PRESET, [{ agent: 60, for: 500 }, { for: 300 }, { agent: 60, for: 500 }, { for: 1000 }]);
    assert.deepEqual(brief(events), ["0 speaking", "2000 listening"]);
  });

  it("greets without anybody having waited", () => {
    assert.deepEqual(latency(hear(PRESET, [{ for: 400 }, { agent: 60, for: 100 }])), [undefined]);
  });

  it("that answers before our silence is over is not made to think", () => {
    const events = hear(PRESET, [{ you: 90, for: 400 }, { for: 600 }, { agent: 60, for: 2000 }]);
    assert.deepEqual(brief(events), ["160 speech.started", "1000 speaking", "1900 speech.ended"]);
    const speaking = events.find((event) => event.type === "state");
    assert.equal(speaking?.type === "state" && speaking.sinceVoiceMs, 620);
  });

  it("is not measured when the prospect spoke on before it answered", () => {
    const events = hear(PRESET, [...turn, { you: 90, for: 400 }, { for: 300 }, { agent: 60, for: 100 }]);
    assert.deepEqual(latency(events), [undefined, undefined, undefined]);
  });

  for (const [most, expected] of [[319, undefined], [320, 320]] as const) {
    it(`waited for 320 ms: with at most ${most} ms it is ${expected === undefined ? "thrown away" : "kept"}`, () => {
      const events = hear({ ...PRESET, maxLatencyMs: most }, [...turn, { for: 300 }, { agent: 60, for: 100 }]);
      assert.equal(latency(events).at(-1), expected);
    });
  }
});

describe("the attribute", () => {
  const table: [string, string | null, VadOptions][] = [
    ["is read", '{"volumeThreshold": 15, "silenceDurationMs": 1500, "minSpeechDurationMs": 150}', PRESET],
    ["may be missing", null, VAD_DEFAULTS],
    ["may be broken", "{volumeThreshold: 15", VAD_DEFAULTS],
    ["may be of another kind", "[1, 2]", VAD_DEFAULTS],
    ["keeps the default of what makes no sense", '{"volumeThreshold": "15", "silenceDurationMs": -1}', VAD_DEFAULTS],
    ["may limit the latency", '{"maxLatencyMs": 4000}', { ...VAD_DEFAULTS, maxLatencyMs: 4000 }],
    ["may be of another engine", '{"type": "silero", "threshold": 0.5}', VAD_DEFAULTS],
  ];
  for (const [name, attribute, expected] of table) {
    it(name, () => {
      assert.deepEqual(vadOptions(attribute), expected);
    });
  }
});
