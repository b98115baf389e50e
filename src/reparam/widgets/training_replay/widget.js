import { mount } from "../kit/dom.js";
import { clean, sliders, unpack } from "./model.js";
import { markup, parts, speech, still } from "./view.js";

const KEYS = ["epoch", "elbo", "reconstruction", "kl", "side", "count", "frames", "packed", "originals", "name"];

function render({ model, el }) {
  let record = null; // the images, the same for every state
  const self = mount({
    model, el, clean, keys: KEYS, sliders: (first) => sliders(first.elbo.length), speech,
    markup: (first, title, id) => markup(first, (record = unpack(first)), title, id),
    parts: (s) => parts(s, record),
  });
  const last = self.first.elbo.length;
  const button = self.root.querySelector('[data-action="play"]');
  const play = () => {
    const from = self.state.epoch < last ? self.state.epoch : 1;
    button.textContent = "Pause";
    self.play(Math.min(12000, 150 * (last - from)), (t) => {
      if (t === 1) button.textContent = "Play"; // at the end, or where the reader ends it
      return { epoch: from + Math.floor(t * (last - from)) };
    });
  };
  const move = (by) => () => self.set({ epoch: self.state.epoch + by });
  self.click("play", () => (button.textContent === "Play" ? play() : self.set({})));
  self.click("back", move(-1));
  self.click("forward", move(1));
  return self.close;
}

export default { render, still };
