import { animate, bind, drag, patcher } from "../shared/dom.js";
import { open, unique } from "../shared/page.js";
import { clean, nearestTau, noise, relax, SLIDERS, TAU } from "./model.js";
import { weights } from "./triangle.js";
import { markup, nearest, parts, speech, still } from "./view.js";

const KEYS = ["logits", "tau", "n", "seed", "forward", "density"];

function render({ model, el }) {
  const first = clean(Object.fromEntries(KEYS.map((key) => [key, model.get(key)])));
  const page = open(el, markup(first, model.get("title"), unique()));
  const { root, on, signal } = page;
  const patch = patcher(root);
  let [followed, r] = [0, null];
  const draw = (state) => {
    r = relax(state.logits, noise(state), state.tau);
    patch(parts(state, r, followed));
  };
  const self = bind({ model, page, keys: KEYS, clean, sliders: SLIDERS, draw, speech });
  draw(self.state);

  let run = 0;
  const play = (seed) => {
    const mine = (run += 1);
    const to = self.state.tau;
    self.set({ seed });
    animate(1100, (t) => {
      if (mine === run) self.set({ tau: t < 1 ? TAU.max * (to / TAU.max) ** (t * t * (3 - 2 * t)) : to }, true);
    }, signal);
  };
  const stop = () => (run += 1);
  for (const type of ["pointerdown", "keydown"]) on(root.querySelector(".rp-controls"), type, stop, true);
  on(root.querySelector('[data-action="replay"]'), "click", () => play(first.seed));
  on(root.querySelector('[data-action="new"]'), "click", () => play(self.state.seed + 1));
  const follow = (i) => {
    followed = i;
    self.queue();
  };
  on(root.querySelector('[data-action="follow"]'), "click", () => follow((followed + 1) % self.state.n));

  const area = root.querySelector("[data-area]");
  on(area, "click", (event) => {
    if (event.target.dataset.grip !== undefined) return;
    const box = area.getBoundingClientRect();
    follow(nearest(r, [(1000 * (event.clientX - box.left)) / box.width, (1000 * (event.clientY - box.top)) / box.height]));
  });
  drag(on, root.querySelector("[data-grip]"), area, (x, y) => {
    stop();
    self.set({ tau: nearestTau(r.scores[followed], weights([1000 * x, 1000 * y])) });
  });
  return page.close;
}

export default { render, still };
