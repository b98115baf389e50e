import { mount } from "../kit/dom.js";
import { last } from "../kit/last.js";
import { clean, noise, run, sliders } from "./model.js";
import { markup, parts, speech, still } from "./view.js";

const KEYS = ["logits", "k", "count", "n", "seed"];

function render({ model, el }) {
  const draws = last(["n", "seed"], noise);
  const result = last(["n", "seed", "k", "logits"], (state) => run(state.logits, state.k, draws(state)));
  let moment = 1; // of the last race, run before the reader's eyes; the counts follow when it is over
  const self = mount({
    model, el, keys: KEYS, clean, sliders: (first) => sliders(first.logits.length), markup, speech,
    parts: (state) => parts(state, result(state), moment),
  });
  const { first, click } = self;
  const race = (changes) => self.play(1400, (t) => void (moment = t), changes);
  click("once", () => race({ n: self.state.n + 1 }));
  click("most", () => race({ n: self.state.n + 1000 }));
  click("replay", () => race({}));
  click("again", () => race({ n: 1, seed: first.seed }));
  click("new", () => race({ seed: self.state.seed + 1 }));
  return self.close;
}

export default { render, still };
