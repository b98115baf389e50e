import { buttonRow, foot, radioBox, sliderBox } from "../kit/controls.js";
import { at, dots, place, say } from "../kit/svg.js";
import { escape, fixed } from "../kit/text.js";
import { clean, K, noise, run, SLIDERS } from "./model.js";

const SHAPES = ["●", "■", "◆", "▮"];
const LAWS = { gumbel: "Gumbel (exponential clocks)", normal: "normal, same mean and variance" };

/** The track in a box of 1000 by 200: start and finish, and the height of each lane. */
const [START, FINISH] = [40, 940];
export const lane = (k) => 25 + 50 * k;
export const spot = (share) => START + (FINISH - START) * Math.min(1, share);

const races = (n) => (n === 1 ? "1 race" : `${n} races`);
const list = (values) => values.map((p) => fixed(p, 3)).join(", ");

/** A time in seconds, short at every size. */
const clock = (t) => (t < 0.01 ? "< 0.01" : t < 100 ? fixed(t) : fixed(t, 0));

/** What the counts say, in a sentence. */
export function verdict(s, r) {
  const worst = r.z.reduce((best, z, k) => (Math.abs(z) > Math.abs(r.z[best]) ? k : best), 0);
  if (r.n * Math.min(...r.target) < 5) return "Too few races to judge: run some more.";
  const far = `Runner ${worst} is furthest from softmax, by ${fixed(Math.abs(r.z[worst]), 1)} standard errors.`;
  if (s.law === "gumbel") return `${far} The limit of many races is softmax itself.`;
  return `${far} With normal noise the limit of many races is ${list(r.limit)}: more races do not help.`;
}

export function speech(s) {
  const r = run(s.logits, s.law, noise(s));
  return `${races(s.n)} with ${s.law} noise; the last was won by runner ${r.winner} at time ${clock(r.times[r.winner])}. ` +
    `Shares ${list(r.share)}; softmax ${list(r.target)}. ${verdict(s, r)}`;
}

/** The runners at the moment `t` (0 to 1) of the winning time: each at its own constant speed. */
export function track(s, r, t = 1) {
  const done = t === 1;
  const out = {
    svg: {
      "aria-label": done
        ? `Race ${r.n}: runner ${r.winner} crosses the line first, at time ${clock(r.times[r.winner])}; the others have covered ` +
          `${r.reached.map((x, k) => (k === r.winner ? "" : `${Math.round(100 * x)} % (runner ${k})`)).filter(Boolean).join(", ")}.`
        : "Four runners on their way.",
    },
  };
  for (let k = 0; k < K; k += 1) {
    const x = spot(t * r.reached[k]);
    out[`trail${k}`] = { d: `M${START} ${lane(k)}H${at(x)}` };
    out[`runner${k}`] = { d: k === 3 ? `M${at(x)} ${lane(k) - 9}v18` : dots([[x, lane(k)]], k === 2), class: `rp-runner rp-k${k}${done && k === r.winner ? " rp-first" : ""}` };
    out[`time${k}`] = { text: done ? clock(r.times[k]) : "…" };
    out[`medal${k}`] = { text: done && k === r.winner ? "first" : "" };
  }
  return out;
}

/** The counts: shares with two standard errors beside softmax. */
export function tally(s, r) {
  const out = { verdict: { text: verdict(s, r) }, count: { text: races(r.n) } };
  out.speed = {
    text: s.law === "gumbel"
      ? `Mean winning time ${fixed(r.meanTime, 3)}; exactly, one over the sum of the rates: ${fixed(1 / r.rate, 3)}.`
      : `Mean winning time ${fixed(r.meanTime, 3)}.`,
  };
  for (let k = 0; k < K; k += 1) {
    const [p, se] = [r.share[k], r.se[k]];
    out[`rate${k}`] = { text: fixed(Math.exp(s.logits[k])) };
    out[`share${k}`] = { text: `${fixed(p, 3)} ± ${fixed(2 * se, 3)}` };
    out[`target${k}`] = { text: fixed(r.target[k], 3) };
    out[`bar${k}`] = { d: `M0 12H${at(1000 * p)}` };
    out[`err${k}`] = { d: `M${at(1000 * Math.max(0, p - 2 * se))} 12H${at(1000 * Math.min(1, p + 2 * se))}` };
    out[`pi${k}`] = { d: `M${at(1000 * r.target[k])} 1V23` };
  }
  return out;
}

export const parts = (s, r, t = 1) => (t === 1 ? { ...track(s, r), ...tally(s, r) } : track(s, r, t));

function picture(p) {
  const lanes = Array.from({ length: K }, (_, k) => `M${START} ${lane(k)}H${FINISH}`).join("");
  const runners = Array.from({ length: K }, (_, k) => (
    `<path class="rp-trail rp-k${k}" ${place(p, `trail${k}`)}/><path ${place(p, `runner${k}`)}/>`));
  const labels = Array.from({ length: K }, (_, k) => (
    `<span class="rp-tag rp-lane" style="top:${lane(k) / 2 - 7}%"><i class="rp-k${k}">${SHAPES[k]}</i> ${k}: ${say(p, `time${k}`)} ${say(p, `medal${k}`, "rp-medal")}</span>`));
  return `<div class="rp-fig"><svg viewBox="0 0 1000 200" preserveAspectRatio="none" role="img" ${place(p, "svg")}>
      <path class="rp-lanes" d="${lanes}"/><path class="rp-axis" d="M${START} 8V192"/><path class="rp-line" d="M${FINISH} 4V196"/>
      ${runners.join("")}</svg>${labels.join("")}</div>`;
}

function row(p, k) {
  return `<tr><th scope="row"><i class="rp-k${k}" aria-hidden="true">${SHAPES[k]}</i> ${k}</th><td>${say(p, `rate${k}`)}</td>
    <td>${say(p, `share${k}`)}</td><td>${say(p, `target${k}`)}</td>
    <td class="rp-bars"><svg viewBox="0 0 1000 24" preserveAspectRatio="none" aria-hidden="true">
      <path class="rp-bar rp-k${k}" ${place(p, `bar${k}`)}/><path class="rp-err" ${place(p, `err${k}`)}/>
      <path class="rp-truth" ${place(p, `pi${k}`)}/></svg></td></tr>`;
}

/** The whole widget as markup; `live` as in the controls. */
export function markup(s, title, live = "") {
  const r = run(s.logits, s.law, noise(s));
  const p = parts(s, r);
  const buttons = [["once", "Race once"], ["many", "100 times"], ["most", "1000 times"], ["replay", "Replay"], ["new", "New noise"], ["again", "Start again"]];
  return `<div class="rp-widget rp-gumbel-race" role="group" aria-label="${escape(title)}">
    ${radioBox("law", "noise", LAWS, s.law, live)}
    ${picture(p)}
    <div class="rp-below"><div class="rp-controls">
        ${SLIDERS.map((slider) => sliderBox(slider, s[slider.key], live)).join("")}${buttonRow(buttons, live)}</div>
      <div><table><thead><tr><th scope="col">runner</th><th scope="col">rate</th><th scope="col">share ± 2 se</th>
        <th scope="col"><i class="rp-dash"></i>softmax</th><th scope="col">0 to 1</th></tr></thead>
        <tbody>${Array.from({ length: K }, (_, k) => row(p, k)).join("")}</tbody></table>
      <p class="rp-verdict"><strong>${say(p, "count")}</strong>. ${say(p, "verdict")}</p>
      <p class="rp-verdict">${say(p, "speed")}</p></div></div>
    ${foot(live)}</div>`;
}

/** The first picture of the live widget, without controls and without a page. */
export const still = (state) => markup(clean(state), state.title ?? "");
