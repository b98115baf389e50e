import { mount } from "../kit/dom.js";
import { clean, MOST, SLIDERS, solve, TAU } from "./model.js";
import { markup, parts, speech, still } from "./view.js";

const KEYS = ["scores", "tau", "n_iters", "noise", "seed"];

function render({ model, el }) {
  const self = mount({ model, el, keys: KEYS, clean, sliders: SLIDERS, markup, parts: (s) => parts(s, solve(s)), speech });
  const { root, on, first, click } = self;
  const count = (to, changes) => self.play(1600, (t) => ({ n_iters: Math.round(t * to) }), changes);
  let goal = first.n_iters; // a replay that is cut short by another one still knows where it was going
  for (const type of ["input", "change"]) on(root, type, () => (goal = self.state.n_iters));
  click("replay", () => count(goal || MOST));
  click("cool", () => {
    const from = Math.max(1, self.state.tau);
    self.play(2600, (t) => ({ tau: from * (TAU.min / from) ** t }));
  });
  click("new", () => count(goal, { noise: "on", seed: self.state.seed + (self.state.noise === "on" ? 1 : 0) }));
  return self.close;
}

export default { render, still };
