import { mount } from "../kit/dom.js";
import { drag } from "../kit/drag.js";
import { clean, decode, prior, sliders, unpack } from "./model.js";
import { latent, markup, parts, speech, still } from "./view.js";

const KEYS = ["z1", "z2", "seed", "extent", "size", "packed", "shapes", "precision", "activation", "means", "labels"];
const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

function render({ model, el }) {
  let layers = null; // the weights, the same for every state
  const pixels = (s) => decode((layers ??= unpack(s)), s.activation, [s.z1, s.z2]);
  const self = mount({
    model, el, clean, keys: KEYS, sliders: (first) => sliders(first.extent),
    markup: (first, title, id) => markup(first, pixels(first), title, id),
    parts: (s) => parts(s, pixels(s)),
    speech: (s) => speech(s, pixels(s)),
  });
  const { root, on, first } = self;
  const move = ([z1, z2]) => self.set({ z1, z2 });

  const area = root.querySelector("[data-area]");
  drag(on, area, area, (x, y) => move(latent(self.state, x, y)));
  on(area, "pointerdown", () => area.focus({ preventScroll: true }));
  on(area, "keydown", (event) => {
    const step = STEPS[event.key];
    if (!step) return;
    event.preventDefault();
    const size = event.shiftKey ? 0.5 : 0.1;
    move([self.state.z1 + size * step[0], self.state.z2 + size * step[1]].map((v) => Math.round(v * 100) / 100));
  });
  self.click("replay", () => self.set({ z1: first.z1, z2: first.z2, seed: first.seed }));
  self.click("new", () => {
    const seed = self.state.seed + 1;
    const [z1, z2] = prior(seed);
    self.set({ z1, z2, seed });
  });
  return self.close;
}

export default { render, still };
