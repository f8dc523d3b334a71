import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { asCallHeaders, asVariables, taken, variableName, withPassed } from "../../frontend/widget/values";

const OWN = '[{"name": "X-User-Tier", "value": "Enterprise"}]';
const TAKES = ["user_tier", "order_number"];
const list = (attribute: string) => JSON.parse(attribute) as { name: string; value: string }[];

describe("the name of a variable", () => {
  for (const name of ["X-User-Tier", "x-user-tier", "user-tier", "user_tier", " User-Tier "]) {
    it(`of “${name}” is user_tier`, () => {
      assert.equal(variableName(name), "user_tier");
    });
  }
});

describe("what a website passes", () => {
  it("takes the place of the widget's own value", () => {
    assert.deepEqual(list(withPassed(OWN, { "user-tier": "Free" })), [{ name: "X-User-Tier", value: "Free" }]);
  });

  it("stands beside the widget's own values", () => {
    const both = list(withPassed(OWN, { "order-number": "A-17" }));
    assert.deepEqual(both[1], { name: "X-Order-Number", value: "A-17" });
  });

  for (const passed of [null, undefined, "text", 7, [], { "user-tier": 7 }, { "user-tier": { a: 1 } }, { "user-tier": " {} \u202e" }, { "": "x" }]) {
    it(`changes nothing when it is ${JSON.stringify(passed)}`, () => {
      assert.deepEqual(list(withPassed(OWN, passed)), list(OWN));
    });
  }

  it("is not read without end", () => {
    const many = Object.fromEntries(Array.from({ length: 500 }, (_, number) => [`n${number}`, "x"]));
    assert.equal(list(withPassed("[]", many)).length, 40);
  });
});

describe("what leaves the page", () => {
  it("is what the widget takes and nothing else", () => {
    const attribute = withPassed(OWN, { "order-number": "A-17", company: "Evil", session_ticket: "forged", "telnyx-x": "y" });
    assert.deepEqual(asVariables(taken(attribute, TAKES)), { user_tier: "Enterprise", order_number: "A-17" });
  });

  const table: [string, string, string][] = [
    ["braces", "{{order}} {x}", "order x"],
    ["control characters", "a\nb\u0000c", "a b c"],
    ["direction characters", "abc\u202edef\u2066", "abcdef"],
    ["hidden tags", "a\u{e0041}b", "ab"],
    ["a lone surrogate", "a\ud800b", "ab"],
    ["too much", "🙂".repeat(300), "🙂".repeat(200)],
  ];
  for (const [what, value, expected] of table) {
    it(`is without ${what}`, () => {
      assert.equal(taken(withPassed("[]", { "order-number": value }), TAKES)[0]?.value, expected);
    });
  }

  it("keeps joiners that a script needs", () => {
    assert.equal(taken(withPassed("[]", { "order-number": "می\u200cخواهم" }), TAKES)[0]?.value, "می\u200cخواهم");
  });

  it("travels with the call only where a header can hold it", () => {
    const told = taken(withPassed(OWN, { "order-number": "Größe" }), TAKES);
    assert.deepEqual(asCallHeaders(told), [{ name: "X-User-Tier", value: "Enterprise" }]);
    assert.deepEqual(asVariables(told), { user_tier: "Enterprise", order_number: "Größe" });
  });

  it("names no property of an object", () => {
    const told = asVariables(taken(withPassed("[]", JSON.parse('{"__proto__": "x", "constructor": "y"}')), ["constructor", "__proto__"]));
    assert.equal(({} as Record<string, unknown>)["x"], undefined);
    assert.equal(told["constructor"], "y");
  });
});
