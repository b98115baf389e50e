import { mount } from "../kit/dom.js";
import { last } from "../kit/last.js";
import { clean, measure, noise, SLIDERS, sweep } from "./model.js";
import { markup, parts, speech, still } from "./view.js";

const KEYS = ["cost", "baseline", "k", "mu", "sigma", "offset", "n", "seed"];

function render({ model, el }) {
  const draws = last(["seed", "n"], noise);
  const curves = last(["cost", "baseline", "mu", "sigma", "offset"], (state) => sweep(state));
  let share = 1; // of the draws, while they come in
  const self = mount({
    model, el, keys: KEYS, clean, sliders: SLIDERS, markup, speech,
    parts: (state) => {
      const shown = Math.max(2, Math.round(state.n ** share));
      return parts(state, measure(state, draws(state), Math.min(shown, state.n)), curves(state));
    },
  });
  const play = (seed) => self.play(1500, (t) => void (share = t), { seed });
  self.click("replay", () => play(self.state.seed));
  self.click("new", () => play(self.state.seed + 1));
  return self.close;
}

export default { render, still };
