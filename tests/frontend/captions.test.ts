import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { Captions, type Frame } from "../../frontend/widget/captions";

const shown = (captions: Captions) => captions.list.map(({ role, text }) => `${role}: ${text}`);

const utterance = (id: string, text: string): Frame => ({
  type: "conversation.item.created",
  item: { id, type: "message", role: "user", status: "completed", content: [{ transcript: text }] },
});

const delta = (id: string, text: string): Frame => ({ type: "response.text.delta", item_id: id, delta: text });

describe("frames of the SDK", () => {
  it("appends the deltas of one answer and calls it partial until it is done", () => {
    const captions = new Captions();
    captions.fromFrame(delta("a", "Hello"));
    captions.fromFrame(delta("a", " there"));
    assert.deepEqual(shown(captions), ["assistant: Hello there"]);
    assert.equal(captions.list[0]?.isPartial, true);

    captions.fromFrame({ type: "response.done" });
    assert.equal(captions.list[0]?.isPartial, false);
  });

  it("takes content as a bare string as well", () => {
    const captions = new Captions();
    captions.fromFrame({ type: "conversation.item.created", item: { id: "1", type: "message", role: "user", content: "Yes" } });
    assert.deepEqual(shown(captions), ["prospect: Yes"]);
  });

  it("replaces an utterance that is sent again", () => {
    const captions = new Captions();
    captions.fromFrame(utterance("1", "Jo"));
    captions.fromFrame(utterance("1", "Jordan"));
    assert.deepEqual(shown(captions), ["prospect: Jordan"]);
  });

  for (const frame of [
    { type: "conversation.item.created", item: { type: "function_call" } },
    { type: "response.text.delta" },
    { type: "widget_settings" },
    utterance("1", ""),
    {},
  ]) {
    it(`ignores ${JSON.stringify(frame)}`, () => {
      const captions = new Captions();
      assert.equal(captions.fromFrame(frame), null);
      assert.deepEqual(captions.list, []);
    });
  }
});

describe("the server's turns", () => {
  it("replace ours once they are as many", () => {
    const captions = new Captions();
    captions.fromFrame(delta("a", "Helo"));
    captions.fromServer([]);
    assert.deepEqual(shown(captions), ["assistant: Helo"]);

    captions.fromServer([{ id: "0", role: "assistant", text: "Hello" }]);
    assert.deepEqual(shown(captions), ["assistant: Hello"]);
  });

  it("are told once each, and again when one has grown", () => {
    const captions = new Captions();
    captions.fromServer([{ id: "0", role: "assistant", text: "Hello" }]);
    assert.deepEqual(captions.news().map(({ text }) => text), ["Hello"]);
    assert.deepEqual(captions.news(), []);

    captions.fromServer([{ id: "0", role: "assistant", text: "Hello you" }]);
    assert.deepEqual(captions.news().map(({ text }) => text), ["Hello you"]);
  });
});

describe("a typed line", () => {
  it("is shown at once and settles when the other side has it", () => {
    const captions = new Captions();
    captions.typed("Jane");
    assert.equal(captions.list[0]?.isPending, true);

    captions.fromServer([{ id: "0", role: "prospect", text: "Jane" }]);
    assert.deepEqual(captions.list.map(({ text, isPending }) => [text, isPending]), [["Jane", false]]);
  });

  it("stays pending although the same words were said before", () => {
    const captions = new Captions();
    captions.fromServer([{ id: "0", role: "prospect", text: "Yes" }]);
    captions.typed("Yes");
    captions.fromServer([{ id: "0", role: "prospect", text: "Yes" }]);
    assert.deepEqual(captions.list.map(({ isPending }) => isPending), [false, true]);
  });

  it("is taken back when it could not be sent", () => {
    const captions = new Captions();
    captions.typed("Jane");
    captions.untyped("Jane");
    assert.deepEqual(captions.list, []);
  });

  it("stays as unread when nobody on the line reads, and is told to nobody", () => {
    const captions = new Captions();
    captions.typed("Jane");
    captions.unreadable("Jane");
    captions.fromServer([{ id: "0", role: "prospect", text: "Jane" }]);
    assert.deepEqual(captions.list.map(({ text, isUnread }) => [text, isUnread ?? false]), [["Jane", true], ["Jane", false]]);
    assert.deepEqual(captions.news().map(({ key }) => key), ["turn-0"]);
  });
});

it("keeps a note where it happened", () => {
  const captions = new Captions();
  captions.fromServer([{ id: "0", role: "assistant", text: "Hello" }]);
  captions.note("Alice joined");
  captions.note("Alice joined");
  captions.fromServer([{ id: "0", role: "assistant", text: "Hello" }, { id: "1", role: "prospect", text: "Hi" }]);
  assert.deepEqual(shown(captions), ["assistant: Hello", "note: Alice joined", "prospect: Hi"]);
});

describe("the assistant's second run", () => {
  const hello = { id: "0", role: "assistant", text: "Hello" } as const;
  const again = { id: "10000", role: "assistant", text: "Hello again" } as const;

  it("follows the first one and what happened between", () => {
    const captions = new Captions();
    captions.fromServer([hello]);
    captions.note("Alice joined");
    captions.note("Back with the assistant");
    captions.fromServer([hello, again]);
    assert.deepEqual(shown(captions), ["assistant: Hello", "note: Alice joined", "note: Back with the assistant", "assistant: Hello again"]);
  });

  it("stays in its place when the first one is completed late", () => {
    const captions = new Captions();
    captions.fromServer([hello]);
    captions.note("Alice joined");
    captions.fromServer([hello, again]);
    const before = captions.list.map(({ key }) => key);
    captions.fromServer([hello, { id: "1", role: "prospect", text: "Hi" }, again]);
    assert.deepEqual(shown(captions), ["assistant: Hello", "note: Alice joined", "prospect: Hi", "assistant: Hello again"]);
    assert.deepEqual(captions.list.map(({ key }) => key).filter((key) => before.includes(key)), before);
  });

  it("is shown after frames that told more of the first one than the server did", () => {
    const captions = new Captions();
    captions.fromFrame(utterance("1", "Yes"));
    captions.fromFrame(utterance("2", "Please"));
    captions.fromServer([{ id: "0", role: "prospect", text: "Yes" }, again]);
    assert.deepEqual(shown(captions), ["prospect: Yes", "prospect: Please", "assistant: Hello again"]);
  });

  it("may tell of the same person twice", () => {
    const captions = new Captions();
    captions.note("Alice joined");
    captions.fromServer([again]);
    captions.note("Alice joined");
    assert.deepEqual(shown(captions), ["note: Alice joined", "assistant: Hello again", "note: Alice joined"]);
  });
});

describe("what only this page has heard", () => {
  it("is passed on once, and again when it has grown", () => {
    const captions = new Captions();
    captions.fromFrame(delta("a", "Hello"));
    assert.deepEqual(captions.heard(), [{ position: 0, role: "assistant", text: "Hello" }]);
    assert.deepEqual(captions.heard(), []);

    captions.fromFrame(delta("a", " there"));
    assert.deepEqual(captions.heard(), [{ position: 0, role: "assistant", text: "Hello there" }]);
  });

  it("leaves out what the server knows", () => {
    const captions = new Captions();
    captions.fromFrame(delta("a", "Hello"));
    captions.fromFrame(utterance("1", "Yes"));
    captions.fromServer([{ id: "0", role: "assistant", text: "Hello" }]);
    assert.deepEqual(captions.heard(), [{ position: 1, role: "prospect", text: "Yes" }]);
  });
});
