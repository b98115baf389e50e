import { mount } from "../../kit/dom.js";
import { last } from "../../kit/last.js";
import { calm } from "../../kit/motion.js";
import { clean, noise, relax, TAU } from "../model.js";
import { breath, markup, parts, phaseOf, speech, still, trails } from "./view.js";

const KEYS = ["logits", "tau", "n", "seed"];
const BREATH_MS = 16000;

/** Tau breathes while it is seen and nobody touches it. */
function breathe(self) {
  const { root, on, signal } = self;
  const button = root.querySelector('[data-action="play"]');
  let [playing, visible, frame, before, phase] = [!calm(), false, 0, 0, phaseOf(self.state.tau)];
  const tick = (now) => {
    // A long pause between frames (a hidden tab) must not become a jump.
    phase += Math.min(50, now - before) / BREATH_MS;
    before = now;
    self.show({ tau: breath(phase) });
    frame = requestAnimationFrame(tick);
  };
  const sync = () => {
    button.textContent = playing ? "Pause" : "Play";
    cancelAnimationFrame(frame);
    before = performance.now();
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
  const draws = last(["seed", "n"], noise);
  const relaxed = (state) => relax(state.logits, draws(state), state.tau);
  const trodden = last(["seed", "n", "logits"], (state) => trails(relaxed(state)));
  const self = mount({
    model, el, keys: KEYS, clean, sliders: [TAU], markup, speech,
    parts: (state) => ({ ...trodden(state), ...parts(state, relaxed(state)) }),
  });
  breathe(self);
  return self.close;
}

export default { render, still };
