import { buttonRow, foot, sliderBox } from "../kit/controls.js";
import { at, line, place, say, tag } from "../kit/svg.js";
import { escape, fixed } from "../kit/text.js";
import { axis, clean, density, ledger, sdOf, SLIDERS } from "./model.js";

/** The densities in units of 1000 wide (z from -6.4 to 6.4) and pixels high. */
const HEIGHT = 262;
const REACH = 6.4;
const [TOP, AXIS, WIDTH] = [24, 196, 222];
const TICKS = [-6, -4, -2, 0, 2, 4, 6];

export const xOf = (z) => ((z + REACH) / (2 * REACH)) * 1000;
export const zOf = (share) => (share * 2 - 1) * REACH;

/** The ledger: one row per term, a label with its number above a bar, all on one axis of nats. */
const ROWS = ["evidence", "reconstruction", "kl", "elbo", "gap"];
const PITCH = 43;
const LEDGER = ROWS.length * PITCH + 26;
const MAX_TICKS = 8;
const barY = (row) => row * PITCH + 31;

const nats = (value) => fixed(value, Math.abs(value) < 100 ? 3 : 1);

/** A normal with its own grid, so that narrow ones stay smooth, cut at the edges of the picture. */
function bell(mean, sd, scale) {
  const inside = Array.from({ length: 121 }, (_, k) => mean + sd * (k / 15 - 4)).filter((z) => Math.abs(z) < REACH);
  const points = [-REACH, ...inside, REACH].map((z) => [xOf(z), AXIS - scale * density(z, mean, sd)]);
  return line([[0, AXIS], ...points, [1000, AXIS]]);
}

const normal = (mean, sd) => `N(${fixed(mean)}, ${fixed(sd)}²)`;

/** The gap and its two causes, in hundredths that add up: `[what, why]`. */
export function verdict(s) {
  const { gap, byMean, byWidth, best } = ledger(s);
  if (gap < 1e-9) return ["q is the posterior: the bound is tight.", ""];
  const all = Math.round(gap * 100);
  if (!all) return ["The gap is below 0.01 nats:", "q is all but the posterior."];
  const mean = Math.min(all, Math.round(byMean * 100));
  const left = `q’s mean lies ${s.mean < best.mean ? "left" : "right"} of the posterior’s`;
  const wide = `q is too ${s.log_var < best.log_var ? "narrow" : "wide"}`;
  const why = mean === all ? left : mean === 0 ? wide : `${fixed(mean / 100)} because ${left}, ${fixed((all - mean) / 100)} because ${wide}`;
  return [`The gap is ${fixed(gap)} nats:`, `${why}.`];
}

export function speech(s) {
  const r = ledger(s);
  return `log p of x ${fixed(r.evidence)}, ELBO ${fixed(r.elbo)}: reconstruction ${fixed(r.reconstruction)} minus KL to the prior ${fixed(r.kl)}. ${verdict(s).join(" ")}`;
}

/** Bars, dashed line, ticks and numbers of the ledger. */
function account(r) {
  const { low, high, step } = axis([r.evidence, r.reconstruction, r.elbo]);
  const x = (value) => ((value - low) / (high - low)) * 1000;
  const bar = (row, a, b) => ({ d: `M${at(x(a))} ${barY(row)}H${at(x(b))}` });
  const ticks = Array.from({ length: Math.round((high - low) / step) + 1 }, (_, k) => low + k * step);
  const digits = step < 1 ? 1 : 0;
  const out = {
    ledger: {
      "aria-label":
        `On one axis in nats: log p(x) is ${nats(r.evidence)}; the ELBO is ${nats(r.elbo)}, which is the reconstruction ` +
        `${nats(r.reconstruction)} minus the KL to the prior ${nats(r.kl)}; the gap between them is ${nats(r.gap)}.`,
    },
    "bar-reconstruction": bar(1, 0, r.reconstruction),
    "bar-kl": bar(2, r.reconstruction, r.elbo),
    "bar-elbo": bar(3, 0, r.elbo),
    "bar-gap": bar(4, r.elbo, r.evidence),
    drop: { d: `M${at(x(r.reconstruction))} ${barY(1)}V${barY(2)}M${at(x(r.elbo))} ${barY(2)}V${barY(4)}` },
    truth: { d: `M${at(x(r.evidence))} ${barY(0) - 7}V${LEDGER - 24}` },
    nats: { d: ticks.map((t) => `M${at(x(t))} ${barY(0)}V${LEDGER - 22}`).join("") },
    zero: { d: `M${at(x(0))} ${barY(0)}V${LEDGER - 22}` },
  };
  for (const row of ROWS) out[`value-${row}`] = { text: row === "kl" ? `−${nats(r.kl)}` : nats(r[row]) };
  for (let k = 0; k < MAX_TICKS; k += 1) {
    const shown = k < ticks.length;
    const left = shown ? x(ticks[k]) / 10 : 0;
    const shift = left < 1 ? "0" : left > 99 ? "-100%" : "-50%";
    out[`tick${k}`] = {
      text: shown ? `${fixed(ticks[k], digits)}${k === ticks.length - 1 ? " nats" : ""}` : "",
      style: `left:${at(left)}%;top:${at(((LEDGER - 9) / LEDGER) * 100)}%;transform:translate(${shift},-50%)`,
    };
  }
  return out;
}

/** Every part that moves. */
export function parts(s) {
  const r = ledger(s);
  const sd = sdOf(s.log_var);
  const bestSd = sdOf(r.best.log_var);
  const scale = (AXIS - TOP) / (Math.max(density(0, 0, 1), density(0, 0, bestSd), density(0, 0, sd)) * 1.02);
  const x = { mean: xOf(s.mean), edge: xOf(s.mean + sd), datum: xOf(s.x) };
  const grip = (left, top) => ({ style: `left:${at(left) / 10}%;top:${at((top / HEIGHT) * 100)}%` });
  return {
    svg: {
      "aria-label":
        `Three densities over z: the prior N(0, 1), the exact posterior ${normal(r.best.mean, bestSd)} and ` +
        `q, ${normal(s.mean, sd)}. The datum is x = ${fixed(s.x)}.`,
    },
    prior: { d: bell(0, 1, scale) },
    q: { d: bell(s.mean, sd, scale) },
    posterior: { d: bell(r.best.mean, bestSd, scale) },
    datum: { d: `M${at(x.datum)} ${TOP - 6}V${AXIS}` },
    "datum-tag": grip(x.datum, TOP - 16),
    width: { d: `M${at(x.mean)} ${AXIS}V${WIDTH}H${at(x.edge)}` },
    "grip-mean": grip(x.mean, AXIS),
    "grip-width": grip(x.edge, WIDTH),
    "name-posterior": { text: normal(r.best.mean, bestSd) },
    "name-q": { text: normal(s.mean, sd) },
    verdict: { text: verdict(s)[0] },
    why: { text: verdict(s)[1] },
    ...account(r),
  };
}

function picture(p, live) {
  const grid = TICKS.map((z) => `M${at(xOf(z))} ${TOP}V${HEIGHT - 20}`).join("");
  const ticks = TICKS.map((z) => tag(fixed(z, 0), xOf(z) / 10, ((HEIGHT - 8) / HEIGHT) * 100)).join("");
  const path = (name) => `<path class="rp-${name}" ${place(p, name)}/>`;
  return `<ul class="rp-legend">
      <li><i class="rp-key rp-key-prior"></i>prior N(0, 1)</li>
      <li><i class="rp-dash"></i>posterior ${say(p, "name-posterior")}</li>
      <li><i class="rp-key rp-key-q"></i>q = ${say(p, "name-q")}</li></ul>
    <div class="rp-fig rp-densities" data-area>
    <svg viewBox="0 0 1000 ${HEIGHT}" preserveAspectRatio="none" role="img" ${place(p, "svg")}>
      <path class="rp-grid" d="${grid}"/>${path("datum")}${path("prior")}${path("q")}
      <path class="rp-truth" ${place(p, "posterior")}/><path class="rp-axis" d="M0 ${AXIS}H1000"/>
      ${path("width")}
    </svg>${ticks}
    <span class="rp-tag rp-datum-tag" ${place(p, "datum-tag")}>x</span>
    <span class="rp-grip" ${place(p, "grip-mean")} aria-hidden="true"${live && ' data-grip="mean"'}><b>μ</b></span>
    <span class="rp-grip rp-grip-width" ${place(p, "grip-width")} aria-hidden="true"${live && ' data-grip="width"'}><b>σ</b></span>
  </div>`;
}

const LABELS = {
  evidence: `<i class="rp-dash"></i>log p(x), the evidence`,
  reconstruction: `reconstruction E<sub>q</sub>[log p(x | z)]`,
  kl: "minus KL(q ‖ prior)",
  elbo: "their sum: the ELBO",
  gap: "the gap: KL(q ‖ posterior)",
};

function book(p) {
  const bar = (name) => `<path class="rp-bar rp-is-${name}" ${place(p, `bar-${name}`)}/>`;
  const labels = ROWS.map((row, k) => {
    const top = at(((barY(k) - 18) / LEDGER) * 100);
    return `<span class="rp-tag rp-left" style="top:${top}%">${LABELS[row]}</span><span class="rp-tag rp-right rp-nats" style="top:${top}%">${say(p, `value-${row}`)}</span>`;
  });
  const ticks = Array.from({ length: MAX_TICKS }, (_, k) => say(p, `tick${k}`, "rp-tag"));
  return `<div class="rp-fig rp-ledger" style="height:${LEDGER}px">
    <svg viewBox="0 0 1000 ${LEDGER}" preserveAspectRatio="none" role="img" ${place(p, "ledger")}>
      <path class="rp-grid" ${place(p, "nats")}/><path class="rp-axis" ${place(p, "zero")}/><path class="rp-axis" d="M0 ${LEDGER - 22}H1000"/>
      <path class="rp-drop" ${place(p, "drop")}/>${["reconstruction", "kl", "elbo", "gap"].map(bar).join("")}
      <path class="rp-truth" ${place(p, "truth")}/>
    </svg>${labels.join("")}${ticks.join("")}</div>`;
}

/** The whole widget as markup; `live` as in the controls. */
export function markup(s, title, live = "") {
  const p = parts(s);
  return `<div class="rp-widget rp-elbo-gap" role="group" aria-label="${escape(title)}">
    ${picture(p, live)}
    <div class="rp-controls">${SLIDERS.map((slider) => sliderBox(slider, s[slider.key], live)).join("")}
      ${buttonRow([["solve", "Set q to the posterior"], ["reset", "Reset"]], live)}</div>
    ${book(p)}
    <p class="rp-verdict"><strong>${say(p, "verdict")}</strong> ${say(p, "why")}</p>
    ${foot(live)}</div>`;
}

/** The first picture of the live widget, without controls and without a page. */
export const still = (state) => markup(clean(state), state.title ?? "");
