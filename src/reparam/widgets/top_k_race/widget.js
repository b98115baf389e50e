import { animate, bind, patcher } from "../shared/dom.js";
import { open, unique } from "../shared/page.js";
import { clean, noise, run, sliders } from "./model.js";
import { markup, parts, speech, still } from "./view.js";

const KEYS = ["logits", "k", "count", "n", "seed"];

function render({ model, el }) {
  const first = clean(Object.fromEntries(KEYS.map((key) => [key, model.get(key)])));
  const page = open(el, markup(first, model.get("title"), unique()));
  const { root, on, signal } = page;
  const patch = patcher(root);
  let [heard, g, ran, r, moment] = ["", null, "", null, 1];
  const draw = (state) => {
    const key = `${state.n} ${state.seed}`;
    if (key !== heard) [heard, g] = [key, noise(state)];
    const all = `${key} ${state.k} ${state.logits}`;
    if (all !== ran) [ran, r] = [all, run(state.logits, state.k, g)];
    patch(parts(state, r, moment));
  };
  const self = bind({ model, page, keys: KEYS, clean, sliders: sliders(first.logits.length), draw, speech });

  let started = 0;
  /** Runs the last race before the reader's eyes; the counts follow when it is over. */
  const race = (changes) => {
    const mine = (started += 1);
    self.set(changes);
    animate(1400, (t) => {
      if (mine !== started) return;
      moment = t;
      self.queue();
    }, signal);
  };
  const act = (name, change) => on(root.querySelector(`[data-action="${name}"]`), "click", () => race(change()));
  act("once", () => ({ n: self.state.n + 1 }));
  act("most", () => ({ n: self.state.n + 1000 }));
  act("replay", () => ({}));
  act("again", () => ({ n: 1, seed: first.seed }));
  act("new", () => ({ seed: self.state.seed + 1 }));
  const finish = () => {
    started += 1;
    moment = 1;
  };
  for (const type of ["input", "change"]) on(root, type, finish, true);
  return page.close;
}

export default { render, still };
