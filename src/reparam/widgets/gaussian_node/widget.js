import { mount } from "../kit/dom.js";
import { drag } from "../kit/drag.js";
import { last } from "../kit/last.js";
import { ease } from "../kit/motion.js";
import { clean, estimate, noise, SLIDERS } from "./model.js";
import { markup, parts, speech, still, zOf } from "./view.js";

const KEYS = ["mu", "sigma", "cost", "estimator", "n", "seed"];

function render({ model, el }) {
  const draws = last(["seed", "n"], noise);
  let fallen = 1; // how far the samples have fallen onto their axis
  const self = mount({
    model, el, keys: KEYS, clean, sliders: SLIDERS, markup, speech,
    parts: (state) => parts(state, estimate(state, draws(state)), fallen),
  });
  const { root, on, first, click } = self;
  const play = (seed) => self.play(900, (t) => void (fallen = ease(t)), { seed });
  click("replay", () => play(first.seed));
  click("new", () => play(self.state.seed + 1));

  const area = root.querySelector("[data-area]");
  const round = (x) => Math.round(x * 100) / 100;
  drag(on, root.querySelector('[data-grip="mu"]'), area, (x) => self.set({ mu: round(zOf(x)) }));
  drag(on, root.querySelector('[data-grip="sigma"]'), area, (x) => self.set({ sigma: round(zOf(x) - self.state.mu) }));
  return self.close;
}

export default { render, still };
