import { fromHandle, toHandle } from "./controls.js";
import { animate, ease } from "./motion.js";
import { open, unique } from "./page.js";
import { parseNumber } from "./text.js";

/** A widget on its page: state <-> model <-> controls <-> picture. */

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
 * screen reader hears once the reader pauses. Returns `{ state, set, show, play, glide, queue }`.
 */
export function bind({ model, page, keys, clean, sliders, draw, speech }) {
  const { root, on, signal } = page;
  const read = () => clean(Object.fromEntries(keys.map((key) => [key, model.get(key)])));
  const spoken = root.querySelector(".rp-spoken");
  const self = { state: read() };
  let [frame, saving, speaking, ours] = [0, 0, 0, false];

  const fill = (node) => {
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
    controls.forEach(fill);
    draw(self.state);
  };
  const speak = () => {
    const words = speech(self.state);
    if (words !== spoken.textContent) spoken.textContent = words;
  };
  self.queue = () => (frame ||= requestAnimationFrame(paint));

  /** Shows changes without a word: a frame of a run is neither saved nor spoken. */
  self.show = (changes) => {
    self.state = clean({ ...self.state, ...changes });
    self.queue();
    clearTimeout(speaking);
  };
  const keep = () => {
    ours = true; // each set is announced at once, while later keys are still the old ones
    for (const key of keys) {
      if (JSON.stringify(self.state[key]) !== JSON.stringify(model.get(key))) model.set(key, self.state[key]);
    }
    ours = false;
    clearTimeout(saving);
    saving = setTimeout(() => model.save_changes(), 150);
    speaking = setTimeout(speak, 900);
  };

  let cut = () => {};
  self.set = (changes) => {
    cut();
    self.show(changes);
    keep();
  };

  /**
   * Makes `changes`, then runs `step(0 .. 1)` for `ms` milliseconds; what a step returns changes the state
   * too. Any other change cuts the run short: the state stays, and what a step only shows is shown to its end.
   */
  self.play = (ms, step, changes = {}) => {
    self.set(changes);
    let over = false;
    cut = () => {
      if (!over) step(1);
      over = true;
    };
    const tick = (t) => {
      if (over) return;
      over = t === 1;
      const next = step(t);
      if (!next) return self.queue();
      self.show(next);
      if (over) keep();
    };
    animate(ms, tick, signal);
  };

  /** Lets numbers of the state run to the values of `to`. */
  self.glide = (ms, to) => {
    const from = self.state;
    const between = (t) => ([key, end]) => [key, from[key] + (end - from[key]) * ease(t)];
    self.play(ms, (t) => (t < 1 ? Object.fromEntries(Object.entries(to).map(between(t))) : to));
  };

  const outside = () => {
    if (ours) return;
    cut();
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

/**
 * Puts a widget on the page. `markup(first, title, id)` is its first picture, `parts(state)` what
 * of it changes; the rest is as for `bind`, and `sliders` may depend on the first state. Returns
 * what `bind` and `open` return, the `first` state, and `click(action, act)` for the buttons.
 */
export function mount({ model, el, keys, clean, sliders, markup, parts, speech }) {
  const first = clean(Object.fromEntries(keys.map((key) => [key, model.get(key)])));
  const page = open(el, markup(first, model.get("title"), unique()));
  const patch = patcher(page.root);
  const levers = typeof sliders === "function" ? sliders(first) : sliders;
  const self = bind({ model, page, keys, clean, sliders: levers, draw: (state) => patch(parts(state)), speech });
  const click = (action, act) => page.on(page.root.querySelector(`[data-action="${action}"]`), "click", act);
  return Object.assign(self, page, { first, click });
}
