import { mount } from "../kit/dom.js";
import { clean, SLIDERS, STEPS } from "./model.js";
import { markup, parts, speech, still } from "./view.js";

const KEYS = ["estimator", "step", "lr", "seed"];

function render({ model, el }) {
  const self = mount({ model, el, keys: KEYS, clean, sliders: SLIDERS, markup, parts, speech });
  const play = (seed) => self.play(4000, (t) => ({ step: Math.round(t * STEPS) }), { seed });
  self.click("replay", () => play(self.state.seed));
  self.click("new", () => play(self.state.seed + 1));
  return self.close;
}

export default { render, still };
