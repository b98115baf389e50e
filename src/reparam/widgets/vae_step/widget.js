import { mount } from "../kit/dom.js";
import { calm } from "../kit/motion.js";
import { clean, LINKS, SLIDERS } from "./model.js";
import { FIELDS, markup, parts, speech, still, ways } from "./view.js";

const KEYS = ["x", "encoder", "decoder", "eps", "lr"];
const [BACKWARD, LAST, END] = [4, 5, LINKS.length - 1];
const PAUSE = 2800; // long enough to read one link

function render({ model, el }) {
  let [at, beat, timer] = [0, -1, 0];
  const self = mount({
    model, el, keys: KEYS, clean, sliders: [...SLIDERS, ...FIELDS], markup,
    parts: (state) => parts(state, at, beat),
    speech: (state) => speech(state, at),
  });
  const { root, on, signal } = self;

  const button = (action) => root.querySelector(`[data-action="${action}"]`);
  const [previous, next, play, back, further, fold] = ["previous", "next", "play", "back", "on", "fold"].map(button);
  const pulse = root.querySelector(".rp-pulse");
  const paths = [...root.querySelectorAll(".rp-map path")];

  // An end is announced, not removed: the focus stays where the reader's hand is.
  const mark = () => {
    previous.setAttribute("aria-disabled", at === 0);
    next.setAttribute("aria-disabled", at === LAST);
    back.setAttribute("aria-disabled", beat <= 0);
    further.setAttribute("aria-disabled", beat === END);
    play.textContent = timer ? "Pause" : beat < 0 || beat === END ? "Play backward" : "Play on";
    pulse.classList.toggle("rp-off", beat < 0);
  };
  const rest = () => {
    clearTimeout(timer);
    timer = 0;
  };
  const turn = (step) => {
    rest();
    beat = -1;
    at = Math.min(LAST, Math.max(0, at + step));
    mark();
    self.set({});
  };

  /** Goes to a link; the dot runs along its edge, from the end to the start. */
  const go = (to) => {
    [at, beat] = [BACKWARD, Math.min(END, Math.max(0, to))];
    const [edge, share] = ways[beat];
    const length = paths[edge].getTotalLength();
    self.play(900, (t) => {
      const { x, y } = paths[edge].getPointAtLength(length * (1 - share * t));
      pulse.style.cssText = `left:${x / 10}%;top:${y}px`;
    });
    mark();
  };
  const playOn = () => {
    timer = 0;
    const start = beat === END ? 0 : beat + 1;
    if (!calm() && start < END) timer = setTimeout(playOn, PAUSE);
    go(start);
  };
  const stepTo = (step) => {
    rest();
    go(beat + step);
  };
  on(play, "click", () => (timer ? (rest(), mark()) : playOn()));
  on(back, "click", () => stepTo(-1));
  on(further, "click", () => stepTo(1));
  on(previous, "click", () => turn(-1));
  on(next, "click", () => turn(1));
  on(root, "keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!step || beat < 0 || event.target.matches("input") || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    stepTo(step);
  });
  on(fold, "click", () => fold.setAttribute("aria-expanded", root.classList.toggle("rp-open")));
  signal.addEventListener("abort", rest);
  fold.setAttribute("aria-expanded", false);
  mark();
  return self.close;
}

export default { render, still };
