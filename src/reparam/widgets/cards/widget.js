import { open } from "../kit/page.js";
import { ACTIONS, deal } from "./model.js";
import { count, face, markup, still } from "./view.js";

function render({ model, el }) {
  const cards = model.get("cards");
  let deck = deal(cards.length);
  const { root, on, close } = open(el, markup(cards, deck, model.get("title")));
  const [card, line] = [".rp-card", ".rp-count"].map((name) => root.querySelector(name));
  const act = (action) => {
    deck = ACTIONS[action](deck);
    card.innerHTML = face(cards, deck);
    card.classList.toggle("rp-flipped", deck.flipped);
    line.textContent = count(deck);
  };
  for (const button of root.querySelectorAll("[data-action]")) on(button, "click", () => act(button.dataset.action));
  on(card, "click", () => act("flip"));
  return close;
}

export default { render, still };
