// What keeps a stranger's text from turning ours around; the same table as tests/dashboard/test_isolation.py.

import assert from "node:assert/strict";
import test from "node:test";

import { contained, isolated } from "../../frontend/shared/isolation";

const HOSTILE = "\u05d0\u2069\u202eevil";

const CONTAINED: [string, string][] = [
  ["Ada", "Ada"],
  ["\u202eabc", "\u202eabc"],
  ["a\u2069b", "ab"],
  ["\u2068\u05d0\u2069b", "\u2068\u05d0\u2069b"],
  ["\u2067a\u2069b\u2069c\u2066", "\u2067a\u2069bc\u2066"],
  ["a\u2029b\x85c\x1cd\ne", "a b c d\ne"],
];

const ISOLATED: [string, string][] = [
  ["Ada O’Neill", "Ada O’Neill"],
  ["\u202eabc", "abc"],
  ["\u05d0", "\u2068\u05d0\u2069"],
  [HOSTILE, "\u2068\u05d0evil\u2069"],
  ["\u0661", "\u2068\u0661\u2069"],
  ["a\u2029b", "a b"],
];

for (const [text, kept] of CONTAINED) {
  test(`${JSON.stringify(text)} stays within its element`, () => assert.equal(contained(text), kept));
}
for (const [text, shown] of ISOLATED) {
  test(`${JSON.stringify(text)} is isolated where no element can stand`, () => assert.equal(isolated(text), shown));
}
