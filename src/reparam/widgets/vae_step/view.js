import { buttonRow, foot, sliderBox } from "../kit/controls.js";
import { place, say } from "../kit/svg.js";
import { escape, fixed } from "../kit/text.js";
import { clean, LINKS, links, NAMES, SLIDERS, train } from "./model.js";

/** Results have four decimals; numbers put into formulas lose their trailing zeros. */
const HUGE = 1e7;
const huge = (v) => (Number.isFinite(v) ? v.toExponential(3).replace("e+", "e").replaceAll("-", "\u2212") : "overflow");
const result = (v) => (Math.abs(v) < HUGE ? fixed(v, 4) : huge(v));
const n = (v) => (Math.abs(v) < HUGE ? fixed(v, 4).replace(/\.?0+$/, "") : huge(v));
const p = (v) => (v < 0 ? `(${n(v)})` : n(v));
const plus = (v) => (v < 0 ? `− ${n(-v)}` : `+ ${n(v)}`);

/** The six weights as fields for typing, with the lines that they belong to. */
export const FIELDS = NAMES.map((key) => ({ key, label: key, min: -3, max: 3, show: n }));
const LINES = ["mean = a · x + b", "log_var = c · x + d", "x̂ = w · z + k"];

/** A result as the map has room for it. */
const brief = (v) => (!Number.isFinite(v) ? "∞" : Math.abs(v) < 1000 ? fixed(v) : v.toExponential(0).replace("e+", "e").replace("-", "−"));

/** What the update did to the loss, in a sentence. */
export function verdict(r) {
  const [was, is] = [r.before.loss, r.after.loss];
  if (!Number.isFinite(is)) return "The step was far too long: the loss overflowed.";
  if (Math.abs(is - was) < 5e-5) return "The loss did not change in four decimals.";
  const way = is < was ? "fell" : "rose";
  return `The loss ${way} from ${result(was)} to ${result(is)}${is < was ? "." : ": the step was too long."}`;
}

/** The six cards: `[name, sentence, rows]`, a row being `[key, symbol, rule, numbers put in, value, concept]`. */
export function cards(s, r) {
  const { x, eps, lr } = s;
  const { params: q, before: f, grad: g, moved, after, square } = r;
  return [
    ["Encode", "The encoder turns the datum into the mean and log-variance of q.", [
      ["mean", "mean", "a · x + b", `${n(q.a)} · ${p(x)} ${plus(q.b)}`, f.mean],
      ["log_var", "log_var", "c · x + d", `${n(q.c)} · ${p(x)} ${plus(q.d)}`, f.log_var],
    ]],
    ["Sample", "The noise comes from outside, so z is a plain function of mean and σ.", [
      ["sigma", "σ", "exp(log_var / 2)", `exp(${n(f.log_var)} / 2)`, f.sigma],
      ["z", "z", "mean + σ · ε", `${n(f.mean)} + ${n(f.sigma)} · ${p(eps)}`, f.z],
    ]],
    ["Decode", "The decoder turns the sample into its guess of the datum.", [
      ["xhat", "x̂", "w · z + k", `${n(q.w)} · ${p(f.z)} ${plus(q.k)}`, f.xhat],
    ]],
    ["Score", "The guess is compared with x, and q with the prior. The loss is the negative ELBO.", [
      ["reconstruction", "reconstruction", "−(x − x̂)² / 2 − log(2π) / 2", `−(${n(x)} − ${p(f.xhat)})² / 2 − 0.9189`, f.reconstruction, "reconstruction"],
      ["kl", "KL", "(mean² + σ² − 1 − log_var) / 2", `(${p(f.mean)}² + ${n(f.sigma)}² − 1 − ${p(f.log_var)}) / 2`, f.kl, "kl"],
      ["elbo", "ELBO", "reconstruction − KL", `${n(f.reconstruction)} − ${p(f.kl)}`, f.elbo, "elbo"],
      ["loss", "loss", "−ELBO", `−${p(f.elbo)}`, f.loss],
    ]],
    ["Gradients", "Backwards by the chain rule; dz is short for dloss/dz. Two paths reach mean and log_var, one through z and one through the KL: they are added.", [
      ["d-xhat", "dx̂", "x̂ − x", `${n(f.xhat)} − ${p(x)}`, g.xhat],
      ["d-z", "dz", "dx̂ · w", `${n(g.xhat)} · ${p(q.w)}`, g.z],
      ["d-mean", "dmean", "dz · 1 + mean", `${n(g.z)} ${plus(f.mean)}`, g.mean],
      ["d-log_var", "dlog_var", "dz · σ · ε / 2 + (σ² − 1) / 2", `${n(g.z)} · ${n(f.sigma)} · ${p(eps)} / 2 + (${n(f.sigma)}² − 1) / 2`, g.log_var],
      ["d-a", "da", "dmean · x", `${n(g.mean)} · ${p(x)}`, g.a],
      ["d-b", "db", "dmean · 1", n(g.mean), g.b],
      ["d-c", "dc", "dlog_var · x", `${n(g.log_var)} · ${p(x)}`, g.c],
      ["d-d", "dd", "dlog_var · 1", n(g.log_var), g.d],
      ["d-w", "dw", "dx̂ · z", `${n(g.xhat)} · ${p(f.z)}`, g.w],
      ["d-k", "dk", "dx̂ · 1", n(g.xhat), g.k],
    ]],
    ["Update", "Each parameter moves against its gradient. The noise stays, so that the two losses can be compared.", [
      ...NAMES.map((name) => [`new-${name}`, `new ${name}`, `${name} − rate · d${name}`, `${n(q[name])} − ${n(lr)} · ${p(g[name])}`, moved[name]]),
      ["again", "loss, same ε", "KL − reconstruction", `${n(after.kl)} − ${p(after.reconstruction)}`, after.loss],
      ["promised", "forecast", "loss − rate · |gradient|²", `${n(f.loss)} − ${n(lr)} · ${n(square)}`, r.promised],
    ]],
  ];
}

/** What a screen reader hears when the reader stops at card `at`. */
export function speech(s, at) {
  const r = train(s);
  const [name, , rows] = cards(s, r)[at];
  const said = rows.map(([, symbol, , , value]) => `${symbol} ${result(value)}`).join(", ");
  return `Step ${at + 1} of 6, ${name}: ${said}.${at === 5 ? ` ${verdict(r)}` : ""}`;
}

const HALVES = { reconstruction: "reconstruction", kl: "KL" };
const SHARED = ["mean", "log_var"];
const symbol = (key) => HALVES[key] ?? (key === "xhat" ? "x̂" : key);
const RULES = {
  "reconstruction xhat": "x − x̂", "xhat w": "z", "xhat z": "w", "kl mean": "mean", "mean a": "x", "log_var c": "x",
  "z log_var": "σ · ε / 2", "kl log_var": "(σ² − 1) / 2",
};

/** One link of the chain rule in words: its local slope, and the product so far. */
export function link(s, beat) {
  const { from, to, above, local, product, before } = links(s, train(s))[beat];
  const rule = RULES[`${from} ${to}`];
  const slope = `d${symbol(from)}/d${symbol(to)} = ${rule ? `${rule} = ` : ""}${n(local)}`;
  const met = before === undefined ? "This is the first of two paths." : `The two paths add up: ${n(before)} ${plus(product)} = ${n(before + product)} = d${to}.`;
  const end = SHARED.includes(to) ? `. ${met}` : to in HALVES ? "." : ` = d${symbol(to)}.`;
  return `Link ${beat + 1} of ${LINKS.length}, from ${symbol(from)} to ${symbol(to)}. Local slope ${slope}. ` +
    `Product so far ${n(above)}\u00a0· ${p(local)} = ${n(product)}${end}`;
}

/** The map: where each number lives (per cent and pixels), what it is called, and the step that makes it. */
const HEIGHT = 166;
const NODES = {
  x: [5, 84, "x", 0], mean: [24, 46, "mean", 0], log_var: [24, 122, "log_var", 0], eps: [43, 20, "ε", 1],
  z: [43, 84, "z", 1], xhat: [60, 84, "x̂", 2], reconstruction: [78, 46, "recon.", 3], kl: [78, 138, "KL", 3], loss: [95, 84, "loss", 3],
};
const EDGES = [
  ["x", "mean"], ["x", "log_var"], ["mean", "z"], ["log_var", "z"], ["eps", "z"], ["z", "xhat"],
  ["xhat", "reconstruction"], ["mean", "kl"], ["log_var", "kl"], ["reconstruction", "loss"], ["kl", "loss"],
];
/** Where the weights are written, beside the edge that they belong to. */
const WEIGHTS = [["a", "b", 11, 46, 0], ["c", "d", 11, 124, 1], ["w", "k", 51.5, 56, 5]];
/** The edge that a link runs along, and the share of it: to a weight it is half of the weight's edge. */
export const ways = LINKS.map(([from, to]) => {
  const own = WEIGHTS.find((pair) => pair.includes(to));
  return own ? [own[4], 0.5] : [EDGES.findIndex(([a, b]) => a === to && b === from), 1];
});
const WAYS = ["Forward →", "← Backward: slopes of the loss", "Forward again → same ε"];

function edge([from, to]) {
  const [[x1, y1], [x2, y2]] = [NODES[from], NODES[to]];
  const bend = to === "kl" ? ` C${x1 * 10 + 130} ${y1 + 60} ${x2 * 10 - 300} ${y2 + 8}` : "L";
  return `M${x1 * 10} ${y1}${bend} ${x2 * 10} ${y2}`;
}

/** What the backward pass shows at link `beat`; -1 is all of it at once. */
function pass(s, r, beat) {
  const done = new Set(LINKS.slice(0, beat + 1).map(([, to]) => to));
  const later = new Set(LINKS.slice(beat + 1).map(([, to]) => to));
  const { to: now, slopes } = links(s, r)[beat];
  const kind = (key) => (key === now ? "rp-back rp-now" : key === "loss" || done.has(key) ? "rp-back" : "rp-later");
  const out = { walk: { class: "" }, link: { text: link(s, beat) } };
  for (const key of Object.keys(NODES).filter((name) => name !== "x" && name !== "eps")) {
    out[`node-${key}`] = { class: `rp-node rp-is-${key} ${kind(key)}` };
    out[`value-${key}`] = { text: key in slopes ? brief(slopes[key]) : "·" };
  }
  EDGES.forEach((_, k) => {
    const passed = ways.findIndex(([edge, share]) => edge === k && share === 1);
    out[`edge${k}`] = { class: `rp-edge ${ways[beat][0] === k ? "rp-link" : passed >= 0 && passed < beat ? "rp-back" : "rp-later"}` };
  });
  for (const name of NAMES) out[`weight-${name}`] = { class: kind(name) };
  for (const key of Object.keys(r.grad)) {
    out[`row-${key}`] = { class: key === now ? `rp-here${later.has(key) ? " rp-later" : ""}` : done.has(key) && !later.has(key) ? "" : "rp-later" };
  }
  return out;
}

/** Every part that moves; `at` is the card that lies open, -1 for all of them, `beat` the link that is played, if any. */
export function parts(s, at, beat = -1) {
  const r = train(s);
  const back = at === 4;
  const made = at < 0 || at === 5 ? 9 : Math.min(at, 3);
  const values = { x: s.x, eps: s.eps, ...(at === 5 ? r.after : r.before) };
  const slopes = { ...r.grad, reconstruction: -1, kl: 1, loss: 1, x: null, eps: null };
  const kind = (step) => (back ? "rp-back" : step > made ? "rp-later" : step === made ? "rp-now" : "rp-done");
  const out = {
    map: { "aria-label": `The numbers of the step and what each is computed from.` },
    way: { text: WAYS[back ? 1 : at === 5 ? 2 : 0], class: `rp-way${back ? " rp-accent" : ""}` },
    count: { text: at < 0 ? "1 to 6" : `${at + 1} of 6` },
    verdict: { text: verdict(r) },
    walk: { class: "rp-off" },
    link: { text: "" },
  };
  for (const name of NAMES) out[`weight-${name}`] = { class: back ? "rp-back" : "" };
  for (const key of Object.keys(r.grad)) out[`row-${key}`] = { class: "" };
  for (const [key, [, , , step]] of Object.entries(NODES)) {
    const value = back ? slopes[key] : values[key];
    const fixedNode = back && value === null;
    out[`node-${key}`] = { class: `rp-node rp-is-${key} ${fixedNode ? "rp-done" : kind(step)}` };
    out[`value-${key}`] = { text: fixedNode ? "–" : step > made && !back ? "·" : brief(value) };
  }
  EDGES.forEach(([from, to], k) => {
    const still = back && slopes[from] === null;
    out[`edge${k}`] = { class: `rp-edge ${still ? "rp-later" : kind(NODES[to][3])}` };
  });
  cards(s, r).forEach(([, , rows], k) => {
    out[`card${k}`] = { class: `rp-step${at >= 0 && at !== k ? " rp-off" : ""}` };
    for (const [key, , , put, value] of rows) {
      out[`put-${key}`] = { text: `= ${put.replace(/ \/ 2| − 1\)/g, (end) => end.replaceAll(" ", "\u00a0"))}` };
      out[`result-${key}`] = { text: result(value) };
    }
  });
  return beat < 0 ? out : { ...out, ...pass(s, r, beat) };
}

/** The weights, two for each line; on a phone they lie folded behind a button. */
function weights(s, live) {
  const field = ({ key, show }) => {
    const value = escape(show(s[key]));
    if (!live) return `<span class="rp-weight">${key}<span class="rp-typed">${value}</span></span>`;
    return `<label class="rp-weight">${key}<input type="text" class="rp-typed" inputmode="decimal" autocomplete="off" data-key="${key}" value="${value}"></label>`;
  };
  const groups = LINES.map((name, k) => {
    const [box, head] = live ? ["fieldset", "legend"] : ["div", "span"];
    return `<${box} class="rp-group"><${head} class="rp-name">${name}</${head}>${FIELDS.slice(2 * k, 2 * k + 2).map(field).join("")}</${box}>`;
  });
  return `<div class="rp-fold">${buttonRow([["fold", "Edit the six weights"]], live)}</div><div class="rp-weights">${groups.join("")}</div>`;
}

function picture(shown, live) {
  const edges = EDGES.map((pair, k) => `<path d="${edge(pair)}" ${place(shown, `edge${k}`)}/>`);
  const nodes = Object.entries(NODES).map(([key, [x, y, name]]) =>
    `<span ${place(shown, `node-${key}`)} style="left:${x}%;top:${y}px"><b>${name}</b>${say(shown, `value-${key}`)}</span>`);
  const letters = WEIGHTS.map(([one, two, x, y]) =>
    `<span class="rp-tag rp-letters" aria-hidden="true" style="left:${x}%;top:${y}px"><i ${place(shown, `weight-${one}`)}>${one}</i> <i ${place(shown, `weight-${two}`)}>${two}</i></span>`);
  return `<div class="rp-turn"><p ${place(shown, "way")}>${escape(shown.way.text)}</p>${buttonRow([["play", "Play backward"]], live)}</div><div class="rp-fig rp-map"><svg viewBox="0 0 1000 ${HEIGHT}" preserveAspectRatio="none" role="img" ${place(shown, "map")}>${edges.join("")}</svg>
    <span class="rp-pulse rp-off" aria-hidden="true"></span>${letters.join("")}${nodes.join("")}</div>
    <div ${place(shown, "walk")}>${buttonRow([["back", "Link back"], ["on", "Link on"]], live)}</div>
    <p class="rp-told" role="status" aria-live="polite" aria-atomic="true">${say(shown, "link")}</p>`;
}

function card(shown, [name, sentence, rows], k) {
  const lines = rows.map(([key, symbol, rule, , , concept]) =>
    `<tr${k === 4 ? ` ${place(shown, `row-${key.slice(2)}`)}` : ""}><th scope="row">${concept ? `<i class="rp-mark rp-is-${concept}"></i>` : ""}${symbol}</th>
      <td class="rp-sum"><span>${escape(rule)}</span> ${say(shown, `put-${key}`, "rp-put")}</td><td class="rp-result">${say(shown, `result-${key}`)}</td></tr>`);
  const end = k === 5 ? `<p class="rp-verdict"><strong>${say(shown, "verdict")}</strong></p>` : "";
  return `<section ${place(shown, `card${k}`)}><p class="rp-lead"><strong>${k + 1}. ${name}.</strong> ${sentence}</p>
    <table><tbody>${lines.join("")}</tbody></table>${end}</section>`;
}

/** The whole widget as markup, card `at` open; `live` as in the controls. */
export function markup(s, title, live = "", at = live ? 0 : -1) {
  const shown = parts(s, at);
  return `<div class="rp-widget rp-vae-step${live ? "" : " rp-still"}" role="group" aria-label="${escape(title)}">
    <div class="rp-controls">${SLIDERS.map((slider) => sliderBox(slider, s[slider.key], live)).join("")}</div>
    ${weights(s, live)}
    ${picture(shown, live)}
    <div class="rp-turn">${buttonRow([["previous", "Previous"], ["next", "Next"]], live)}${say(shown, "count", "rp-count")}</div>
    <div class="rp-steps">${cards(s, train(s)).map((one, k) => card(shown, one, k)).join("")}</div>
    ${foot(live)}</div>`;
}

/** All six cards, without controls and without a page. */
export const still = (state) => markup(clean(state), state.title ?? "");
