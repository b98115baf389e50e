import { animate, bind, drag, patcher } from "../shared/dom.js";
import { open, unique } from "../shared/page.js";
import { clean, posterior, SLIDERS } from "./model.js";
import { markup, parts, speech, still, zOf } from "./view.js";

const KEYS = ["x", "mean", "log_var", "noise_sd"];

function render({ model, el }) {
  const first = clean(Object.fromEntries(KEYS.map((key) => [key, model.get(key)])));
  const page = open(el, markup(first, model.get("title"), unique()));
  const { root, on, signal } = page;
  const patch = patcher(root);
  const self = bind({ model, page, keys: KEYS, clean, sliders: SLIDERS, draw: (s) => patch(parts(s)), speech });

  let run = 0; // whatever the reader does next ends a glide
  for (const type of ["pointerdown", "keydown", "input"]) on(root, type, () => (run += 1));
  on(root.querySelector('[data-action="solve"]'), "click", () => {
    const mine = (run += 1);
    const [from, to] = [self.state, posterior(self.state)];
    animate(700, (t) => {
      if (mine !== run) return;
      const share = t * t * (3 - 2 * t);
      const between = (key) => from[key] + (to[key] - from[key]) * share;
      self.set(t < 1 ? { mean: between("mean"), log_var: between("log_var") } : to, t < 1);
    }, signal);
  });
  on(root.querySelector('[data-action="reset"]'), "click", () => {
    run += 1;
    self.set(first);
  });

  const area = root.querySelector("[data-area]");
  const round = (value) => Math.round(value * 100) / 100;
  drag(on, root.querySelector('[data-grip="mean"]'), area, (x) => self.set({ mean: round(zOf(x)) }));
  drag(on, root.querySelector('[data-grip="width"]'), area, (x) =>
    self.set({ log_var: round(2 * Math.log(Math.max(1e-3, zOf(x) - self.state.mean))) }));
  return page.close;
}

export default { render, still };
