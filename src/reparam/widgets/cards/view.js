import { rich } from "../kit/rich.js";
import { escape } from "../kit/text.js";
import { score } from "./model.js";

/** The side that is up, and where the reader stands. */
export function face(cards, deck) {
  const [front, back] = cards[deck.top];
  return `<span class="rp-side">${deck.flipped ? "answer" : "question"}</span><span>${rich(deck.flipped ? back : front)}</span>`;
}

export const count = (deck) => `card ${deck.top + 1} of ${deck.size} · known ${score(deck)}${deck.known[deck.top] ? " · you knew this one" : ""}`;

const button = (action, text) => `<button type="button" class="rp-button" data-action="${action}">${text}</button>`;

export function markup(cards, deck, title) {
  return `<div class="rp-widget rp-cards" role="group" aria-label="${escape(title)}">
    <p class="rp-head"><strong>${rich(title)}</strong><span class="rp-count">${escape(count(deck))}</span></p>
    <div class="rp-card" aria-live="polite">${face(cards, deck)}</div>
    <div class="rp-buttons">${button("previous", "Previous")}${button("flip", "Flip")}${button("next", "Next")}
      <span class="rp-gap"></span>${button("knew", "Knew it")}${button("notyet", "Not yet")}</div></div>`;
}

/** Every card as a definition list. */
export function still({ cards, title }) {
  const items = cards.map(([front, back]) => `<dt>${rich(front)}</dt><dd>${rich(back)}</dd>`).join("");
  return `<div class="rp-widget rp-cards rp-still" role="group" aria-label="${escape(title)}">
    <p class="rp-head"><strong>${rich(title)}</strong><span class="rp-count">${cards.length} cards</span></p><dl>${items}</dl></div>`;
}
