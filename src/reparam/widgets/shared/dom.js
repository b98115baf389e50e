import { fromHandle, toHandle } from "./controls.js";
import { parseNumber } from "./text.js";

/** The only shared code that touches the page: state <-> model <-> controls <-> picture. */

export const calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

/** Sets the attributes and texts that differ from what is shown. */
export function patcher(root) {
  const found = new Map([...root.querySelectorAll("[data-part]")].map((node) => [node.dataset.part, node]));
  const shown = new Map();
  return (parts) => {
    for (const [name, attributes] of Object.entries(parts)) {
      const node = found.get(name);
      if (!node) continue;
      for (const [key, value] of Object.entries(attributes)) {
        if (shown.get(name + key) === value) continue;
        shown.set(name + key, value);
        if (key === "text") node.textContent = value;
        else node.setAttribute(key, value);
      }
    }
  };
}

/**
 * Keeps a widget's state, controls and picture together.
 *
 * `keys` are the traits, `clean` puts any values into their ranges, `sliders` describes the
 * sliders, `draw(state)` patches the picture (at most once a frame), `speech(state)` is what a
 * screen reader hears once the reader pauses. Returns `{ state, set, queue, close }`.
 */
export function bind({ model, page, keys, clean, sliders, draw, speech }) {
  const { root, on, signal } = page;
  const read = () => clean(Object.fromEntries(keys.map((key) => [key, model.get(key)])));
  const spoken = root.querySelector(".rp-spoken");
  const self = { state: read() };
  let [frame, saving, speaking, ours] = [0, 0, 0, false];

  const show = (node) => {
    const value = self.state[node.dataset.key];
    const slider = sliders.find((s) => s.key === node.dataset.key);
    if (node.type === "radio") node.checked = node.value === value;
    else if (!slider) node.value = value;
    else if (node.type === "range") {
      const [low, high, now] = [slider.min, slider.max, value].map((x) => toHandle(slider, x));
      node.value = now;
      node.style.setProperty("--rp-at", `${((now - low) / (high - low)) * 100}%`);
      node.setAttribute("aria-valuetext", slider.show(value));
    } else if (node !== document.activeElement) node.value = slider.show(value);
  };
  const controls = [...root.querySelectorAll("[data-key]")];
  const paint = () => {
    frame = 0;
    controls.forEach(show);
    draw(self.state);
  };
  self.queue = () => (frame ||= requestAnimationFrame(paint));

  /** Changes the state; `quiet` changes come from an animation and are neither saved nor spoken. */
  self.set = (changes, quiet = false) => {
    self.state = clean({ ...self.state, ...changes });
    self.queue();
    if (quiet) return;
    ours = true; // each set is announced at once, while later keys are still the old ones
    for (const key of keys) {
      if (JSON.stringify(self.state[key]) !== JSON.stringify(model.get(key))) model.set(key, self.state[key]);
    }
    ours = false;
    clearTimeout(saving);
    clearTimeout(speaking);
    saving = setTimeout(() => model.save_changes(), 150);
    speaking = setTimeout(() => (spoken.textContent = speech(self.state)), 900);
  };

  const outside = () => {
    if (ours) return;
    self.state = read();
    self.queue();
  };
  for (const key of keys) model.on(`change:${key}`, outside);

  for (const node of controls) {
    const slider = sliders.find((s) => s.key === node.dataset.key);
    const take = () => {
      if (!slider) return self.set({ [node.dataset.key]: node.value });
      const value = node.type === "range" ? fromHandle(slider, Number(node.value)) : parseNumber(node.value);
      if (value !== null) self.set({ [slider.key]: value });
      if (node.type === "text") node.value = slider.show(self.state[slider.key]);
    };
    on(node, node.type === "range" ? "input" : "change", take);
    if (node.type === "text") on(node, "keydown", (event) => event.key === "Enter" && take());
  }

  signal.addEventListener("abort", () => {
    for (const key of keys) model.off(`change:${key}`, outside);
    cancelAnimationFrame(frame);
    [saving, speaking].forEach(clearTimeout);
  });
  return self;
}

/** Runs `step(0 .. 1)` for `ms` milliseconds, at once to 1 where the reader wants no motion. */
export function animate(ms, step, signal) {
  if (calm()) return step(1);
  let start = null;
  const tick = (now) => {
    if (signal.aborted) return;
    start ??= now;
    const t = Math.min(1, (now - start) / ms);
    step(t);
    if (t < 1) requestAnimationFrame(tick);
  };
  requestAnimationFrame(tick);
}

/** Calls `move(x, y)` with shares of `area`'s box while a pointer that started on `handle` is down. */
export function drag(on, handle, area, move) {
  const share = (event) => {
    const box = area.getBoundingClientRect();
    move((event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height);
  };
  on(handle, "pointerdown", (event) => {
    if (event.button) return;
    event.preventDefault();
    handle.setPointerCapture(event.pointerId);
    share(event);
  });
  on(handle, "pointermove", (event) => handle.hasPointerCapture(event.pointerId) && share(event));
}
