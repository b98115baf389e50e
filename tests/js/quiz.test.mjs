import assert from "node:assert/strict";
import { test } from "node:test";

import { ACTIONS, deal, score } from "../../src/reparam/widgets/cards/model.js";
import { count, face, markup as deckMarkup, still as deckStill } from "../../src/reparam/widgets/cards/view.js";
import { mark } from "../../src/reparam/widgets/quiz/model.js";
import { feedback, markup, still } from "../../src/reparam/widgets/quiz/view.js";
import { sound } from "./near.mjs";

const blank = { title: "Question", kind: "check", choices: [], answer: null, tolerance: 0, relative: false, hints: [], explanation: "" };
const choice = {
  ...blank, question: "Is a < b & `c`?",
  choices: [{ text: "yes", correct: true, feedback: "*indeed*" }, { text: "no", correct: false, feedback: "look at x_{i}" }],
};
const number = { ...blank, question: "Var z?", answer: 0.25, tolerance: 0.01, hints: [[0.5, "that is sigma"]], explanation: "s^{2}" };

test("choices are marked with their reasons", () => {
  assert.deepEqual(mark(choice, 0), { right: true, text: "*indeed*" });
  assert.equal(mark(choice, 1).right, false);
  for (const none of [-1, undefined, 7]) assert.equal(mark(choice, none).right, null);
});

test("numbers are marked within their tolerance", () => {
  for (const text of ["0.25", "0,25", "1/4", "2.5e-1", "0.26", "0,24"]) assert.equal(mark(number, text).right, true, text);
  for (const text of ["0.2601", "0.2399", "-0.25", "25"]) assert.equal(mark(number, text).right, false, text);
  for (const text of ["", "a quarter", "1/0"]) assert.equal(mark(number, text).right, null, text);
  assert.equal(mark(number, "0.5").text, "that is sigma");
  assert.equal(mark(number, "7").text, "");
});

test("a relative tolerance is a share of the answer, also below zero", () => {
  const quiz = { ...number, answer: -200, tolerance: 0.05, relative: true };
  for (const [text, right] of [["-209", true], ["-191", true], ["-211", false], ["200", false]]) assert.equal(mark(quiz, text).right, right, text);
  assert.equal(mark({ ...number, answer: 0.1 + 0.2, tolerance: 0 }, "0.3").right, true);
});

test("the verdict is said in words; a prediction is noted first", () => {
  assert.match(feedback(choice, mark(choice, 0)), /Right\..*<em>indeed<\/em>/);
  assert.match(feedback(choice, mark(choice, 1)), /Not quite\..*x<sub>i<\/sub>/);
  assert.match(feedback({ ...choice, kind: "predict" }, mark(choice, 1)), /Noted\..*run or read on.*Not quite/);
  assert.equal(feedback(choice, mark(choice, -1)), "Choose an answer first.");
});

test("a quiz is drawn live and still, and texts cannot become markup", () => {
  for (const quiz of [choice, number, { ...choice, kind: "predict" }]) {
    for (const live of ["", "x"]) sound(markup(quiz, quiz.title, live), quiz.question);
    const page = still(quiz);
    assert.match(page, /<details><summary>Answer<\/summary>/);
    assert.doesNotMatch(page, /<input|<button/);
  }
  assert.match(still(number), /0\.25.*s<sup>2<\/sup>/s);
  const nasty = "<img src=x onerror=alert(1)>";
  const quiz = { ...blank, title: nasty, question: nasty, choices: [{ text: nasty, correct: true, feedback: nasty }] };
  for (const page of [still(quiz), markup(quiz, nasty, "x"), feedback(quiz, mark(quiz, 0)), deckStill({ title: nasty, cards: [[nasty, nasty]] })]) {
    assert.doesNotMatch(page, /<img/);
  }
});

const play = (size, ...actions) => actions.reduce((deck, action) => ACTIONS[action](deck), deal(size));

test("a deck turns in both directions", () => {
  assert.equal(play(3, "next", "next", "next").top, 0);
  assert.equal(play(3, "previous").top, 2);
  assert.equal(play(3, "flip").flipped, true);
  assert.equal(play(3, "flip", "next").flipped, false);
  assert.equal(play(1, "next").top, 0);
});

test("known cards are left out until all are known; not yet takes it back", () => {
  const deck = play(3, "knew", "notyet");
  assert.equal(deck.top, 2);
  assert.equal(play(3, "knew", "notyet", "notyet").top, 1);
  assert.equal(score(play(3, "knew", "knew", "knew")), 3);
  assert.equal(score(play(1, "knew", "notyet")), 0);
  assert.equal(play(3, "knew", "knew", "knew").top, 0);
});

test("a deck is drawn live and still", () => {
  const cards = [["`a` < b", "*c*"], ["d", "e"]];
  sound(deckMarkup(cards, deal(2), "Deck"), "live");
  sound(face(cards, play(2, "flip")) + count(play(2, "knew", "previous")), "face");
  const page = deckStill({ cards, title: "Deck" });
  sound(page, "still");
  assert.match(page, /<dl>.*<code>a<\/code> &lt; b.*<em>c<\/em>/s);
});
