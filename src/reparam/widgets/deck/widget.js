import { open } from "../kit/page.js";
import { ALL, answer, deal, flatten, flip, recall } from "./model.js";
import { boxes, choices, face, left, markup, still } from "./view.js";

const SHELF = "gradients-through-noise cards";
const KEYS = { f: "flip", 1: "notyet", 2: "knew" };

/** The browser's own store, which may be forbidden or full: then the dates last as long as the page. */
const store = {
  read: () => {
    try {
      return localStorage.getItem(SHELF) ?? "{}";
    } catch {
      return "{}";
    }
  },
  write: (kept) => {
    try {
      localStorage.setItem(SHELF, JSON.stringify(kept));
      return true;
    } catch {
      return false;
    }
  },
};

function render({ model, el }) {
  const decks = model.get("decks");
  const today = () => Math.floor((Date.now() - new Date().getTimezoneOffset() * 60000) / 86400000);
  const cards = flatten(decks);
  let round = deal(cards, recall(store.read(), today()), today());
  const { root, on, close } = open(el, markup(round, decks, model.get("title")));
  const [card, line, bar, note, select] = [".rp-card", ".rp-count", ".rp-boxes", ".rp-keeps", "select"].map((name) => root.querySelector(name));
  const buttons = Object.fromEntries([...root.querySelectorAll("[data-action]")].map((node) => [node.dataset.action, node]));
  let sure = false;

  const show = () => {
    card.innerHTML = face(round, decks);
    card.classList.toggle("rp-flipped", round.flipped);
    line.textContent = left(round);
    bar.innerHTML = boxes(round);
    choices(round, decks).forEach((name, k) => (select.options[k].textContent = name));
    for (const name of ["knew", "notyet"]) buttons[name].setAttribute("aria-disabled", String(!round.flipped));
    buttons.flip.setAttribute("aria-disabled", String(!round.queue.length));
    buttons.forget.textContent = sure ? "Really forget them" : "Forget all dates";
  };
  const again = (early) => (round = deal(cards, round.kept, today(), Number(select.value), early));
  const keep = () => {
    note.textContent = store.write(round.kept) ? "" : "This browser keeps nothing for this page: the dates last until you close it.";
  };
  const actions = {
    flip: () => (round = flip(round)),
    knew: () => ((round = answer(round, true)), keep()),
    notyet: () => ((round = answer(round, false)), keep()),
    early: () => again(true),
    forget: () => {
      if (!sure) return;
      round = deal(cards, {}, today(), Number(select.value));
      keep();
    },
  };
  const act = (name) => {
    actions[name]();
    sure = name === "forget" && !sure;
    show();
  };
  for (const [name, node] of Object.entries(buttons)) on(node, "click", () => act(name));
  on(card, "click", () => act("flip"));
  on(select, "change", () => (again(false), show()));
  on(root, "keydown", (event) => {
    if (event.target === select || event.ctrlKey || event.metaKey || event.altKey || !(event.key in KEYS)) return;
    event.preventDefault();
    act(KEYS[event.key]);
  });
  select.value = String(ALL);
  show();
  return close;
}

export default { render, still };
