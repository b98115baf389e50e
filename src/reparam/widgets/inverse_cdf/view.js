import { buttonRow, foot, selectBox, sliderBox } from "../kit/controls.js";
import { at, dots, line, place, say, tag } from "../kit/svg.js";
import { escape, fixed } from "../kit/text.js";
import { clean, FAMILIES, point, quantile, RANGE, SLIDERS } from "./model.js";

/** Two pictures, each 1000 wide: the cdf, and below (or beside) it the sample against θ at this u. */
const CDF = { height: 300, left: 90, right: 980, top: 24, bottom: 262 };
const PATH = { height: 300, left: 110, right: 970, top: 24, bottom: 262 };
export const STEP = 0.25; // how far the second, pale cdf is ahead in θ

const share = (x, [low, high]) => (x - low) / (high - low);
const across = (box, s) => box.left + s * (box.right - box.left);
const up = (box, s) => box.bottom - s * (box.bottom - box.top);

/** The noise under a share of the first picture's height. */
export const uOf = (y) => (CDF.bottom - y * CDF.height) / (CDF.bottom - CDF.top);

/** Round numbers on an axis. */
const ticks = ([low, high]) => {
  const step = high - low > 14 ? 5 : high - low > 7.5 ? 2 : 1;
  return Array.from({ length: 20 }, (_, k) => (Math.ceil(low / step) + k) * step).filter((z) => z <= high);
};

function cdfCurve({ family }, theta) {
  const { cdf, axis, discrete } = FAMILIES[family];
  const [x, y] = [(z) => across(CDF, share(z, axis)), (z) => up(CDF, cdf(z, theta))];
  if (!discrete) {
    const grid = Array.from({ length: 141 }, (_, k) => axis[0] + (k / 140) * (axis[1] - axis[0]));
    return line(grid.map((z) => [x(z), y(z)]));
  }
  const steps = Array.from({ length: Math.ceil(axis[1]) }, (_, k) => [[x(k), y(k - 1)], [x(k), y(k)]]).flat();
  return line([[CDF.left, CDF.bottom], ...steps, [CDF.right, y(axis[1])]]);
}

/** z against θ at this u; where it jumps the line is left open. */
function pathCurve({ family, u }) {
  const { axis, discrete } = FAMILIES[family];
  const n = discrete ? 240 : 60;
  const grid = Array.from({ length: n + 1 }, (_, k) => RANGE.theta[0] + (k / n) * (RANGE.theta[1] - RANGE.theta[0]));
  const z = grid.map((t) => quantile(family, t, u));
  const runs = [];
  grid.forEach((t, k) => {
    const spot = [across(PATH, share(t, RANGE.theta)), up(PATH, share(z[k], axis))];
    if (k && z[k] - z[k - 1] <= (discrete ? 0.5 : Infinity)) runs.at(-1).push(spot);
    else runs.push([spot]);
  });
  return runs.map(line).join("");
}

/** What the numbers say. */
export function verdict(s, r) {
  const f = FAMILIES[s.family];
  const ahead = quantile(s.family, s.theta + STEP, s.u);
  if (f.discrete) {
    const moved = ahead === r.z ? `stays at ${r.z}` : `jumps from ${r.z} to ${ahead}`;
    return `The cdf is a staircase. With u held and θ raised by ${STEP}, z ${moved}. Its derivative is 0 wherever it exists: there is nothing to differentiate.`;
  }
  return (
    `With u held and θ raised by ${STEP}, z goes from ${fixed(r.z)} to ${fixed(ahead)}; the derivative foresees ${fixed(r.z + STEP * r.slope)}. ` +
    `The cdf at z ${r.rise > 0 ? "rises" : "falls"} at the rate ${fixed(Math.abs(r.rise), 3)}, and its slope ${fixed(r.p, 3)} turns that into a step of z.`
  );
}

export function speech(s) {
  const r = point(s);
  return `${FAMILIES[s.family].text}, u ${fixed(s.u, 3)}, ${FAMILIES[s.family].theta} ${fixed(s.theta)}: z ${fixed(r.z, 3)}, d z by d theta ${fixed(r.slope, 3)}. ${verdict(s, r)}`;
}

/** Every part that moves. */
export function parts(s, r) {
  const f = FAMILIES[s.family];
  const ahead = quantile(s.family, s.theta + STEP, s.u);
  const [x, next] = [r.z, ahead].map((z) => at(across(CDF, share(z, f.axis))));
  const y = at(up(CDF, s.u));
  const foreseen = across(CDF, share(r.z + STEP * r.slope, f.axis));
  const here = [across(PATH, share(s.theta, RANGE.theta)), up(PATH, share(r.z, f.axis))];
  const end = (t) => [across(PATH, share(s.theta + t, RANGE.theta)), up(PATH, share(r.z + t * r.slope, f.axis))];
  const out = {
    cdf: {
      "aria-label":
        `The cdf of the ${f.text} law over z. The noise u = ${fixed(s.u, 3)} on the vertical axis meets the curve and comes down at z = ${fixed(r.z)}. ` +
        `A pale curve shows the cdf for θ larger by ${STEP}; at the same height it is met at z = ${fixed(ahead)}.`,
    },
    path: { "aria-label": `The sample z against θ at u = ${fixed(s.u, 3)}, with its tangent of slope ${fixed(r.slope, 3)} at θ = ${fixed(s.theta)}.` },
    ghost: { d: cdfCurve(s, s.theta + STEP) },
    curve: { d: cdfCurve(s, s.theta) },
    level: { d: `M${CDF.left} ${y}H${Math.max(x, next)}` },
    drop: { d: `M${x} ${y}V${CDF.bottom}` },
    next: { d: `M${next} ${y}V${CDF.bottom}` },
    gap: { d: f.discrete ? "" : `M${x} ${y}V${at(up(CDF, f.cdf(r.z, s.theta + STEP)))}` },
    shift: { d: f.discrete ? "" : `M${x} ${CDF.bottom}H${at(foreseen)}` },
    met: { d: dots([[x, y]]) },
    sample: { d: dots([[x, CDF.bottom]]) },
    "grip-u": { style: `left:${at(CDF.left) / 10}%;top:${at((y / CDF.height) * 1000) / 10}%` },
    track: { d: pathCurve(s) },
    tangent: { d: line([end(-0.45), end(0.45)]) },
    here: { d: dots([here]) },
    theta: { text: `θ = ${f.theta}` },
    z: { text: fixed(r.z, 3) },
    p: { text: f.discrete ? "none" : fixed(r.p, 3) },
    rise: { text: f.discrete ? "none" : fixed(r.rise, 3) },
    slope: { text: fixed(r.slope, 3) },
    verdict: { text: verdict(s, r) },
  };
  for (let k = 0; k < 8; k += 1) {
    const z = ticks(f.axis)[k];
    const [left, top] = [z, z].map((v) => (v === undefined ? 0 : share(v, f.axis)));
    const text = z === undefined ? "" : fixed(z, 0);
    out[`x${k}`] = { text, style: `left:${at(across(CDF, left) / 10)}%;top:${at(((CDF.bottom + 17) / CDF.height) * 100)}%` };
    out[`y${k}`] = { text, style: `left:${at((PATH.left - 34) / 10)}%;top:${at((up(PATH, top) / PATH.height) * 100)}%` };
  }
  return out;
}

const eight = [0, 1, 2, 3, 4, 5, 6, 7];
const label = (box, left, y, body) => `<span class="rp-tag rp-left" style="left:${left}%;top:${at((y / box.height) * 100)}%">${body}</span>`;

function pictures(p, live) {
  const path = (name, kind) => `<path class="${kind}" ${place(p, name)}/>`;
  const frame = (box) => `<path class="rp-axis" d="M${box.left} ${box.top - 8}V${box.bottom}H${box.right}"/>`;
  const under = [0.5, 1, 1.5, 2, 2.5].map((t) => tag(fixed(t, 1), across(PATH, share(t, RANGE.theta)) / 10, ((PATH.bottom + 17) / PATH.height) * 100));
  const beside = [0, 0.5, 1].map((u) => tag(fixed(u, u === 0.5 ? 1 : 0), (CDF.left - 42) / 10, (up(CDF, u) / CDF.height) * 100));
  return `<div class="rp-two"><div class="rp-fig" data-area>
      <svg viewBox="0 0 1000 ${CDF.height}" preserveAspectRatio="none" role="img" ${place(p, "cdf")}>
        ${frame(CDF)}${path("ghost", "rp-ghost")}${path("curve", "rp-curve")}${path("next", "rp-next")}
        ${path("level", "rp-level")}${path("drop", "rp-level")}${path("gap", "rp-gap")}${path("shift", "rp-shift")}
        ${path("met", "rp-met")}${path("sample", "rp-sample")}
      </svg>
      ${label(CDF, 0, 8, "noise u")}<span class="rp-tag rp-right" style="top:${at((294 / CDF.height) * 100)}%">sample z</span>
      ${beside.join("")}${eight.map((k) => say(p, `x${k}`, "rp-tag")).join("")}
      <span class="rp-grip" ${place(p, "grip-u")} aria-hidden="true"${live && ' data-grip="u"'}><b>u</b></span>
    </div><div class="rp-fig">
      <svg viewBox="0 0 1000 ${PATH.height}" preserveAspectRatio="none" role="img" ${place(p, "path")}>
        ${frame(PATH)}${path("track", "rp-curve")}${path("tangent", "rp-shift")}${path("here", "rp-sample")}
      </svg>
      ${label(PATH, 0, 8, "z at this u")}<span class="rp-tag rp-right" style="top:${at((294 / PATH.height) * 100)}%">${say(p, "theta")}</span>
      ${under.join("")}${eight.map((k) => say(p, `y${k}`, "rp-tag")).join("")}
    </div></div>`;
}

/** The whole widget as markup; `live` as in the controls. */
export function markup(state, title, live = "") {
  const p = parts(state, point(state));
  const families = Object.fromEntries(Object.entries(FAMILIES).map(([key, f]) => [key, f.text]));
  const cell = (head, name) => `<div><dt>${head}</dt><dd>${say(p, name)}</dd></div>`;
  return `<div class="rp-widget rp-inverse-cdf" role="group" aria-label="${escape(title)}">
    <div class="rp-top">${selectBox("family", "family", families, state.family, live)}</div>
    ${pictures(p, live)}
    <div class="rp-below"><div class="rp-controls">
        ${SLIDERS.map((slider) => sliderBox(slider, state[slider.key], live)).join("")}
        ${buttonRow([["sweep", "Sweep θ"], ["new", "New noise"]], live)}</div>
      <div><dl>${cell("z", "z")}${cell("∂F/∂θ", "rise")}${cell("p(z)", "p")}${cell("dz/dθ", "slope")}</dl>
      <p class="rp-verdict">${say(p, "verdict")}</p></div></div>
    ${foot(live)}</div>`;
}

/** The first picture of the live widget, without controls and without a page. */
export const still = (state) => markup(clean(state), state.title ?? "");
