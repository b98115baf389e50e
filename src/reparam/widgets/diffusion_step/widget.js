import { mount } from "../kit/dom.js";
import { drag } from "../kit/drag.js";
import { normals } from "../kit/rng.js";
import { clean, RANGE, signal, SLIDERS, step } from "./model.js";
import { markup, parts, speech, still, valueOf } from "./view.js";

const KEYS = ["log_snr", "x0", "eps"];
const round = (x) => Math.round(x * 100) / 100;

function render({ model, el }) {
  const self = mount({ model, el, keys: KEYS, clean, sliders: SLIDERS, markup, parts: (s) => parts(s, step(s)), speech });
  const { root, on, click } = self;

  const [low, high] = RANGE.log_snr;
  click("sweep", () => self.play(4000, (t) => ({ log_snr: Math.round((high + t * (low - high)) * 10) / 10 })));
  let seed = 0;
  click("new", () => {
    seed += 1;
    self.set({ eps: round(normals(seed, 1)[0]) });
  });

  const area = root.querySelector("[data-area]");
  drag(on, root.querySelector('[data-grip="x0"]'), area, (x) => self.set({ x0: round(valueOf(x)) }));
  drag(on, root.querySelector('[data-grip="x"]'), area, (x) => {
    const [alpha, sigma] = signal(self.state.log_snr);
    self.set({ eps: round((valueOf(x) - alpha * self.state.x0) / sigma) });
  });
  return self.close;
}

export default { render, still };
