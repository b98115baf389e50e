import { animate, bind, patcher } from "../shared/dom.js";
import { open, unique } from "../shared/page.js";
import { clean, measure, noise, SLIDERS } from "./model.js";
import { markup, parts, plots, speech, still } from "./view.js";

const KEYS = ["ways", "cost", "offset", "categories", "tau", "n", "problem", "seed"];

function render({ model, el }) {
  const first = clean(Object.fromEntries(KEYS.map((key) => [key, model.get(key)])));
  const page = open(el, markup(first, model.get("title"), unique()));
  const { root, on, signal } = page;
  const patch = patcher(root);
  const boxes = [...root.querySelectorAll("[data-way]")];
  let [heard, draws, ran, r, share, runs] = ["", null, "", null, 1, 0];
  const draw = (state) => {
    const key = `${state.seed} ${state.categories}`;
    if (key !== heard) [heard, draws] = [key, noise(state)];
    const all = [key, state.cost, state.offset, state.tau, state.problem].join();
    if (all !== ran) [ran, r] = [all, measure(state, draws)];
    for (const box of boxes) box.checked = state.ways.includes(box.dataset.way);
    root.querySelector(".rp-plots").innerHTML = plots(state, r, share);
    patch(parts(state, r));
  };
  const self = bind({ model, page, keys: KEYS, clean, sliders: SLIDERS, draw, speech });
  for (const box of boxes) {
    on(box, "change", () => {
      const ways = boxes.filter((b) => b.checked).map((b) => b.dataset.way);
      self.set({ ways: ways.length ? ways : self.state.ways }); // one at least stays in the race
    });
  }
  const act = (name, change) => on(root.querySelector(`[data-action="${name}"]`), "click", () => {
    const mine = (runs += 1);
    self.set(change(self.state));
    animate(1500, (t) => {
      if (mine !== runs) return;
      share = t;
      self.queue();
    }, signal);
  });
  act("replay", () => ({}));
  act("noise", ({ seed }) => ({ seed: seed + 1 }));
  act("problem", ({ problem }) => ({ problem: problem + 1 }));
  return page.close;
}

export default { render, still };
