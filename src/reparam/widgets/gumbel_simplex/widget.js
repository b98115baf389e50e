import { mount } from "../kit/dom.js";
import { drag } from "../kit/drag.js";
import { last } from "../kit/last.js";
import { ease } from "../kit/motion.js";
import { clean, nearestTau, noise, relax, SLIDERS, TAU } from "./model.js";
import { weights } from "./triangle.js";
import { markup, nearest, parts, speech, still } from "./view.js";

const KEYS = ["logits", "tau", "n", "seed", "forward", "density"];

function render({ model, el }) {
  const draws = last(["n", "seed"], noise);
  const relaxed = last(["logits", "n", "seed", "tau"], (state) => relax(state.logits, draws(state), state.tau));
  let followed = 0;
  const self = mount({
    model, el, keys: KEYS, clean, sliders: SLIDERS, markup, speech,
    parts: (state) => parts(state, relaxed(state), followed),
  });
  const { root, on, first, click } = self;
  const play = (seed) => {
    const to = self.state.tau;
    self.play(1100, (t) => ({ tau: t < 1 ? TAU.max * (to / TAU.max) ** ease(t) : to }), { seed });
  };
  click("replay", () => play(first.seed));
  click("new", () => play(self.state.seed + 1));
  const follow = (i) => {
    followed = i;
    self.queue();
  };
  click("follow", () => follow((followed + 1) % self.state.n));

  const area = root.querySelector("[data-area]");
  on(area, "click", (event) => {
    if (event.target.dataset.grip !== undefined) return;
    const box = area.getBoundingClientRect();
    const here = [(1000 * (event.clientX - box.left)) / box.width, (1000 * (event.clientY - box.top)) / box.height];
    follow(nearest(relaxed(self.state), here));
  });
  drag(on, root.querySelector("[data-grip]"), area, (x, y) =>
    self.set({ tau: nearestTau(relaxed(self.state).scores[followed], weights([1000 * x, 1000 * y])) }));
  return self.close;
}

export default { render, still };
