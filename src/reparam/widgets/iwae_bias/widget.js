import { mount } from "../kit/dom.js";
import { clean, POSTERIOR, SLIDERS } from "./model.js";
import { markup, parts, speech, still } from "./view.js";

const KEYS = ["mu", "sigma", "k"];

function render({ model, el }) {
  const { first, set, click, close } = mount({ model, el, keys: KEYS, clean, sliders: SLIDERS, markup, parts, speech });
  click("exact", () => set(POSTERIOR));
  click("reset", () => set(first));
  return close;
}

export default { render, still };
