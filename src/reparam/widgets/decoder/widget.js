import { bind, drag, patcher } from "../shared/dom.js";
import { open, unique } from "../shared/page.js";
import { clean, decode, prior, sliders, unpack } from "./model.js";
import { latent, markup, parts, speech, still } from "./view.js";

const KEYS = ["z1", "z2", "seed", "extent", "size", "packed", "shapes", "precision", "activation", "means", "labels"];
const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

function render({ model, el }) {
  const first = clean(Object.fromEntries(KEYS.map((key) => [key, model.get(key)])));
  const layers = unpack(first);
  const pixels = (s) => decode(layers, s.activation, [s.z1, s.z2]);
  const page = open(el, markup(first, pixels(first), model.get("title"), unique()));
  const { root, on } = page;
  const patch = patcher(root);
  const self = bind({
    model, page, clean, keys: KEYS, sliders: sliders(first.extent),
    draw: (s) => patch(parts(s, pixels(s))),
    speech: (s) => speech(s, pixels(s)),
  });
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
  on(root.querySelector('[data-action="replay"]'), "click", () => self.set({ z1: first.z1, z2: first.z2, seed: first.seed }));
  on(root.querySelector('[data-action="new"]'), "click", () => {
    const seed = self.state.seed + 1;
    const [z1, z2] = prior(seed);
    self.set({ z1, z2, seed });
  });
  return page.close;
}

export default { render, still };
