import { rich } from "../kit/rich.js";
import { escape } from "../kit/text.js";
import { ALL, WAIT, count, flatten } from "./model.js";

const days = (n) => (n === 1 ? "tomorrow" : `in ${n} days`);
const button = (action, text) => `<button type="button" class="rp-button" data-action="${action}">${text}</button>`;

/** The side that is up, or the end of the round. */
export function face(round, decks) {
  const [top] = round.queue;
  if (!top) {
    const { due, next } = count(round, round.chapter);
    return `<span>${due ? "That was all." : `Nothing is due. The next card returns ${days(next)}.`}</span>`;
  }
  return `<span class="rp-side">${rich(decks[top.chapter].title)}, ${round.flipped ? "answer" : "question"}</span>
    <span>${rich(round.flipped ? top.back : top.front)}</span>`;
}

/** The names in the list of chapters, with what is due in each. */
export const choices = (round, decks) =>
  [ALL, ...decks.keys()].map((chapter) => {
    const { due, size } = count(round, chapter);
    return `${chapter === ALL ? "All chapters" : decks[chapter].title} (${due} of ${size} due)`;
  });

/** The boxes as words. */
export function boxes(round) {
  const names = WAIT.map((wait, box) => (box ? `${wait} ${wait === 1 ? "day" : "days"}` : "new or not known"));
  return count(round, round.chapter).boxes.map((n, box) => `<span>${names[box]} <strong>${n}</strong></span>`).join("");
}

export const left = (round) => (round.queue.length ? `${round.queue.length} left in this round` : "the round is over");

export function markup(round, decks, title) {
  const options = choices(round, decks).map((name, k) => `<option value="${k - 1}">${escape(name)}</option>`);
  return `<div class="rp-widget rp-deck" role="group" aria-label="${escape(title)}">
    <p class="rp-head"><strong>${rich(title)}</strong><span class="rp-count">${left(round)}</span></p>
    <label class="rp-choice"><span class="rp-name">chapter</span><select class="rp-select">${options.join("")}</select></label>
    <div class="rp-card" aria-live="polite">${face(round, decks)}</div>
    <div class="rp-buttons">${button("flip", "Turn over")}<span class="rp-gap"></span>${button("notyet", "Not yet")}${button("knew", "Knew it")}</div>
    <p class="rp-boxes">${boxes(round)}</p>
    <div class="rp-buttons">${button("early", "Ask all, due or not")}${button("forget", "Forget all dates")}</div>
    <p class="rp-note rp-keeps"></p></div>`;
}

/** Every card, a row each: the sheet to print and cut. */
export function still({ decks, title }) {
  const rows = decks.map(
    (deck) => `<tbody><tr><th colspan="2" scope="rowgroup">${rich(deck.title)}</th></tr>${deck.cards
      .map(([, front, back]) => `<tr><td>${rich(front)}</td><td>${rich(back)}</td></tr>`)
      .join("")}</tbody>`,
  );
  return `<div class="rp-widget rp-deck rp-still" role="group" aria-label="${escape(title)}">
    <p class="rp-head"><strong>${rich(title)}</strong><span class="rp-count">${flatten(decks).length} cards</span></p>
    <div class="rp-sheet"><table><thead><tr><th scope="col">Question</th><th scope="col">Answer</th></tr></thead>${rows.join("")}</table></div></div>`;
}
