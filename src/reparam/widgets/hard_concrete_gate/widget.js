import { mount } from "../kit/dom.js";
import { last } from "../kit/last.js";
import { clean, noise, SLIDERS } from "./model.js";
import { markup, parts, speech, still } from "./view.js";

const KEYS = ["log_alpha", "beta", "gamma", "zeta", "n", "seed"];

function render({ model, el }) {
  const draws = last(["n", "seed"], noise);
  let moment = 1; // the gates are drawn one after the other
  const self = mount({
    model, el, keys: KEYS, clean, sliders: SLIDERS, markup, speech,
    parts: (state) => parts(state, draws(state), moment),
  });
  const play = (seed) => self.play(1100, (t) => void (moment = t), { seed });
  self.click("replay", () => play(self.state.seed));
  self.click("new", () => play(self.state.seed + 1));
  return self.close;
}

export default { render, still };
