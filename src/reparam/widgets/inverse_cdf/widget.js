import { mount } from "../kit/dom.js";
import { drag } from "../kit/drag.js";
import { uniforms } from "../kit/rng.js";
import { clean, point, RANGE, SLIDERS } from "./model.js";
import { markup, parts, speech, still, uOf } from "./view.js";

const KEYS = ["family", "theta", "u"];

function render({ model, el }) {
  const self = mount({ model, el, keys: KEYS, clean, sliders: SLIDERS, markup, parts: (s) => parts(s, point(s)), speech });
  const { root, on, click } = self;

  const [low, high] = RANGE.theta;
  click("sweep", () => self.play(3000, (t) => ({ theta: Math.round((low + t * (high - low)) * 100) / 100 })));
  const uniform = uniforms(1);
  click("new", () => self.set({ u: Math.round(uniform() * 1000) / 1000 }));

  drag(on, root.querySelector('[data-grip="u"]'), root.querySelector("[data-area]"), (x, y) => {
    self.set({ u: Math.round(uOf(y) * 1000) / 1000 });
  });
  return self.close;
}

export default { render, still };
