import { animate, bind, calm, drag, patcher } from "../shared/dom.js";
import { open, unique } from "../shared/page.js";
import { breath, clean, nearestTau, noise, phaseOf, relax, sliders, TAU } from "./model.js";
import { markup, nearest, parts, speech, spot, still, trails, weights } from "./view.js";

const KEYS = ["logits", "tau", "n", "seed", "compact"];
const BREATH_MS = 16000;

/** The hero: tau breathes while it is seen and nobody touches it. */
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
  const { root, on, signal } = page;
  const patch = patcher(root);
  let [followed, r] = [0, null];
  let [heard, g] = ["", null];
  let trodden = JSON.stringify([first.seed, first.n, first.logits]);
  const draw = (state) => {
    const key = `${state.seed} ${state.n}`;
    if (key !== heard) [heard, g] = [key, noise(state)];
    r = relax(state.logits, g, state.tau);
    patch(parts(state, r, followed));
    const ground = JSON.stringify([state.seed, state.n, state.logits]);
    if (state.compact && ground !== trodden) patch(trails(r));
    trodden = ground;
  };
  const self = bind({ model, page, keys: KEYS, clean, sliders: sliders(first.compact), draw, speech });
  draw(self.state);
  if (first.compact) {
    breathe(page, self);
    return page.close;
  }

  let run = 0;
  const play = (seed) => {
    const mine = (run += 1);
    const to = self.state.tau;
    self.set({ seed });
    animate(1100, (t) => {
      if (mine === run) self.set({ tau: t < 1 ? TAU.max * (to / TAU.max) ** (t * t * (3 - 2 * t)) : to }, true);
    }, signal);
  };
  const stop = () => (run += 1);
  for (const type of ["pointerdown", "keydown"]) on(root.querySelector(".rp-controls"), type, stop, true);
  on(root.querySelector('[data-action="replay"]'), "click", () => play(first.seed));
  on(root.querySelector('[data-action="new"]'), "click", () => play(self.state.seed + 1));
  const follow = (i) => {
    followed = i;
    self.queue();
  };
  on(root.querySelector('[data-action="follow"]'), "click", () => follow((followed + 1) % self.state.n));

  const area = root.querySelector("[data-area]");
  const place = (x, y) => [x * 1000, y * 1000];
  on(area, "click", (event) => {
    const box = area.getBoundingClientRect();
    if (event.target.dataset.grip === undefined) {
      follow(nearest(r, place((event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height)));
    }
  });
  drag(on, root.querySelector("[data-grip]"), area, (x, y) => {
    stop();
    self.set({ tau: nearestTau(r.scores[followed], weights(place(x, y))) });
  });
  return page.close;
}

export default { render, still };
