import { mount } from "../kit/dom.js";
import { clean, nearest, sliders } from "./model.js";
import { markup, parts, speech, still } from "./view.js";

const KEYS = ["quantity", "shape", "start", "end", "share", "runs"];

function render({ model, el }) {
  const self = mount({ model, el, keys: KEYS, clean, sliders, markup, parts, speech });
  const { first, click } = self;
  const take = ({ shape, start, end, share }) => self.set({ shape, start, end, share });
  click("reset", () => take(first));
  // From a schedule of the reader's own the first stop is the run nearest to it.
  if (first.runs.length) {
    click("next", () => {
      const { k, far } = nearest(self.state);
      take(self.state.runs[far < 1e-9 ? (k + 1) % self.state.runs.length : k]);
    });
  }
  return self.close;
}

export default { render, still };
