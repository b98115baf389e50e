import { animate, bind, patcher } from "../shared/dom.js";
import { open, unique } from "../shared/page.js";
import { clean, MOST, SLIDERS, solve, TAU } from "./model.js";
import { markup, parts, speech, still } from "./view.js";

const KEYS = ["scores", "tau", "n_iters", "noise", "seed"];

function render({ model, el }) {
  const first = clean(Object.fromEntries(KEYS.map((key) => [key, model.get(key)])));
  const page = open(el, markup(first, model.get("title"), unique()));
  const { root, on, signal } = page;
  const patch = patcher(root);
  const self = bind({ model, page, keys: KEYS, clean, sliders: SLIDERS, draw: (s) => patch(parts(s, solve(s))), speech });

  let run = 0; // whatever the reader does next ends a glide
  const glide = (ms, step, end) => {
    const mine = (run += 1);
    animate(ms, (t) => {
      if (mine === run) self.set(t < 1 ? step(t) : end, t < 1);
    }, signal);
  };
  const count = (to) => glide(1600, (t) => ({ n_iters: Math.round(t * to) }), { n_iters: to });
  const act = (name, listener) => on(root.querySelector(`[data-action="${name}"]`), "click", listener);
  let goal = first.n_iters; // a replay that is cut short by another one still knows where it was going
  act("replay", () => count(goal || MOST));
  act("cool", () => {
    const from = Math.max(1, self.state.tau);
    glide(2600, (t) => ({ tau: from * (TAU.min / from) ** t }), { tau: TAU.min });
  });
  act("new", () => {
    self.set({ noise: "on", seed: self.state.seed + (self.state.noise === "on" ? 1 : 0) });
    count(goal);
  });
  for (const type of ["input", "change"]) {
    on(root, type, () => {
      run += 1;
      goal = self.state.n_iters;
    });
  }
  return page.close;
}

export default { render, still };
