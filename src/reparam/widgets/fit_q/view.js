import { buttonRow, foot, radioBox, sliderBox } from "../kit/controls.js";
import { at, line, place, say, tag } from "../kit/svg.js";
import { escape, fixed, short } from "../kit/text.js";
import { clean, divergence, ESTIMATORS, floorOf, PLACES, run, SLIDERS, STEPS, TARGETS } from "./model.js";

/** Left q and p, one scale for both axes, right the KL on a log scale. */
const HEIGHT = 230;
const [TOP, FLOOR] = [8, 206];
const SPAN = 4;
const TALL = 800;
const GROUND = 720;
const [LOW, HIGH] = [-8, 1.5];
const KINDS = Object.keys(ESTIMATORS);
const WORDS = { path: "the path derivative", total: "the total derivative", score: "the score alone" };
const SUPERSCRIPT = { "-8": "10⁻⁸", "-6": "10⁻⁶", "-4": "10⁻⁴", "-2": "10⁻²", 0: "1" };

const xOf = (z) => ((z + SPAN) / (2 * SPAN)) * 1000;
const yOf = (z) => TALL / 2 - z * (500 / SPAN);
const levelOf = (kl) => TOP + ((HIGH - Math.min(HIGH, Math.max(LOW, Math.log10(Math.max(kl, 1e-30))))) / (HIGH - LOW)) * (FLOOR - TOP);
const density = (z, mean, sd) => Math.exp(-(((z - mean) / sd) ** 2) / 2) / (sd * Math.sqrt(2 * Math.PI));

let kept = { key: "" };
/** The three runs of a state; an animation asks for the same ones at every frame. */
function runs({ target, lr, sigma, seed }) {
  const key = `${target} ${lr} ${sigma} ${seed}`;
  if (kept.key !== key) {
    const paths = Object.fromEntries(KINDS.map((kind) => [kind, run({ target, lr, sigma, seed }, kind)]));
    const kls = Object.fromEntries(KINDS.map((kind) => [kind, paths[kind].map((q) => divergence(target, q))]));
    kept = { key, paths, kls };
  }
  return kept;
}

/** A divergence, also one that is almost nothing. */
export function nats(kl) {
  if (kl < 1e-8) return "below 10⁻⁸";
  const [digit, power] = kl.toExponential(0).split("e-");
  return kl < 0.01 ? `${digit}·10⁻${"⁰¹²³⁴⁵⁶⁷⁸"[power]}` : short(kl);
}

/** What the chosen run has reached, in a sentence. */
export function verdict(s) {
  const kl = runs(s).kls[s.estimator][s.step];
  const least = floorOf(s.target);
  const rest = least > 1e-9 ? ` A q without correlation cannot get below ${short(least)}.` : "";
  return `After ${s.step} steps KL(q ‖ p) is ${nats(kl)} nats, by ${WORDS[s.estimator]}.${rest}`;
}

export const speech = (s) => verdict(s);

const bell = (mean, sd, tall) => {
  const points = Array.from({ length: 161 }, (_, k) => -SPAN + k / 20).map((z) => [xOf(z), GROUND - tall * density(z, mean, sd)]);
  return line(points);
};

/** The curve on which a Gaussian lies two standard deviations from its mean: `root` times the unit circle. */
const ellipse = (mean, root) =>
  line(Array.from({ length: 73 }, (_, k) => (k * Math.PI) / 36).map((angle) => {
    const [c, d] = [2 * Math.cos(angle), 2 * Math.sin(angle)];
    return [xOf(mean[0] + root[0][0] * c), yOf(mean[1] + root[1][0] * c + root[1][1] * d)];
  }));

/** The lower Cholesky root of a covariance, from its precision. */
function rootOf(precision) {
  const determinant = precision[0][0] * precision[1][1] - precision[0][1] ** 2;
  const [var0, between, var1] = [precision[1][1], -precision[0][1], precision[0][0]].map((v) => v / determinant);
  const first = Math.sqrt(var0);
  return [[first, 0], [between / first, Math.sqrt(var1 - between ** 2 / var0)]];
}

/** Outlines of q and p and the way q's mean has gone. */
function shapes(s, path) {
  const { mean, precision } = TARGETS[s.target];
  const { mu, rho } = path[s.step];
  const sd = rho.map(Math.exp);
  if (mu.length === 2) {
    return {
      q: ellipse(mu, [[sd[0], 0], [0, sd[1]]]),
      p: ellipse(mean, rootOf(precision)),
      trail: line(path.slice(0, s.step + 1).map((place) => [xOf(place.mu[0]), yOf(place.mu[1])])),
      axis: "",
    };
  }
  const width = 1 / Math.sqrt(precision[0][0]);
  const tall = (GROUND - 30) / Math.max(density(0, 0, width), density(0, 0, sd[0])) / 1.05;
  return { q: bell(mu[0], sd[0], tall), p: bell(mean[0], width, tall), trail: "", axis: `M0 ${GROUND}H1000` };
}

/** Every part that moves. */
export function parts(s) {
  const { paths, kls } = runs(s);
  const { mu, rho } = paths[s.estimator][s.step];
  const picture = shapes(s, paths[s.estimator]);
  const curve = (kind) => line(kls[kind].slice(0, s.step + 1).map((kl, n) => [(n / STEPS) * 1000, levelOf(kl)]));
  const list = (values) => values.map((value) => fixed(value)).join(", ");
  return {
    space: {
      "aria-label":
        `q with mean ${list(mu)} and deviation ${list(rho.map(Math.exp))}, and p with mean ${list(TARGETS[s.target].mean)}, ` +
        `${PLACES[s.target]}.`,
    },
    q: { d: picture.q, class: `rp-shape rp-is-${s.estimator}` },
    p: { d: picture.p },
    trail: { d: picture.trail, class: `rp-trail rp-is-${s.estimator}` },
    ground: { d: picture.axis },
    kl: {
      "aria-label":
        `KL of q from p over ${STEPS} steps on a log scale. At step ${s.step}: ` +
        `${KINDS.map((kind) => `${ESTIMATORS[kind]} ${nats(kls[kind][s.step])}`).join(", ")} nats.`,
    },
    ...Object.fromEntries(KINDS.map((kind) => [`run-${kind}`, { d: curve(kind), class: `rp-run rp-is-${kind}${kind === s.estimator ? " rp-chosen" : ""}` }])),
    ...Object.fromEntries(KINDS.map((kind) => [`end-${kind}`, { text: nats(kls[kind][s.step]) }])),
    now: { style: `left:${at((s.step / STEPS) * 100)}%;top:${at((levelOf(kls[s.estimator][s.step]) / HEIGHT) * 100)}%`, class: `rp-now rp-is-${s.estimator}` },
    mu: { text: list(mu) },
    sigma: { text: list(rho.map(Math.exp)) },
    verdict: { text: verdict(s) },
  };
}

/** The whole widget as markup; `live` as in the controls. */
export function markup(s, title, live = "") {
  const p = parts(s);
  const levels = Object.keys(SUPERSCRIPT).map(Number);
  const grid = levels.map((v) => `M0 ${at(levelOf(10 ** v))}H1000`).join("");
  const rows = KINDS.map((kind) =>
    `<tr><th scope="row"><i class="rp-key rp-is-${kind}"></i>${ESTIMATORS[kind]}</th><td>${say(p, `end-${kind}`)}</td></tr>`);
  return `<div class="rp-widget rp-fit-q" role="group" aria-label="${escape(title)}">
    <div class="rp-panels">
    <div><p class="rp-caption">q, coloured, and p, dashed; in 2-D at two standard deviations</p>
    <div class="rp-fig rp-space"><svg viewBox="0 0 1000 ${TALL}" preserveAspectRatio="none" role="img" ${place(p, "space")}>
      <path class="rp-axis" ${place(p, "ground")}/><path ${place(p, "trail")}/><path ${place(p, "q")}/><path class="rp-truth" ${place(p, "p")}/></svg>
    ${[-2, 0, 2].map((z) => tag(fixed(z, 0), xOf(z) / 10, 96)).join("")}</div></div>
    <div><p class="rp-caption">KL(q ‖ p) in nats over ${STEPS} steps, log scale</p>
    <div class="rp-fig rp-square"><svg viewBox="0 0 1000 ${HEIGHT}" preserveAspectRatio="none" role="img" ${place(p, "kl")}>
      <path class="rp-grid" d="${grid}"/><path class="rp-axis" d="M0 ${FLOOR}H1000"/>
      ${KINDS.map((kind) => `<path ${place(p, `run-${kind}`)}/>`).join("")}</svg>
    ${levels.map((v) => tag(SUPERSCRIPT[v], 0, (levelOf(10 ** v) / HEIGHT) * 100, "rp-left")).join("")}
    <span ${place(p, "now")} aria-hidden="true"></span></div></div></div>
    <p class="rp-verdict"><strong>${say(p, "verdict")}</strong></p>
    <div class="rp-controls">${radioBox("estimator", "gradient", ESTIMATORS, s.estimator, live)}
      ${radioBox("target", "p", PLACES, s.target, live)}
      ${SLIDERS.map((slider) => sliderBox(slider, s[slider.key], live)).join("")}
      ${buttonRow([["step", "One step"], ["run", "Run"], ["replay", "Replay"], ["new", "New noise"]], live)}</div>
    <ul class="rp-values"><li>μ = ${say(p, "mu")}</li><li>σ = ${say(p, "sigma")}</li></ul>
    <table><thead><tr><th scope="col">gradient</th><th scope="col">KL(q ‖ p) at this step</th></tr></thead><tbody>${rows.join("")}</tbody></table>
    ${foot(live)}</div>`;
}

/** The first picture of the live widget, without controls and without a page. */
export const still = (state) => markup(clean(state), state.title ?? "");
