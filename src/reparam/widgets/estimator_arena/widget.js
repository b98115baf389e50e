import { mount } from "../kit/dom.js";
import { last } from "../kit/last.js";
import { clean, measure, noise, SLIDERS } from "./model.js";
import { markup, parts, plots, speech, still } from "./view.js";

const KEYS = ["ways", "cost", "offset", "categories", "tau", "n", "problem", "seed"];

function render({ model, el }) {
  const draws = last(["seed", "categories"], noise);
  const measured = last(["seed", "categories", "cost", "offset", "tau", "problem"], (state) => measure(state, draws(state)));
  let share = 1; // of the draws, while they come in
  const self = mount({
    model, el, keys: KEYS, clean, sliders: SLIDERS, markup, speech,
    parts: (state) => {
      for (const box of boxes) box.checked = state.ways.includes(box.dataset.way);
      picture.innerHTML = plots(state, measured(state), share);
      return parts(state, measured(state));
    },
  });
  const { root, on, click } = self;
  const picture = root.querySelector(".rp-plots");
  const boxes = [...root.querySelectorAll("[data-way]")];
  for (const box of boxes) {
    on(box, "change", () => {
      const ways = boxes.filter((b) => b.checked).map((b) => b.dataset.way);
      self.set({ ways: ways.length ? ways : self.state.ways }); // one at least stays in the race
    });
  }
  const replay = (changes) => self.play(1500, (t) => void (share = t), changes);
  click("replay", () => replay({}));
  click("noise", () => replay({ seed: self.state.seed + 1 }));
  click("problem", () => replay({ problem: self.state.problem + 1 }));
  return self.close;
}

export default { render, still };
