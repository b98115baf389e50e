import { mount } from "../kit/dom.js";
import { drag } from "../kit/drag.js";
import { clean, SLIDERS } from "./model.js";
import { markup, parts, speech, still, zOf } from "./view.js";

const KEYS = ["mean", "sigma", "mean_p", "sigma_p", "direction"];

function render({ model, el }) {
  const self = mount({ model, el, keys: KEYS, clean, sliders: SLIDERS, markup, parts, speech });
  const { root, on, first, click } = self;
  const glide = (to) => self.glide(700, to);
  click("swap", () => {
    const { mean, sigma, mean_p, sigma_p } = self.state;
    glide({ mean: mean_p, sigma: sigma_p, mean_p: mean, sigma_p: sigma });
  });
  click("match", () => glide({ mean: self.state.mean_p, sigma: self.state.sigma_p }));
  click("reset", () => self.set(first));

  const area = root.querySelector("[data-area]");
  const round = (value) => Math.round(value * 100) / 100;
  drag(on, root.querySelector('[data-grip="q"]'), area, (x) => self.set({ mean: round(zOf(x)) }));
  drag(on, root.querySelector('[data-grip="p"]'), area, (x) => self.set({ mean_p: round(zOf(x)) }));
  return self.close;
}

export default { render, still };
