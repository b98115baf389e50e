import { bind, calm, patcher } from "../../shared/dom.js";
import { open, unique } from "../../shared/page.js";
import { clean, noise, relax, TAU } from "../model.js";
import { breath, markup, parts, phaseOf, speech, still, trails } from "./view.js";

const KEYS = ["logits", "tau", "n", "seed"];
const BREATH_MS = 16000;

/** Tau breathes while it is seen and nobody touches it. */
function breathe(page, self) {
  const { root, on, signal } = page;
  const button = root.querySelector('[data-action="play"]');
  let [playing, visible, frame, last, phase] = [!calm(), false, 0, 0, phaseOf(self.state.tau)];
  const tick = (now) => {
    // A long pause between frames (a hidden tab) must not become a jump.
    phase += Math.min(50, now - last) / BREATH_MS;
    last = now;
    self.set({ tau: breath(phase) }, true);
    frame = requestAnimationFrame(tick);
  };
  const sync = () => {
    button.textContent = playing ? "Pause" : "Play";
    cancelAnimationFrame(frame);
    last = performance.now();
    if (playing && visible) frame = requestAnimationFrame(tick);
  };
  const toggle = (wanted) => {
    playing = wanted;
    if (wanted) phase = phaseOf(self.state.tau);
    sync();
  };
  on(button, "click", () => toggle(!playing));
  for (const type of ["pointerdown", "keydown", "input"]) {
    on(root.querySelector(".rp-slider"), type, (event) => event.key !== "Tab" && toggle(false));
  }
  const eye = new IntersectionObserver(([entry]) => {
    visible = entry.isIntersecting;
    sync();
  });
  eye.observe(root);
  signal.addEventListener("abort", () => {
    cancelAnimationFrame(frame);
    eye.disconnect();
  });
  sync();
}

function render({ model, el }) {
  const first = clean(Object.fromEntries(KEYS.map((key) => [key, model.get(key)])));
  const page = open(el, markup(first, model.get("title"), unique()));
  const patch = patcher(page.root);
  let [heard, g, r] = ["", null, null];
  let trodden = JSON.stringify([first.seed, first.n, first.logits]);
  const draw = (state) => {
    const key = `${state.seed} ${state.n}`;
    if (key !== heard) [heard, g] = [key, noise(state)];
    r = relax(state.logits, g, state.tau);
    patch(parts(state, r));
    const ground = JSON.stringify([state.seed, state.n, state.logits]);
    if (ground !== trodden) patch(trails(r));
    trodden = ground;
  };
  const self = bind({ model, page, keys: KEYS, clean, sliders: [TAU], draw, speech });
  draw(self.state);
  breathe(page, self);
  return page.close;
}

export default { render, still };
