import { animate, bind, drag, patcher } from "../shared/dom.js";
import { open, unique } from "../shared/page.js";
import { normals } from "../shared/rng.js";
import { clean, RANGE, signal, SLIDERS, step } from "./model.js";
import { markup, parts, speech, still, valueOf } from "./view.js";

const KEYS = ["log_snr", "x0", "eps"];
const round = (x) => Math.round(x * 100) / 100;

function render({ model, el }) {
  const first = clean(Object.fromEntries(KEYS.map((key) => [key, model.get(key)])));
  const page = open(el, markup(first, model.get("title"), unique()));
  const { root, on, signal: gone } = page;
  const patch = patcher(root);
  const self = bind({ model, page, keys: KEYS, clean, sliders: SLIDERS, draw: (s) => patch(parts(s, step(s))), speech });

  const [low, high] = RANGE.log_snr;
  let run = 0;
  on(root.querySelector('[data-action="sweep"]'), "click", () => {
    const mine = (run += 1);
    animate(4000, (t) => {
      if (mine === run) self.set({ log_snr: Math.round((high + t * (low - high)) * 10) / 10 }, t < 1);
    }, gone);
  });
  let seed = 0;
  on(root.querySelector('[data-action="new"]'), "click", () => {
    seed += 1;
    self.set({ eps: round(normals(seed, 1)[0]) });
  });

  const area = root.querySelector("[data-area]");
  drag(on, root.querySelector('[data-grip="x0"]'), area, (x) => self.set({ x0: round(valueOf(x)) }));
  drag(on, root.querySelector('[data-grip="x"]'), area, (x) => {
    const [alpha, sigma] = signal(self.state.log_snr);
    self.set({ eps: round((valueOf(x) - alpha * self.state.x0) / sigma) });
  });
  return page.close;
}

export default { render, still };
