import { animate, bind, drag, patcher } from "../shared/dom.js";
import { open, unique } from "../shared/page.js";
import { clean, estimate, noise, SLIDERS } from "./model.js";
import { markup, parts, speech, still, zOf } from "./view.js";

const KEYS = ["mu", "sigma", "cost", "estimator", "n", "seed"];

function render({ model, el }) {
  const first = clean(Object.fromEntries(KEYS.map((key) => [key, model.get(key)])));
  const page = open(el, markup(first, model.get("title"), unique()));
  const { root, on, signal } = page;
  const patch = patcher(root);
  let fallen = 1;
  const draw = (state) => patch(parts(state, estimate(state, noise(state)), fallen));
  const self = bind({ model, page, keys: KEYS, clean, sliders: SLIDERS, draw, speech });

  let run = 0;
  const play = (seed) => {
    const mine = (run += 1);
    self.set({ seed });
    animate(900, (t) => {
      if (mine !== run) return;
      fallen = t * t * (3 - 2 * t);
      self.queue();
    }, signal);
  };
  on(root.querySelector('[data-action="replay"]'), "click", () => play(first.seed));
  on(root.querySelector('[data-action="new"]'), "click", () => play(self.state.seed + 1));

  const area = root.querySelector("[data-area]");
  const round = (x) => Math.round(x * 100) / 100;
  drag(on, root.querySelector('[data-grip="mu"]'), area, (x) => self.set({ mu: round(zOf(x)) }));
  drag(on, root.querySelector('[data-grip="sigma"]'), area, (x) => self.set({ sigma: round(zOf(x) - self.state.mu) }));
  return page.close;
}

export default { render, still };
