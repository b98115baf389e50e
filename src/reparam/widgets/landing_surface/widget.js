import { animate, bind, drag, patcher } from "../shared/dom.js";
import { open, unique } from "../shared/page.js";
import { clean, SLIDERS } from "./model.js";
import { markup, parts, speech, still, valueOf } from "./view.js";

const KEYS = ["line", "t", "z"];

function render({ model, el }) {
  const first = clean(Object.fromEntries(KEYS.map((key) => [key, model.get(key)])));
  const page = open(el, markup(first, model.get("title"), unique()));
  const { root, on, signal } = page;
  const patch = patcher(root);
  const self = bind({ model, page, keys: KEYS, clean, sliders: SLIDERS, draw: (s) => patch(parts(s)), speech });

  let run = 0; // whatever the reader does next ends a glide
  for (const type of ["pointerdown", "keydown", "input"]) on(root, type, () => (run += 1));
  const click = (action, act) => on(root.querySelector(`[data-action="${action}"]`), "click", act);
  click("land", () => {
    const mine = (run += 1);
    const from = self.state.t;
    animate(900, (u) => {
      if (mine === run) self.set({ t: from * (1 - u * u * (3 - 2 * u)) }, u < 1);
    }, signal);
  });
  click("reset", () => {
    run += 1;
    self.set(first);
  });
  for (const axis of ["z", "t"]) {
    const move = (share) => self.set({ [axis]: Math.round(valueOf(axis, share) * 100) / 100 });
    drag(on, root.querySelector(`[data-grip="${axis}"]`), root.querySelector(`[data-area="${axis}"]`), move);
  }
  return page.close;
}

export default { render, still };
