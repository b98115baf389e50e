import assert from "node:assert/strict";
import { test } from "node:test";
import { ALL, WAIT, answer, count, deal, flatten, flip, recall } from "../../src/reparam/widgets/deck/model.js";
import { boxes, choices, face, markup, still } from "../../src/reparam/widgets/deck/view.js";

const DECKS = [
  { title: "One & two", cards: [["a", "front a", "back x_{i}"], ["b", "front b", "a < b"]] },
  { title: "Three", cards: [["c", "front c", "back c"]] },
];
const CARDS = flatten(DECKS);
const ids = (round) => round.queue.map(({ id }) => id).join("");
const say = (round, knew) => answer(flip(round), knew);

test("a card climbs the boxes on the days that the page states", () => {
  let [kept, day] = [{}, 100];
  for (const wait of [1, 2, 4, 8, 16, 16]) {
    const round = deal(CARDS, kept, day, 1);
    assert.equal(ids(round), "c");
    kept = say(round, true).kept;
    assert.equal(kept.c[1], day + wait);
    assert.equal(ids(deal(CARDS, kept, day + wait - 1, 1)), "", "not a day early");
    day += wait;
  }
  assert.deepEqual(say(deal(CARDS, kept, day, 1), false).kept.c, [0, day], "one slip and it begins again");
});

test("what was not known comes back in the same round, after the others", () => {
  const round = say(deal(CARDS, {}, 5), false);
  assert.equal(ids(round), "bca");
  assert.equal(ids(say(say(round, true), true)), "a");
  assert.equal(ids(say(say(deal(CARDS, {}, 5, 1), false), true)), "", "a lone card, too");
});

test("an answer counts only once the card is turned over, and not before its day", () => {
  const round = deal(CARDS, {}, 5);
  assert.equal(answer(round, true), round);
  const early = deal(CARDS, { a: [3, 9] }, 5, ALL, true);
  assert.equal(ids(early), "abc");
  assert.deepEqual(say(early, true).kept, { a: [3, 9] });
  assert.deepEqual(say(early, false).kept, { a: [0, 5] });
  const done = deal([], {}, 5);
  assert.equal(flip(done), done);
  assert.equal(answer({ ...done, flipped: false }, true).queue.length, 0);
});

test("cards that were due first are asked first, new ones last", () => {
  assert.equal(ids(deal(CARDS, { b: [1, 4], c: [2, 3] }, 5)), "cba");
  assert.deepEqual(count(deal(CARDS, { b: [1, 7], c: [2, 3] }, 5), ALL), { size: 3, boxes: [1, 1, 1, 0, 0, 0], due: 2, next: 0 });
});

test("whatever a browser has kept, only sound dates are taken", () => {
  for (const text of ["", "null", "[]", "7", "{", '{"a": 1, "b": [9, 1], "c": [1.5, 2], "d": [1, -1], "e": [1, null], "f": [1]}']) {
    assert.deepEqual(recall(text, 100), {}, text);
  }
  assert.deepEqual(recall('{"a": [2, 99999], "b": [5, 3]}', 100), { a: [2, 116], b: [5, 3] }, "a clock that was wrong delays no card for years");
});

test("every state has words, and texts are escaped", () => {
  let round = deal(CARDS, {}, 5);
  assert.match(face(round, DECKS), /One &amp; two, question/);
  assert.match(face(flip(round), DECKS), /back x<sub>i<\/sub>/);
  assert.deepEqual(choices(round, DECKS), ["All chapters (3 of 3 due)", "One & two (2 of 2 due)", "Three (1 of 1 due)"]);
  assert.equal(boxes(round).match(/<strong>/g).length, WAIT.length);
  for (let k = 0; k < 3; k++) round = say(round, true);
  assert.match(face(round, DECKS), /Nothing is due\. The next card returns tomorrow/);
  assert.match(face({ ...round, kept: { a: [2, 8], b: [2, 8], c: [2, 8] } }, DECKS), /in 3 days/);
  for (const text of [markup(round, DECKS, "Deck"), still({ decks: DECKS, title: "Deck" })]) {
    assert.doesNotMatch(text, /undefined|NaN|Infinity|a < b/);
  }
  assert.equal(still({ decks: DECKS, title: "Deck" }).match(/<td>/g).length, 2 * CARDS.length);
});
