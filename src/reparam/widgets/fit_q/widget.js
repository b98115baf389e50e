import { mount } from "../kit/dom.js";
import { clean, SLIDERS, STEPS } from "./model.js";
import { markup, parts, speech, still } from "./view.js";

const KEYS = ["target", "estimator", "step", "lr", "sigma", "seed"];

function render({ model, el }) {
  const self = mount({ model, el, keys: KEYS, clean, sliders: SLIDERS, markup, parts, speech });
  const { click } = self;
  const play = (from, changes) => {
    const step = (t) => ({ step: Math.round(from + t * (STEPS - from)) });
    self.play(4000 * (1 - from / STEPS), step, { ...changes, step: from });
  };
  click("run", () => play(self.state.step % STEPS));
  click("replay", () => play(0));
  click("new", () => play(0, { seed: self.state.seed + 1 }));
  click("step", () => self.set({ step: (self.state.step + 1) % (STEPS + 1) }));
  return self.close;
}

export default { render, still };
