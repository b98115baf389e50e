import { bind, patcher } from "../shared/dom.js";
import { open, unique } from "../shared/page.js";
import { clean, SLIDERS } from "./model.js";
import { markup, parts, speech, still } from "./view.js";

const KEYS = ["x", "encoder", "decoder", "eps", "lr"];
const LAST = 5;

function render({ model, el }) {
  const first = clean(Object.fromEntries(KEYS.map((key) => [key, model.get(key)])));
  const page = open(el, markup(first, model.get("title"), unique()));
  const { root, on } = page;
  const patch = patcher(root);
  let at = 0;
  const draw = (state) => patch(parts(state, at));
  const self = bind({ model, page, keys: KEYS, clean, sliders: SLIDERS, draw, speech: (state) => speech(state, at) });

  const [previous, next] = ["previous", "next"].map((action) => root.querySelector(`[data-action="${action}"]`));
  const turn = (step) => {
    at = Math.min(LAST, Math.max(0, at + step));
    // An end is announced, not removed: the focus stays where the reader's hand is.
    previous.setAttribute("aria-disabled", at === 0);
    next.setAttribute("aria-disabled", at === LAST);
    self.set({});
  };
  previous.setAttribute("aria-disabled", true);
  on(previous, "click", () => turn(-1));
  on(next, "click", () => turn(1));
  return page.close;
}

export default { render, still };
