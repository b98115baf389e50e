import { mount } from "../kit/dom.js";
import { last } from "../kit/last.js";
import { clean, noise, run, SLIDERS } from "./model.js";
import { markup, parts, speech, still } from "./view.js";

const KEYS = ["logits", "law", "n", "seed"];

function render({ model, el }) {
  const draws = last(["law", "n", "seed"], noise);
  const result = last(["law", "n", "seed", "logits"], (state) => run(state.logits, state.law, draws(state)));
  let moment = 1; // of the last race, run before the reader's eyes; the counts follow when it is over
  const self = mount({
    model, el, keys: KEYS, clean, sliders: SLIDERS, markup, speech,
    parts: (state) => parts(state, result(state), moment),
  });
  const { first, click } = self;
  const race = (changes) => self.play(1100, (t) => void (moment = t), changes);
  click("once", () => race({ n: self.state.n + 1 }));
  click("many", () => race({ n: self.state.n + 100 }));
  click("most", () => race({ n: self.state.n + 1000 }));
  click("replay", () => race({}));
  click("again", () => race({ n: 1, seed: first.seed }));
  click("new", () => race({ seed: self.state.seed + 1 }));
  return self.close;
}

export default { render, still };
