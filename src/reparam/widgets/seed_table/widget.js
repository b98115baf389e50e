import { mount } from "../kit/dom.js";
import { clean, MOST, SLIDERS } from "./model.js";
import { markup, parts, speech, still } from "./view.js";

const KEYS = ["rows", "level_sd", "level_df", "pair_sd", "pair_df", "row", "pairing", "n", "sets", "seed"];
const MANY = 40;

function render({ model, el }) {
  const self = mount({ model, el, keys: KEYS, clean, sliders: SLIDERS, markup, parts, speech });
  const { click } = self;
  /** Shows the sets from one number on; past the last one the noise is new. */
  const play = (from, to, changes) => {
    if (to > MOST.sets) return play(1, to - from + 1, { seed: self.state.seed + 1 });
    self.play(from < to ? 3000 : 0, (t) => ({ sets: Math.round(from + t * (to - from)) }), { ...changes, sets: from });
  };
  click("next", () => play(self.state.sets + 1, self.state.sets + 1));
  click("many", () => play(self.state.sets + 1, self.state.sets + MANY));
  click("replay", () => play(1, self.state.sets));
  click("new", () => play(1, 1, { seed: self.state.seed + 1 }));
  return self.close;
}

export default { render, still };
