import { animate, bind, patcher } from "../shared/dom.js";
import { open, unique } from "../shared/page.js";
import { clean, sliders, unpack } from "./model.js";
import { markup, parts, speech, still } from "./view.js";

const KEYS = ["epoch", "elbo", "reconstruction", "kl", "side", "count", "frames", "packed", "originals", "name"];

function render({ model, el }) {
  const first = clean(Object.fromEntries(KEYS.map((key) => [key, model.get(key)])));
  const record = unpack(first);
  const last = first.elbo.length;
  const page = open(el, markup(first, record, model.get("title"), unique()));
  const { root, on, signal } = page;
  const patch = patcher(root);
  const self = bind({ model, page, clean, keys: KEYS, sliders: sliders(last), draw: (s) => patch(parts(s, record)), speech });

  const button = root.querySelector('[data-action="play"]');
  let playing = 0; // whatever the reader does next ends the film
  const stop = () => {
    playing += 1;
    button.textContent = "Play";
  };
  const play = () => {
    const mine = (playing += 1);
    const from = self.state.epoch < last ? self.state.epoch : 1;
    button.textContent = "Pause";
    animate(Math.min(12000, 150 * (last - from)), (t) => {
      if (mine !== playing) return;
      self.set({ epoch: from + Math.floor(t * (last - from)) }, t < 1);
      if (t === 1) stop();
    }, signal);
  };
  on(button, "click", () => {
    if (button.textContent === "Play") return play();
    stop();
    self.set({}); // what an animation drew is said and saved once it rests
  });
  const move = (by) => () => {
    stop();
    self.set({ epoch: self.state.epoch + by });
  };
  on(root.querySelector('[data-action="back"]'), "click", move(-1));
  on(root.querySelector('[data-action="forward"]'), "click", move(1));
  for (const type of ["input", "change"]) on(root, type, stop, true);
  return page.close;
}

export default { render, still };
