import { animate, bind, drag, patcher } from "../shared/dom.js";
import { open, unique } from "../shared/page.js";
import { uniforms } from "../shared/rng.js";
import { clean, point, RANGE, SLIDERS } from "./model.js";
import { markup, parts, speech, still, uOf } from "./view.js";

const KEYS = ["family", "theta", "u"];

function render({ model, el }) {
  const first = clean(Object.fromEntries(KEYS.map((key) => [key, model.get(key)])));
  const page = open(el, markup(first, model.get("title"), unique()));
  const { root, on, signal } = page;
  const patch = patcher(root);
  const self = bind({ model, page, keys: KEYS, clean, sliders: SLIDERS, draw: (s) => patch(parts(s, point(s))), speech });

  const [low, high] = RANGE.theta;
  let run = 0;
  on(root.querySelector('[data-action="sweep"]'), "click", () => {
    const mine = (run += 1);
    animate(3000, (t) => {
      if (mine === run) self.set({ theta: Math.round((low + t * (high - low)) * 100) / 100 }, t < 1);
    }, signal);
  });
  const uniform = uniforms(1);
  on(root.querySelector('[data-action="new"]'), "click", () => self.set({ u: Math.round(uniform() * 1000) / 1000 }));

  drag(on, root.querySelector('[data-grip="u"]'), root.querySelector("[data-area]"), (x, y) => {
    self.set({ u: Math.round(uOf(y) * 1000) / 1000 });
  });
  return page.close;
}

export default { render, still };
