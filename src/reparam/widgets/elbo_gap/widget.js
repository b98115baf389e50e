import { mount } from "../kit/dom.js";
import { drag } from "../kit/drag.js";
import { clean, posterior, SLIDERS } from "./model.js";
import { markup, parts, speech, still, zOf } from "./view.js";

const KEYS = ["x", "mean", "log_var", "noise_sd"];

function render({ model, el }) {
  const self = mount({ model, el, keys: KEYS, clean, sliders: SLIDERS, markup, parts, speech });
  const { root, on, first, click } = self;
  click("solve", () => self.glide(700, posterior(self.state)));
  click("reset", () => self.set(first));

  const area = root.querySelector("[data-area]");
  const round = (value) => Math.round(value * 100) / 100;
  drag(on, root.querySelector('[data-grip="mean"]'), area, (x) => self.set({ mean: round(zOf(x)) }));
  drag(on, root.querySelector('[data-grip="width"]'), area, (x) =>
    self.set({ log_var: round(2 * Math.log(Math.max(1e-3, zOf(x) - self.state.mean))) }));
  return self.close;
}

export default { render, still };
