// When somebody was heard, and how long it was silent when the speaker changed.

import assert from "node:assert/strict";
import test from "node:test";

import { Sounds, type Heard } from "../../frontend/shared/heard";

const SHIFT = 5_000; // the page's clock runs ahead of the sound's

/** Ten-millisecond frames of a conversation: [from, to] are the stretches in which something is heard. */
function listen(stretches: [number, number][], until: number, late: (at: number) => number = () => 0): Sounds {
  const sounds = new Sounds();
  let wasLoud = false;
  for (let at = 0; at < until; at += 10) {
    const isLoud = stretches.some(([from, to]) => at >= from && at < to);
    const heard: Heard = { startMs: at, endMs: at + 10, isLoud };
    if (isLoud !== wasLoud || at % 250 === 0) sounds.take(heard, at + 10 + SHIFT + late(at));
    wasLoud = isLoud;
  }
  return sounds;
}

const change = (sounds: Sounds, joining: number, joined: number, now: number) => {
  const told = sounds.change(joining + SHIFT, joined + SHIFT, now + SHIFT);
  return { heardAt: told.heardAt === null ? null : told.heardAt - SHIFT, silenceMs: told.silenceMs };
};

test("the silence between the last word of one and the first of the other", () => {
  const sounds = listen([[0, 1_000], [1_240, 3_000]], 3_000);

  assert.deepEqual(change(sounds, 1_100, 1_200, 3_000), { heardAt: 1_240, silenceMs: 240 });
});

test("the closer may be heard before the page is told that they are there", () => {
  const sounds = listen([[0, 1_000], [1_240, 3_000]], 3_000);

  assert.deepEqual(change(sounds, 1_100, 1_500, 3_000), { heardAt: 1_240, silenceMs: 240 });
});

test("one voice that goes over into the other leaves no silence", () => {
  const sounds = listen([[0, 3_000]], 3_000);

  assert.deepEqual(change(sounds, 1_100, 1_300, 3_000), { heardAt: 1_300, silenceMs: 0 });
});

test("the closer's own breath afterwards is not dead air", () => {
  const sounds = listen([[0, 1_000], [1_100, 1_500], [2_500, 4_000]], 4_000);

  assert.deepEqual(change(sounds, 1_000, 1_200, 4_000), { heardAt: 1_100, silenceMs: 100 });
});

test("a short sound of the old voice while the lines are being joined does not shorten the silence", () => {
  const sounds = listen([[0, 1_000], [1_120, 1_150], [1_900, 4_000]], 4_000);

  assert.deepEqual(change(sounds, 1_100, 1_300, 4_000), { heardAt: 1_900, silenceMs: 750 });
});

test("while the closer is silent the silence grows, and nobody was heard", () => {
  const sounds = listen([[0, 1_000]], 3_000);

  assert.deepEqual(change(sounds, 1_100, 1_200, 3_000), { heardAt: null, silenceMs: 2_000 });
});

test("where nobody was heard before there is no silence to speak of", () => {
  const sounds = listen([[2_000, 3_000]], 3_000);

  assert.deepEqual(change(sounds, 1_100, 1_200, 3_000), { heardAt: 2_000, silenceMs: null });
});

test("frames that a busy page is told late keep their place", () => {
  const sounds = listen([[0, 1_000], [1_240, 3_000]], 3_000, (at) => (at >= 900 && at < 2_000 ? 400 : 0));

  assert.deepEqual(change(sounds, 1_100, 1_200, 3_000), { heardAt: 1_240, silenceMs: 240 });
});

test("after the sound stood still its clock is read anew", () => {
  const sounds = listen([[0, 500], [2_000, 3_000]], 3_000, (at) => (at >= 1_000 ? 60_000 : 0));

  assert.equal(sounds.firstSince(1_000 + SHIFT), 62_000 + SHIFT);
});

test("the first sound since a moment, also in the middle of one", () => {
  const sounds = listen([[0, 1_000], [2_000, 3_000]], 3_000);

  assert.equal(sounds.firstSince(500 + SHIFT), 500 + SHIFT);
  assert.equal(sounds.firstSince(1_500 + SHIFT), 2_000 + SHIFT);
  assert.equal(listen([[0, 1_000]], 2_000).firstSince(1_500 + SHIFT), null);
});

test("what was heard minutes ago is forgotten", () => {
  const sounds = listen([[0, 1_000], [200_000, 201_000]], 201_500);

  assert.equal(sounds.firstSince(0 + SHIFT), 200_000 + SHIFT);
});
