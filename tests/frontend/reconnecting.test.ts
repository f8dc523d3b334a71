import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it, mock } from "node:test";

import { ReconnectingSocket, SILENCE_MS, type Message } from "../../frontend/shared/reconnecting";
import { lines, newest, online, pass, prepare, restore } from "./server_side";

interface Told {
  opened: number;
  received: Message[];
  lost: [number, boolean][];
}

let told: Told;
let comesBack = true;

function start(): ReconnectingSocket {
  told = { opened: 0, received: [], lost: [] };
  comesBack = true;
  return new ReconnectingSocket("/ws/x/", {
    opened: () => (told.opened += 1),
    received: (message) => told.received.push(message),
    lost: (code, wasOpen) => {
      told.lost.push([code, wasOpen]);
      return comesBack;
    },
  });
}

beforeEach(prepare);
afterEach(restore);

describe("a line that comes back", () => {
  it("goes to the page's own host", () => {
    start();
    assert.equal(newest().url.href, "wss://host.example/ws/x/");
  });

  it("waits twice as long after each failure, up to fifteen seconds", () => {
    start();
    for (const [index, pause] of [1_000, 2_000, 4_000, 8_000, 15_000, 15_000].entries()) {
      newest().end(1006);
      pass(pause - 1);
      assert.equal(lines(), index + 1);
      pass(1);
      assert.equal(lines(), index + 2);
    }
  });

  it("spreads its pauses", () => {
    for (const [drawn, pause] of [[0, 750], [1, 1_250]] as const) {
      mock.method(Math, "random", () => drawn);
      const line = start();
      const before = lines();
      newest().end(1006);
      pass(pause - 1);
      assert.equal(lines(), before);
      pass(1);
      assert.equal(lines(), before + 1);
      line.close();
    }
  });

  it("begins with the shortest pause again only when the server answered as it should", () => {
    const line = start();
    newest().end(1006);
    pass(1_000);
    newest().accept();
    newest().end(1006);
    pass(1_000);
    assert.equal(lines(), 2);
    pass(1_000);
    assert.equal(lines(), 3);
    newest().accept();
    line.well();
    assert.equal(line.failures, 0);
    newest().end(1006);
    pass(1_000);
    assert.equal(lines(), 4);
  });

  it("says whether the handshake was made", () => {
    start();
    newest().end(1006);
    pass(1_000);
    newest().accept();
    newest().end(4000);
    assert.deepEqual(told.lost, [[1006, false], [4000, true]]);
  });

  it("stays away when coming back is of no use", () => {
    const line = start();
    newest().accept();
    comesBack = false;
    newest().end(4401);
    online();
    line.hurry();
    pass(60_000);
    assert.equal(lines(), 1);
  });

  it("stays away, and is silent, once it was closed", () => {
    const line = start();
    newest().accept();
    line.close();
    newest().say({ type: "late" });
    newest().end(1006);
    online();
    pass(60_000);
    assert.equal(newest().closedWith, 1000);
    assert.deepEqual([lines(), told.received, told.lost], [1, [], []]);
  });

  it("closed during its pause it does not come back", () => {
    const line = start();
    newest().end(1006);
    line.close();
    pass(60_000);
    assert.equal(lines(), 1);
  });
});

describe("silence", () => {
  it("is a loss after 25 s, told once, whatever the old line says later", () => {
    start();
    const first = newest();
    first.accept();
    pass(SILENCE_MS);
    assert.deepEqual(told.lost, []);
    pass(1_000);
    assert.deepEqual(told.lost, [[1006, true]]);
    first.say({ type: "late" });
    first.end(1006);
    pass(1_000);
    assert.deepEqual([told.lost.length, told.received.length, lines()], [1, 0, 2]);
  });

  it("begins anew with every word, also with one that cannot be read", () => {
    start();
    newest().accept();
    for (const word of [{ type: "ping" }, "not json", "null", { type: "ping" }]) {
      pass(20_000);
      newest().say(word);
    }
    pass(20_000);
    assert.deepEqual([told.lost.length, told.received.length], [0, 2]);
  });

  it("ends a handshake that nobody answers", () => {
    start();
    pass(SILENCE_MS + 1_000);
    assert.deepEqual(told.lost, [[1006, false]]);
    pass(1_000);
    assert.equal(lines(), 2);
  });
});

describe("a network that is back", () => {
  it("is used at once, and the pause is not run out as well", () => {
    start();
    newest().end(1006);
    online();
    assert.equal(lines(), 2);
    pass(20_000);
    assert.equal(lines(), 2);
  });

  it("does not disturb a line that works or is just being opened", () => {
    const line = start();
    online();
    assert.equal(lines(), 1);
    newest().accept();
    line.well();
    online();
    line.hurry();
    assert.equal(lines(), 1);
  });

  it("replaces a line whose server has not answered yet", () => {
    const line = start();
    const first = newest();
    first.accept();
    line.hurry();
    assert.deepEqual([lines(), first.closedWith, told.lost.length], [2, 1000, 0]);
  });
});

it("what is said without a line is not kept for later", () => {
  const line = start();
  line.send({ type: "early" });
  newest().accept();
  line.send({ type: "now" });
  assert.deepEqual(newest().sent, [{ type: "now" }]);
});
