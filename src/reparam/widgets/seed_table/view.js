import { buttonRow, foot, radioBox, selectBox, sliderBox } from "../kit/controls.js";
import { phi } from "../kit/normal.js";
import { at, dots, line, place, say } from "../kit/svg.js";
import { escape, fixed } from "../kit/text.js";
import { clean, PAIRINGS, plan, play, SLIDERS, wrong } from "./model.js";

/** Above the two columns of one set, below the law of their difference; 1000 wide, pixels high. */
const HEIGHT = 150;
const ROWS = { total: 38, path: 88 };
const [TOP, GROUND, RUG] = [8, 104, 116];
const FOOT = 140;
const TICKS = 7;

/** A share as a percentage. */
export const percent = (p) => (p < 0.0005 ? "less than 0.1\u00a0%" : `${fixed(100 * p, 1)}\u00a0%`);

/** Nats with as many digits as a small one needs. */
export const nats = (x) => fixed(x, Math.abs(x) < 0.0995 ? 3 : 2);

const count = (n) => (n === null ? "no number" : n > 9999 ? "more than 9,999" : String(n));
const seeds = (n) => (n === 1 ? "one seed a column" : `${n} seeds a column`);

/** What the numbers say. */
export function verdict(s) {
  const { gain, ratio, flip } = plan(s);
  if (gain === 0) return "There is no difference to find: half of all re-runs favour one column, half the other.";
  return (
    `With ${seeds(s.n)} a difference of ${nats(gain)} is ${fixed(ratio, 1)} standard errors. If it is real, ${percent(flip)} of the ` +
    `re-runs show the opposite sign. If there is none, ${percent(flip)} show one at least as large, with this sign, by luck.`
  );
}

/** What the sets drawn so far have shown. */
export function tally(s, r = play(s)) {
  const { gain } = plan(s);
  const last = wrong(r.last.difference, gain) ? "the wrong sign" : "the right sign";
  const so = s.sets === 1 ? "Set 1" : `${r.flipped} of ${s.sets} sets had the wrong sign. The last`;
  return `${so}: difference ${nats(r.last.difference)}, ${last}.`;
}

export const speech = (s) => `${plan(s).label}. ${verdict(s)} ${tally(s)}`;

/** A scale from nats to the picture, and round numbers on it. */
function scale(low, high) {
  const step = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50].find((k) => (high - low) / k <= 6) ?? 100;
  const first = Math.ceil(low / step);
  const ticks = Array.from({ length: TICKS }, (_, k) => (first + k) * step).filter((t) => t <= high);
  const x = (v) => 10 + 980 * Math.min(1, Math.max(0, (v - low) / (high - low)));
  return { x, ticks, digits: step < 0.1 ? 2 : step < 1 ? 1 : 0 };
}

const grid = ({ x, ticks }) => ticks.map((t) => `M${at(x(t))} ${TOP}V${FOOT - 14}`).join("");

function labels(name, { x, ticks, digits }) {
  return Object.fromEntries(Array.from({ length: TICKS }, (_, k) => [
    `${name}${k}`,
    k < ticks.length
      ? { text: fixed(ticks[k], digits), style: `left:${at(x(ticks[k]) / 10)}%;top:${at((FOOT / HEIGHT) * 100)}%` }
      : { text: "", style: "left:0%;top:0%" },
  ]));
}

/** Every part that moves. */
export function parts(s) {
  const [p, r] = [plan(s), play(s)];
  const { gain, se } = p;
  const one = 3.3 * s.level_sd;
  const two = Math.SQRT2 * one;
  const left = scale(Math.min(0, gain) - one, Math.max(0, gain) + one);
  const right = scale(Math.min(0, gain) - two, Math.max(0, gain) + two);
  const column = (key) => dots(r.last.runs.map((run) => [left.x(run[key]), ROWS[key]]));
  const middle = (key) => `M${at(left.x(r.last[key]))} ${ROWS[key] - 14}v28`;
  const truth = (key, value) => `M${at(left.x(value))} ${ROWS[key] - 20}v40`;
  const bell = Array.from({ length: 97 }, (_, k) => -4 + k / 12).map((u) => [gain + se * u, phi(u) / phi(0)]);
  const shape = (points) => points.map(([v, h]) => [right.x(v), GROUND - h * (GROUND - TOP)]);
  const side = gain < 0 ? 1 : -1;
  const tail = [...bell.filter(([v]) => v * side > 0), [0, phi(gain / se) / phi(0)]].sort((a, b) => a[0] - b[0]);
  const shaded = p.ratio < 4
    ? `${line([[right.x(tail[0][0]), GROUND], ...shape(tail), [right.x(tail.at(-1)[0]), GROUND]])}Z`
    : "";
  const rug = (bad) => dots(r.differences.filter((d) => wrong(d, gain) === bad).map((d) => [right.x(d), RUG]));
  const digits = Math.abs(gain) < 0.0995 ? 3 : 2;
  return {
    columns: {
      "aria-label":
        `Runs of the two columns in set ${s.sets}, nats from the path column’s true mean. Total: mean ${fixed(r.last.total, digits)}. ` +
        `Path: mean ${fixed(r.last.path, digits)}.`,
    },
    "grid-left": { d: grid(left) },
    pairs: { d: s.pairing === "paired" ? r.last.runs.map((run) => `M${at(left.x(run.total))} ${ROWS.total}L${at(left.x(run.path))} ${ROWS.path}`).join("") : "" },
    "truth-total": { d: truth("total", gain) },
    "truth-path": { d: truth("path", 0) },
    total: { d: column("total") },
    path: { d: column("path") },
    "mean-total": { d: middle("total") },
    "mean-path": { d: middle("path") },
    law: {
      "aria-label":
        `The law of the difference total minus path: mean ${nats(gain)}, standard error ${nats(se)}. ${percent(p.flip)} of it has the other sign. ` +
        `Drawn so far: ${s.sets}, of which ${r.flipped} with the wrong sign.`,
    },
    "grid-right": { d: grid(right) },
    zero: { d: `M${at(right.x(0))} ${TOP}V${GROUND}` },
    expected: { d: `M${at(right.x(gain))} ${TOP}V${GROUND}` },
    bell: { d: line(shape(bell)) },
    tail: { d: shaded },
    good: { d: rug(false) },
    bad: { d: rug(true) },
    last: {
      d: dots([[right.x(r.last.difference), GROUND]]),
      class: wrong(r.last.difference, gain) ? "rp-last rp-bad" : "rp-last",
    },
    ...labels("l", left),
    ...labels("r", right),
    gain: { text: nats(gain) },
    sd: { text: nats(p.sd) },
    se: { text: nats(se) },
    flip: { text: percent(p.flip) },
    doubt: { text: percent(p.doubt) },
    need: { text: count(p.need) },
    from: { text: s.pairing === "apart" ? `√2 times ${nats(s.level_sd)}, that of a run` : "measured on pairs of runs" },
    law_of: { text: `the same, allowing for a deviation that has ${p.df} degrees of freedom itself (Student’s law)` },
    verdict: { text: verdict(s) },
    tally: { text: tally(s, r) },
  };
}

function figure(p, name, inside, prefix, more = "") {
  const ticks = Array.from({ length: TICKS }, (_, k) => say(p, prefix + k, "rp-tag")).join("");
  return `<div class="rp-fig"><svg viewBox="0 0 1000 ${HEIGHT}" preserveAspectRatio="none" role="img" ${place(p, name)}>${inside}</svg>${ticks}${more}</div>`;
}

/** The whole widget as markup; `live` as in the controls. */
export function markup(s, title, live = "") {
  const p = parts(s);
  const path = (name, kind) => `<path class="${kind}" ${place(p, name)}/>`;
  const names = Object.entries(ROWS).map(([key, y]) =>
    `<span class="rp-tag rp-left rp-is-${key}" style="top:${at(((y - 24) / HEIGHT) * 100)}%">${key}</span>`).join("");
  const above = path("grid-left", "rp-grid") + path("pairs", "rp-pairs") + path("truth-total", "rp-truth") + path("truth-path", "rp-truth") +
    path("total", "rp-run rp-is-total") + path("path", "rp-run rp-is-path") +
    path("mean-total", "rp-mean rp-is-total") + path("mean-path", "rp-mean rp-is-path");
  const below = path("grid-right", "rp-grid") + path("tail", "rp-tail") + path("bell", "rp-bell") + `<path class="rp-axis" d="M0 ${GROUND}H1000"/>` +
    path("zero", "rp-axis") + path("expected", "rp-truth") + path("good", "rp-rug") + path("bad", "rp-rug rp-bad") +
    `<path ${place(p, "last")}/>`;
  const options = Object.fromEntries(s.rows.map(({ label, gain }, k) => [String(k), `${nats(gain)} (${label})`]));
  const row = (head, name) => `<tr><th scope="row">${head}</th><td>${say(p, name)}</td></tr>`;
  return `<div class="rp-widget rp-seed-table" role="group" aria-label="${escape(title)}">
    <div class="rp-controls">${selectBox("row", "row", options, String(s.row), live)}
      ${radioBox("pairing", "seeds", PAIRINGS, s.pairing, live)}${sliderBox(SLIDERS[0], s.n, live)}
      ${buttonRow([["next", "Draw another set"], ["many", "Draw 40 sets"], ["replay", "Replay"], ["new", "New noise"]], live)}</div>
    <div class="rp-panels"><div><p class="rp-caption">one set of runs: NLL in nats, from the path column’s true mean</p>
      ${figure(p, "columns", above, "l", names)}</div>
    <div><p class="rp-caption">law of the difference of means, total − path; below it, the sets drawn</p>
      ${figure(p, "law", below, "r")}</div></div>
    <p class="rp-verdict rp-said">${say(p, "verdict")}</p><p class="rp-verdict rp-tally">${say(p, "tally")}</p>
    <table><tbody>${row("difference in the row, nats", "gain")}
      ${row(`deviation of the difference of two runs (${say(p, "from")})`, "sd")}${row("standard error with these seeds", "se")}
      ${row("re-runs with the opposite sign, if it is real", "flip")}${row(say(p, "law_of"), "doubt")}
      ${row("seeds a column that make it two standard errors", "need")}</tbody></table>
    ${foot(live)}</div>`;
}

/** The first picture of the live widget, without controls and without a page. */
export const still = (state) => markup(clean(state), state.title ?? "");
