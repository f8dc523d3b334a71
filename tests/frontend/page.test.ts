import assert from "node:assert/strict";
import { after, describe, it } from "node:test";

import { backoffMs } from "../../frontend/shared/backoff";
import { rms } from "../../frontend/shared/level";
import { clientOptions, opusFirst } from "../../frontend/shared/signalling";
import { isPoor, summarise, type CallStats } from "../../frontend/shared/stats";
import { ownName } from "../../frontend/softphone/page";
import { customHeaders } from "../../frontend/widget/config";
import { AT_REST, shownState, type Facts } from "../../frontend/widget/facts";
import { readState, type ServerState } from "../../frontend/widget/socket";

const said = (patch: Partial<ServerState>): ServerState => ({
  phase: "assistant", purpose: "qualify", closer: null, rejoin: false, handover: null, turns: [], callback: null, calling: null, busy: false, ...patch,
});

const calling = { closer: "Alice", session: { id: "1", token: "t", ticket: "k" } };

describe("the shown state", () => {
  const table: [string, Partial<Facts>, string][] = [
    ["before anything", {}, "ready"],
    ["while asked for consent", { stage: "consent" }, "consent"],
    ["before the server said a word", { stage: "live" }, "connecting"],
    ["with sound before the server said a word", { stage: "live", isCallUp: true }, "listening"],
    ["while the assistant speaks", { stage: "live", server: said({}), isCallUp: true, agent: "speaking" }, "speaking"],
    ["when the leg is gone", { stage: "live", server: said({}), agent: "speaking" }, "connecting"],
    ["while a person is sought", { stage: "live", server: said({ phase: "handing_over" }), isCallUp: true }, "handing_over"],
    ["with a person", { stage: "live", server: said({ phase: "human" }), isCallUp: true, agent: "thinking" }, "human"],
    ["with a person but no leg yet", { stage: "live", server: said({ phase: "human" }) }, "handing_over"],
    ["with a person whom another leg reaches", { stage: "live", server: said({ phase: "human", rejoin: true }), isCallUp: true }, "handing_over"],
    ["when nobody is free", { stage: "live", server: said({ phase: "callback" }), isCallUp: true }, "callback"],
    ["after the end", { stage: "over", server: said({}) }, "ended"],
    ["when the visitor opened the form after the end", { stage: "over", isCallbackOpen: true }, "callback"],
    ["when every line is busy, before any call", { stage: "failed", isBusy: true, isCallbackOpen: true }, "callback"],
    ["when the form for busy lines is left", { stage: "failed", isBusy: true }, "error"],
    ["when somebody calls back after the end", { stage: "over", calling }, "calling"],
    ["when somebody calls back while the form is open", { stage: "live", isCallbackOpen: true, calling }, "calling"],
    ["when it could not start", { stage: "failed" }, "error"],
  ];
  for (const [name, patch, expected] of table) {
    it(name, () => {
      assert.equal(shownState({ ...AT_REST, ...patch }), expected);
    });
  }
});

describe("a frame of the server", () => {
  it("is read", () => {
    const turns = [{ id: "0", role: "assistant", text: "Hello" }];
    const state = { phase: "human", purpose: "returned", closer: { name: "Alice" }, rejoin: true, handover: { id: "h", joining_ms: 180, connected_ms: 90 }, turns, callback: { due_at: "2026-11-23" }, calling, busy: true };
    assert.deepEqual(readState({ type: "state", ...state }), state);
  });

  for (const frame of ["", null, [], { type: "hello" }, { type: "ping" }, { type: "state", phase: "asleep" }]) {
    it(`is left alone when it is ${JSON.stringify(frame)}`, () => {
      assert.equal(readState(frame), null);
    });
  }

  it("loses only what cannot be shown", () => {
    const turns = [null, { role: "god", text: "x" }, { id: "1", role: "prospect", text: "Hi" }];
    const frame = { type: "state", phase: "assistant", purpose: "sell", rejoin: "yes", handover: { id: "h", joining_ms: "180" }, turns, calling: { closer: "Alice", session: { id: "1" } }, busy: "very" };
    assert.deepEqual(readState(frame), said({ turns: [{ id: "1", role: "prospect", text: "Hi" }] }));
  });
});

describe("custom headers", () => {
  const table: [string | null, number][] = [
    ['[{"name": "X-User-Tier", "value": "Enterprise"}]', 1],
    ['[{"name": "From", "value": "me"}, {"name": "X-A\\nB", "value": "c"}, {"name": "X-N", "value": 3}]', 0],
    ["not json", 0],
    ['{"name": "X-A", "value": "b"}', 0],
    [null, 0],
  ];
  for (const [attribute, count] of table) {
    it(`${attribute} gives ${count}`, () => {
      assert.equal(customHeaders(attribute).length, count);
    });
  }
});

describe("loudness", () => {
  const sine = Array.from({ length: 4800 }, (_, index) => Math.sin((2 * Math.PI * 100 * index) / 4800));
  const table: [string, number[], number][] = [
    ["silence", [0, 0, 0], 0],
    ["full scale", [1, -1, 1, -1], 255],
    ["a full sine", sine, 255 / Math.SQRT2],
    ["beyond full scale", [2, -2], 255],
    ["nothing", [], 0],
  ];
  for (const [name, samples, expected] of table) {
    it(`of ${name} is ${expected.toFixed(1)}`, () => {
      assert.ok(Math.abs(rms(samples) - expected) < 0.01);
    });
  }
});

describe("waiting for the next attempt", () => {
  it("doubles to fifteen seconds and no further", () => {
    assert.deepEqual([0, 1, 2, 3, 4, 5, 99].map((attempt) => backoffMs(attempt, () => 0.5)), [1000, 2000, 4000, 8000, 15000, 15000, 15000]);
  });

  it("spreads by a quarter", () => {
    assert.deepEqual([0, 1].map((value) => backoffMs(0, () => value)), [750, 1250]);
  });
});

describe("what the connection measured", () => {
  const report: [string, Record<string, unknown> & { type: string }][] = [
    ["in", { type: "inbound-rtp", kind: "audio", packetsReceived: 100, packetsLost: 10, bytesReceived: 8000, totalAudioEnergy: 0.5, audioLevel: 0.2, jitter: 0.004 }],
    ["video", { type: "inbound-rtp", kind: "video", packetsReceived: 7 }],
    ["out", { type: "outbound-rtp", kind: "audio", packetsSent: 90, bytesSent: 7000 }],
    ["pair", { type: "candidate-pair", nominated: true, state: "succeeded", currentRoundTripTime: 0.02, localCandidateId: "l", remoteCandidateId: "r" }],
    ["l", { type: "local-candidate", candidateType: "host" }],
    ["r", { type: "remote-candidate", candidateType: "relay" }],
  ];
  const stats = summarise(report, "connected");

  it("is summed over the audio of both directions", () => {
    const { packetsReceived, packetsSent, jitterMs, rttMs, localCandidate, remoteCandidate } = stats;
    assert.deepEqual([packetsReceived, packetsSent, jitterMs, rttMs, localCandidate, remoteCandidate], [100, 90, 4, 20, "host", "relay"]);
  });

  const table: [string, Partial<CallStats>, boolean][] = [
    ["nothing lost since", { packetsReceived: 350 }, false],
    ["a twentieth lost", { packetsReceived: 290, packetsLost: 20 }, false],
    ["more lost", { packetsReceived: 290, packetsLost: 25 }, true],
    ["a long way", { packetsReceived: 350, rttMs: 501 }, true],
    ["uneven arrival", { packetsReceived: 350, jitterMs: 61 }, true],
  ];
  for (const [name, patch, expected] of table) {
    it(`${name}: ${expected ? "poor" : "fine"}`, () => {
      assert.equal(isPoor(stats, { ...stats, ...patch }), expected);
    });
  }
});

describe("how the phones reach Telnyx", () => {
  const codec = (mimeType: string) => ({ mimeType, clockRate: 48_000 });

  it("offers Opus first and the others behind it", () => {
    const spoken = ["audio/PCMU", "audio/opus", "audio/PCMA"].map(codec);

    assert.deepEqual(opusFirst(spoken).map((one) => one.mimeType), ["audio/opus", "audio/PCMU", "audio/PCMA"]);
  });

  it("has no wish where the browser names none", () => {
    assert.deepEqual(opusFirst([]), []);
  });

  it("leaves to the SDK what the server does not say", () => {
    const given = { signalling_host: "", ice_servers: null, ice_prefetch: false, region: "" };

    assert.deepEqual(clientOptions(given), { enableCallReports: false, prefetchIceCandidates: false });
  });

  it("passes on what the server says", () => {
    const options = clientOptions({ signalling_host: "ws://127.0.0.1:1/", ice_servers: [], ice_prefetch: true, region: "apac" });

    assert.deepEqual(options, { enableCallReports: false, prefetchIceCandidates: true, host: "ws://127.0.0.1:1/", iceServers: [], region: "apac" });
  });
});

describe("a page's own name", () => {
  const before = Object.getOwnPropertyDescriptor(globalThis, "navigator");
  after(() => before && Object.defineProperty(globalThis, "navigator", before));

  it("is a fresh one in a browser without locks", async () => {
    Object.defineProperty(globalThis, "navigator", { value: {}, configurable: true });

    const [first, second] = [await ownName(), await ownName()];

    assert.match(first, /^[0-9a-f-]{36}$/);
    assert.notEqual(first, second);
  });
});
