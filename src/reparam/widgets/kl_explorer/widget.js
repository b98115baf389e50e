import { animate, bind, drag, patcher } from "../shared/dom.js";
import { open, unique } from "../shared/page.js";
import { clean, SLIDERS } from "./model.js";
import { markup, parts, speech, still, zOf } from "./view.js";

const KEYS = ["mean", "sigma", "mean_p", "sigma_p", "direction"];

function render({ model, el }) {
  const first = clean(Object.fromEntries(KEYS.map((key) => [key, model.get(key)])));
  const page = open(el, markup(first, model.get("title"), unique()));
  const { root, on, signal } = page;
  const patch = patcher(root);
  const self = bind({ model, page, keys: KEYS, clean, sliders: SLIDERS, draw: (s) => patch(parts(s)), speech });

  let run = 0; // whatever the reader does next ends a glide
  for (const type of ["pointerdown", "keydown", "input"]) on(root, type, () => (run += 1));
  const glide = (to) => {
    const mine = (run += 1);
    const from = self.state;
    animate(700, (t) => {
      if (mine !== run) return;
      const share = t * t * (3 - 2 * t);
      const between = Object.entries(to).map(([key, end]) => [key, from[key] + (end - from[key]) * share]);
      self.set(t < 1 ? Object.fromEntries(between) : to, t < 1);
    }, signal);
  };
  const click = (action, act) => on(root.querySelector(`[data-action="${action}"]`), "click", act);
  click("swap", () => {
    const { mean, sigma, mean_p, sigma_p } = self.state;
    glide({ mean: mean_p, sigma: sigma_p, mean_p: mean, sigma_p: sigma });
  });
  click("match", () => glide({ mean: self.state.mean_p, sigma: self.state.sigma_p }));
  click("reset", () => {
    run += 1;
    self.set(first);
  });

  const area = root.querySelector("[data-area]");
  const round = (value) => Math.round(value * 100) / 100;
  drag(on, root.querySelector('[data-grip="q"]'), area, (x) => self.set({ mean: round(zOf(x)) }));
  drag(on, root.querySelector('[data-grip="p"]'), area, (x) => self.set({ mean_p: round(zOf(x)) }));
  return page.close;
}

export default { render, still };
