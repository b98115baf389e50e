import { animate, bind, patcher } from "../shared/dom.js";
import { open, unique } from "../shared/page.js";
import { clean, SLIDERS, STEPS } from "./model.js";
import { markup, parts, speech, still } from "./view.js";

const KEYS = ["target", "estimator", "step", "lr", "sigma", "seed"];

function render({ model, el }) {
  const first = clean(Object.fromEntries(KEYS.map((key) => [key, model.get(key)])));
  const page = open(el, markup(first, model.get("title"), unique()));
  const { root, on, signal } = page;
  const patch = patcher(root);
  const self = bind({ model, page, keys: KEYS, clean, sliders: SLIDERS, draw: (s) => patch(parts(s)), speech });

  let run = 0; // whatever the reader does next ends a run
  for (const type of ["pointerdown", "keydown", "input"]) on(root, type, () => (run += 1));
  const play = (from, changes = {}) => {
    const mine = (run += 1);
    self.set({ ...changes, step: from });
    animate(4000 * (1 - from / STEPS), (t) => {
      if (mine === run) self.set({ step: Math.round(from + t * (STEPS - from)) }, t < 1);
    }, signal);
  };
  const click = (action, act) => on(root.querySelector(`[data-action="${action}"]`), "click", act);
  click("run", () => play(self.state.step % STEPS));
  click("replay", () => play(0));
  click("new", () => play(0, { seed: self.state.seed + 1 }));
  click("step", () => {
    run += 1;
    self.set({ step: (self.state.step + 1) % (STEPS + 1) });
  });
  return page.close;
}

export default { render, still };
