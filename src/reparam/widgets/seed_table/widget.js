import { animate, bind, patcher } from "../shared/dom.js";
import { open, unique } from "../shared/page.js";
import { clean, MOST, SLIDERS } from "./model.js";
import { markup, parts, speech, still } from "./view.js";

const KEYS = ["rows", "level_sd", "level_df", "pair_sd", "pair_df", "row", "pairing", "n", "sets", "seed"];
const MANY = 40;

function render({ model, el }) {
  const first = clean(Object.fromEntries(KEYS.map((key) => [key, model.get(key)])));
  const page = open(el, markup(first, model.get("title"), unique()));
  const { root, on, signal } = page;
  const patch = patcher(root);
  const self = bind({ model, page, keys: KEYS, clean, sliders: SLIDERS, draw: (s) => patch(parts(s)), speech });

  let run = 0; // whatever the reader does next ends a run
  for (const type of ["pointerdown", "keydown", "input"]) on(root, type, () => (run += 1));
  /** Shows the sets from one number on; past the last one the noise is new. */
  const play = (from, to, changes = {}) => {
    if (to > MOST.sets) return play(1, to - from + 1, { seed: self.state.seed + 1 });
    const mine = (run += 1);
    self.set({ ...changes, sets: from }, from < to);
    if (from === to) return;
    animate(3000, (t) => {
      if (mine === run) self.set({ sets: Math.round(from + t * (to - from)) }, t < 1);
    }, signal);
  };
  const click = (action, act) => on(root.querySelector(`[data-action="${action}"]`), "click", act);
  click("next", () => play(self.state.sets + 1, self.state.sets + 1));
  click("many", () => play(self.state.sets + 1, self.state.sets + MANY));
  click("replay", () => play(1, self.state.sets));
  click("new", () => play(1, 1, { seed: self.state.seed + 1 }));
  return page.close;
}

export default { render, still };
