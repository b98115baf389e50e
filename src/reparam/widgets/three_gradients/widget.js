import { animate, bind, patcher } from "../shared/dom.js";
import { open, unique } from "../shared/page.js";
import { clean, measure, noise, SLIDERS, sweep } from "./model.js";
import { markup, parts, speech, still } from "./view.js";

const KEYS = ["cost", "baseline", "k", "mu", "sigma", "offset", "n", "seed"];

function render({ model, el }) {
  const first = clean(Object.fromEntries(KEYS.map((key) => [key, model.get(key)])));
  const page = open(el, markup(first, model.get("title"), unique()));
  const { root, on, signal } = page;
  const patch = patcher(root);
  let share = 1; // of the draws, while they come in

  let [curves, drawn] = [null, ""];
  const draw = (state) => {
    const name = ["cost", "baseline", "mu", "sigma", "offset"].map((key) => state[key]).join();
    if (name !== drawn) [curves, drawn] = [sweep(state), name];
    const shown = Math.max(2, Math.round(state.n ** share));
    patch(parts(state, measure(state, noise(state), Math.min(shown, state.n)), curves));
  };
  const self = bind({ model, page, keys: KEYS, clean, sliders: SLIDERS, draw, speech });

  let run = 0;
  const play = (seed) => {
    const mine = (run += 1);
    self.set({ seed });
    animate(1500, (t) => {
      if (mine !== run) return;
      share = t;
      self.queue();
    }, signal);
  };
  on(root.querySelector('[data-action="replay"]'), "click", () => play(self.state.seed));
  on(root.querySelector('[data-action="new"]'), "click", () => play(self.state.seed + 1));
  return page.close;
}

export default { render, still };
