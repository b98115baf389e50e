import { bind, patcher } from "../shared/dom.js";
import { open, unique } from "../shared/page.js";
import { clean, POSTERIOR, SLIDERS } from "./model.js";
import { markup, parts, speech, still } from "./view.js";

const KEYS = ["mu", "sigma", "k"];

function render({ model, el }) {
  const first = clean(Object.fromEntries(KEYS.map((key) => [key, model.get(key)])));
  const page = open(el, markup(first, model.get("title"), unique()));
  const { root, on } = page;
  const patch = patcher(root);
  const self = bind({ model, page, keys: KEYS, clean, sliders: SLIDERS, draw: (s) => patch(parts(s)), speech });
  const click = (action, state) => on(root.querySelector(`[data-action="${action}"]`), "click", () => self.set(state));
  click("exact", POSTERIOR);
  click("reset", first);
  return page.close;
}

export default { render, still };
