import { animate, bind, patcher } from "../shared/dom.js";
import { open, unique } from "../shared/page.js";
import { clean, noise, SLIDERS } from "./model.js";
import { markup, parts, speech, still } from "./view.js";

const KEYS = ["log_alpha", "beta", "gamma", "zeta", "n", "seed"];

function render({ model, el }) {
  const first = clean(Object.fromEntries(KEYS.map((key) => [key, model.get(key)])));
  const page = open(el, markup(first, model.get("title"), unique()));
  const { root, on, signal } = page;
  const patch = patcher(root);
  let moment = 1;
  const draw = (state) => patch(parts(state, noise(state), moment));
  const self = bind({ model, page, keys: KEYS, clean, sliders: SLIDERS, draw, speech });

  let run = 0;
  /** Draws the gates one after the other. */
  const play = (seed) => {
    const mine = (run += 1);
    self.set({ seed });
    animate(1100, (t) => {
      if (mine !== run) return;
      moment = t;
      self.queue();
    }, signal);
  };
  on(root.querySelector('[data-action="replay"]'), "click", () => play(self.state.seed));
  on(root.querySelector('[data-action="new"]'), "click", () => play(self.state.seed + 1));
  const finish = () => {
    run += 1;
    moment = 1;
  };
  for (const type of ["input", "change"]) on(root, type, finish, true);
  return page.close;
}

export default { render, still };
