import { bind, patcher } from "../shared/dom.js";
import { open, unique } from "../shared/page.js";
import { clean, nearest, sliders } from "./model.js";
import { markup, parts, speech, still } from "./view.js";

const KEYS = ["quantity", "shape", "start", "end", "share", "runs"];

function render({ model, el }) {
  const first = clean(Object.fromEntries(KEYS.map((key) => [key, model.get(key)])));
  const page = open(el, markup(first, model.get("title"), unique()));
  const { root, on } = page;
  const patch = patcher(root);
  const self = bind({ model, page, keys: KEYS, clean, sliders: sliders(first), draw: (s) => patch(parts(s)), speech });
  const take = ({ shape, start, end, share }) => self.set({ shape, start, end, share });
  on(root.querySelector('[data-action="reset"]'), "click", () => take(first));
  const next = root.querySelector('[data-action="next"]');
  // From a schedule of the reader's own the first stop is the run nearest to it.
  if (next) {
    on(next, "click", () => {
      const { k, far } = nearest(self.state);
      take(self.state.runs[far < 1e-9 ? (k + 1) % self.state.runs.length : k]);
    });
  }
  return page.close;
}

export default { render, still };
