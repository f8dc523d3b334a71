import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";

import { LiveSocket, type Frame } from "../../frontend/dashboard/socket";
import { ProspectSocket } from "../../frontend/widget/socket";
import { lines, newest, pass, prepare, restore } from "./server_side";

beforeEach(prepare);
afterEach(restore);

describe("the prospect's line", () => {
  let told: unknown[];

  function start(): ProspectSocket {
    told = [];
    return new ProspectSocket("/ws/prospect/", "secret", {
      open: (isOpen) => told.push(isOpen),
      state: (state) => told.push(state.phase),
      refused: () => told.push("refused"),
    });
  }

  it("says who it is each time, and answers the server's question", () => {
    start();
    newest().accept();
    newest().say({ type: "ping" });
    assert.deepEqual(newest().sent, [{ type: "hello", token: "secret" }, { type: "here" }]);
    newest().end(1006);
    pass(1_000);
    newest().accept();
    assert.deepEqual(newest().sent, [{ type: "hello", token: "secret" }]);
  });

  it("is open once it has been told a state", () => {
    start();
    newest().accept();
    newest().say({ type: "ping" });
    assert.deepEqual(told, []);
    newest().say({ type: "state", phase: "human" });
    newest().end(1011);
    assert.deepEqual(told, [true, "human", false]);
  });

  it("does not come back to a session that is not known", () => {
    start();
    newest().accept();
    newest().end(4401);
    pass(60_000);
    assert.deepEqual([told, lines()], [[false, "refused"], 1]);
  });

  it("comes back after any other end", () => {
    start();
    for (const code of [1000, 1001, 1006, 1008, 4403]) {
      newest().end(code);
      pass(20_000);
    }
    assert.equal(lines(), 6);
  });
});

describe("the dashboard's line", () => {
  let frames: string[];
  let answers: boolean;
  let states: string[];
  let reasons: string[];

  const start = (): LiveSocket => {
    frames = [];
    answers = true;
    states = [];
    reasons = [];
    const own = { url: "/ws/dashboard/", probe: "/dashboard/", epoch: "e1", cursors: { a: 3 }, watching: "a" };
    return new LiveSocket(own, {
      frame: (frame: Frame) => frames.push(`${frame.type} ${frame.seq ?? ""}`.trim()),
      connection: (state, reason) => {
        states.push(state);
        reasons.push(reason);
      },
      beat: () => {
        frames.push("beat");
        return answers;
      },
    });
  };

  const hello = (cursors: object, epoch: string | null = "e1") => ({ type: "hello", epoch, cursors, watching: "a" });

  it("answers every beat, also where the page has nothing to prove", () => {
    start();
    newest().accept();
    newest().say({ type: "beat" });
    assert.deepEqual(newest().sent, [hello({ a: 3 })]);
    answers = false;
    newest().say({ type: "beat" });
    assert.deepEqual(newest().sent, [hello({ a: 3 }), { type: "ping" }]);
  });

  it("comes back with the positions that it had reached", () => {
    start();
    newest().accept();
    assert.deepEqual(newest().sent, [hello({ a: 3 })]);
    newest().say({ type: "resumed" });
    newest().say({ type: "event", session: "a", seq: 4 });
    newest().say({ type: "event", session: "b", seq: 1 });
    newest().end(1006);
    pass(1_000);
    newest().accept();
    assert.deepEqual(newest().sent, [hello({ a: 4, b: 1 })]);
    assert.deepEqual(frames, ["event 4", "event 1"]);
  });

  it("asks again at a gap, and shows nothing twice", () => {
    start();
    newest().accept();
    newest().say({ type: "resumed" });
    for (const seq of [4, 4, 6]) newest().say({ type: "event", session: "a", seq });
    assert.deepEqual(frames, ["event 4"]);
    assert.deepEqual(newest().sent.slice(1), [hello({ a: 4 })]);
  });

  it("forgets its epoch when it is told to load anew", () => {
    start();
    newest().accept();
    newest().say({ type: "reload" });
    assert.deepEqual(newest().sent[1], hello({ a: 3 }, null));
  });

  for (const code of [4401, 4403, 4400]) {
    it(`is over after ${code}, and says why`, () => {
      const socket = start();
      newest().accept();
      newest().end(code);
      socket.hurry();
      pass(60_000);
      assert.deepEqual([socket.isOver, lines(), states.at(-1)], [true, 1, "stale"]);
      assert.match(reasons.at(-1) ?? "", /Reload the page/);
    });
  }

  it("is out of date after eight seconds without it, and live again with the server's word", () => {
    const socket = start();
    newest().accept();
    newest().say({ type: "resumed" });
    newest().end(1012);
    assert.deepEqual([socket.isOpen, states.at(-1)], [false, "reconnecting"]);
    pass(9_000);
    assert.equal(states.at(-1), "stale");
    newest().accept();
    newest().say({ type: "snapshot", epoch: "e2", cursors: { c: 1 }, watching: "a" });
    assert.deepEqual([socket.isOpen, states.at(-1)], [true, "live"]);
  });

  it("asks the page itself whether it is signed out when a second handshake fails", async () => {
    const asked: string[] = [];
    Object.assign(globalThis, {
      fetch: (address: string) => {
        asked.push(address);
        return Promise.resolve({ type: "opaqueredirect" });
      },
    });
    const socket = start();
    newest().end(1006);
    assert.deepEqual(asked, []);
    pass(1_000);
    newest().end(1006);
    await new Promise(setImmediate);
    pass(60_000);
    assert.deepEqual([asked, socket.isOver, lines()], [["/dashboard/"], true, 2]);
    assert.match(reasons.at(-1) ?? "", /signed out/);
  });
});
