// Which refusals of a call mean that all lines are busy.

import assert from "node:assert/strict";
import test from "node:test";

import { limitCode } from "../../frontend/shared/limits";

const TABLE: [string | undefined, string][] = [
  ["User channel limit exceeded D1", "D1"],
  ["Outbound profile channel limit exceeded D2", "D2"],
  ["Connection channel limit exceeded D3.", "D3"],
  ["channel limit (D22)", "D22"],
  ["D10", "D10"],
  ["Too many calls per second P05", "P05"],
  ["CALL_REJECTED", ""],
  ["Country not whitelisted D13", ""],
  ["Caller id invalid D35", ""],
  ["D1 is not at the end", ""],
  ["XD1", ""],
  ["", ""],
  [undefined, ""],
];

for (const [reason, code] of TABLE) test(`${reason} is ${code || "no limit"}`, () => assert.equal(limitCode(reason), code));
