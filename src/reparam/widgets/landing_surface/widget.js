import { mount } from "../kit/dom.js";
import { drag } from "../kit/drag.js";
import { clean, SLIDERS } from "./model.js";
import { markup, parts, speech, still, valueOf } from "./view.js";

const KEYS = ["line", "t", "z"];

function render({ model, el }) {
  const self = mount({ model, el, keys: KEYS, clean, sliders: SLIDERS, markup, parts, speech });
  const { root, on, first, click } = self;
  click("land", () => self.glide(900, { t: 0 }));
  click("reset", () => self.set(first));
  for (const axis of ["z", "t"]) {
    const move = (share) => self.set({ [axis]: Math.round(valueOf(axis, share) * 100) / 100 });
    drag(on, root.querySelector(`[data-grip="${axis}"]`), root.querySelector(`[data-area="${axis}"]`), move);
  }
  return self.close;
}

export default { render, still };
