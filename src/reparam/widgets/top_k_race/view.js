import { buttonRow, foot, radioBox, sliderBox } from "../kit/controls.js";
import { at, dots, place, say } from "../kit/svg.js";
import { escape, fixed, nice } from "../kit/text.js";
import { chances, clean, noise, plackettLuce, repeats, run, sliders, tally } from "./model.js";

const SHAPES = ["●", "■", "◆", "▮", "✚"];
const COUNTS = { ordered: "in order", sets: "as a set" };
const NTH = ["1st", "2nd", "3rd"];
export const ROWS = 10;

/** The track in a box of 1000 by 44 a lane: start and finish, and the height of each lane. */
const [START, FINISH, PITCH] = [40, 940, 44];
const lane = (i) => PITCH * (i + 0.5) + 6;
export const spot = (share) => START + (FINISH - START) * Math.min(1, share);

const races = (n) => (n === 1 ? "1 race" : `${n} races`);
const named = (who, count) => (count === "sets" ? `{${who.join(", ")}}` : who.join(", then "));

/** A time in seconds, short at every size. */
const clock = (t) => (t < 0.01 ? "< 0.01" : t < 100 ? fixed(t) : fixed(t, 0));

/** What the counts say, in a sentence. */
export function verdict(s, lines) {
  const judged = lines.filter((row) => row.p * s.n >= 5 && (1 - row.p) * s.n >= 5);
  if (judged.length < 2) return "Too few races to judge: run some more.";
  const inside = judged.filter((row) => Math.abs(row.z) <= 2).length;
  return `${inside} of ${judged.length} shares lie within two standard errors of the exact law; about 95 % should.`;
}

const twice = (s) =>
  s.k === 1
    ? "With one place the law is softmax."
    : `Nobody is placed twice. ${s.k} draws with replacement would name somebody twice with probability ${fixed(repeats(s.logits, s.k), 3)}.`;

export function speech(s) {
  const r = run(s.logits, s.k, noise(s));
  const lines = tally(s, r, ROWS);
  const top = lines.slice(0, 3).map((row) => `${named(row.who, s.count)}: ${fixed(row.share, 3)}, exactly ${fixed(row.p, 3)}`);
  return `${races(s.n)}; the last was won by ${named(r.last, "ordered")}. Shares: ${top.join("; ")}. ${verdict(s, lines)}`;
}

/** The runners at the moment `t` (0 to 1) of the time at which the last place is taken. */
export function track(s, r, t = 1) {
  const done = t === 1;
  const out = {
    svg: {
      "aria-label": done
        ? `Race ${s.n}: ${r.last.map((i, j) => `${NTH[j]} is runner ${i} at time ${clock(r.times[i])}`).join(", ")}; the others have covered ` +
          `${r.pace.map((x, i) => (r.last.includes(i) ? "" : `${Math.round(100 * x)} % (runner ${i})`)).filter(Boolean).join(", ")}.`
        : `${s.logits.length} runners on their way.`,
    },
  };
  s.logits.forEach((_, i) => {
    const x = spot(t * r.pace[i]);
    const won = r.last.indexOf(i);
    const home = won >= 0 && t * r.pace[i] >= 1;
    out[`trail${i}`] = { d: `M${START} ${lane(i)}H${at(x)}` };
    out[`runner${i}`] = {
      d: i === 3 ? `M${at(x)} ${lane(i) - 9}v18` : i === 4 ? `M${at(x - 9)} ${lane(i)}h18M${at(x)} ${lane(i) - 9}v18` : dots([[x, lane(i)]], i === 2),
      class: `rp-runner rp-k${i}${home ? " rp-first" : ""}`,
    };
    out[`time${i}`] = { text: done || home ? clock(r.times[i]) : "…" };
    out[`medal${i}`] = { text: home ? NTH[won] : "" };
  });
  return out;
}

/** How the last order came about: at each place, the chances of those who are left. */
export function stages(s, r) {
  const out = {};
  for (let j = 0; j < 3; j += 1) {
    const on = j < s.k;
    const gone = r.last.slice(0, j);
    const p = on ? chances(s.logits, gone) : s.logits.map(() => 0);
    out[`stage${j}`] = { class: on ? "rp-stage" : "rp-stage rp-off" };
    out[`stage-text${j}`] = {
      text: on ? `${NTH[j]}: runner ${r.last[j]}, chance ${fixed(p[r.last[j]], 3)}${j ? ` with ${gone.join(" and ")} gone` : ""}` : "",
    };
    let x = 0;
    p.forEach((share, i) => {
      const wide = 1000 * share;
      out[`part${j}${i}`] = { d: wide > 0 ? `M${at(x)} 10H${at(x + wide)}` : "" };
      if (on && i === r.last[j]) out[`pick${j}`] = { d: `M${at(x)} 23H${at(x + wide)}` };
      x += wide;
    });
    out[`pick${j}`] ??= { d: "" };
  }
  const factors = r.last.map((i, j) => fixed(chances(s.logits, r.last.slice(0, j))[i], 3));
  out.product = { text: s.k > 1 ? `This order: ${factors.join(" × ")} = ${fixed(plackettLuce(s.logits, r.last), 3)}.` : "" };
  return out;
}

/** The counts: shares with two standard errors beside the exact law. */
export function table(s, r) {
  const lines = tally(s, r, ROWS);
  const top = Math.min(1, nice(Math.max(...lines.map((row) => Math.max(row.p, row.share + 2 * row.se)))));
  const out = { scale: { text: `0 to ${top}` }, verdict: { text: verdict(s, lines) }, count: { text: races(s.n) }, twice: { text: twice(s) } };
  for (let i = 0; i < ROWS; i += 1) {
    const row = lines[i] ?? { who: [], p: 0, share: 0, se: 0 };
    const [low, high] = [Math.max(0, row.share - 2 * row.se), Math.min(1, row.share + 2 * row.se)];
    out[`row${i}`] = { class: lines[i] ? "" : "rp-off" };
    out[`who${i}`] = { "aria-label": row.others ? `the ${row.others} others` : named(row.who, s.count) };
    out[`open${i}`] = { text: row.others ? `${row.others} others` : s.count === "sets" ? "{" : "" };
    out[`close${i}`] = { text: !row.others && s.count === "sets" ? "}" : "" };
    for (let j = 0; j < 3; j += 1) {
      const runner = row.who[j];
      out[`gap${i}${j}`] = { text: runner === undefined || !j ? "" : s.count === "sets" ? ", " : " › " };
      out[`mark${i}${j}`] = { text: runner === undefined ? "" : SHAPES[runner], class: `rp-k${runner ?? 0}` };
      out[`name${i}${j}`] = { text: runner === undefined ? "" : ` ${runner}` };
    }
    out[`share${i}`] = { text: `${fixed(row.share, 3)} ± ${fixed(2 * row.se, 3)}` };
    out[`exact${i}`] = { text: fixed(row.p, 3) };
    out[`bar${i}`] = { d: `M0 11H${at((1000 * row.share) / top)}` };
    out[`err${i}`] = { d: `M${at((1000 * low) / top)} 11H${at((1000 * high) / top)}` };
    out[`law${i}`] = { d: `M${at((1000 * row.p) / top)} 1V21` };
  }
  return out;
}

export const parts = (s, r, t = 1) => (t === 1 ? { ...track(s, r), ...stages(s, r), ...table(s, r) } : track(s, r, t));

const hold = (p, name, tag, inner) => `<${tag} ${place(p, name)}>${inner}</${tag}>`;

function picture(s, p) {
  const high = s.logits.length * PITCH + 12;
  const lanes = s.logits.map((_, i) => `M${START} ${lane(i)}H${FINISH}`).join("");
  const runners = s.logits.map((_, i) => `<path class="rp-trail rp-k${i}" ${place(p, `trail${i}`)}/><path ${place(p, `runner${i}`)}/>`);
  const labels = s.logits.map((_, i) => (
    `<span class="rp-tag rp-lane" style="top:${at((100 * (lane(i) - 15)) / high)}%"><i class="rp-k${i}">${SHAPES[i]}</i> ${i}: ${say(p, `time${i}`)} ${say(p, `medal${i}`, "rp-medal")}</span>`));
  return `<div class="rp-fig" style="height:${high}px"><svg viewBox="0 0 1000 ${high}" preserveAspectRatio="none" role="img" ${place(p, "svg")}>
      <path class="rp-lanes" d="${lanes}"/><path class="rp-axis" d="M${START} 6V${high - 6}"/><path class="rp-line" d="M${FINISH} 2V${high - 2}"/>
      ${runners.join("")}</svg>${labels.join("")}</div>`;
}

const stage = (s, p, j) => hold(p, `stage${j}`, "div", `${say(p, `stage-text${j}`)}
  <svg viewBox="0 0 1000 26" preserveAspectRatio="none" aria-hidden="true">
    ${s.logits.map((_, i) => `<path class="rp-part rp-k${i}" ${place(p, `part${j}${i}`)}/>`).join("")}<path class="rp-pick" ${place(p, `pick${j}`)}/></svg>`);

const row = (p, i) => hold(p, `row${i}`, "tr", `<th scope="row" ${place(p, `who${i}`)}>${say(p, `open${i}`)}${[0, 1, 2].map((j) => (
  `${say(p, `gap${i}${j}`)}${hold(p, `mark${i}${j}`, "i", p[`mark${i}${j}`].text)}${say(p, `name${i}${j}`)}`)).join("")}${say(p, `close${i}`)}</th>
  <td>${say(p, `share${i}`)}</td><td>${say(p, `exact${i}`)}</td>
  <td class="rp-bars"><svg viewBox="0 0 1000 22" preserveAspectRatio="none" aria-hidden="true">
    <path class="rp-bar" ${place(p, `bar${i}`)}/><path class="rp-err" ${place(p, `err${i}`)}/><path class="rp-truth" ${place(p, `law${i}`)}/></svg></td>`);

/** The whole widget as markup; `live` as in the controls. */
export function markup(s, title, live = "") {
  const p = parts(s, run(s.logits, s.k, noise(s)));
  const buttons = [["once", "Race once"], ["most", "1000 times"], ["replay", "Replay"], ["new", "New noise"], ["again", "Start again"]];
  return `<div class="rp-widget rp-top-k-race" role="group" aria-label="${escape(title)}">
    ${picture(s, p)}
    <div class="rp-below"><div class="rp-controls">
        ${sliders(s.logits.length).map((slider) => sliderBox(slider, s[slider.key], live)).join("")}${buttonRow(buttons, live)}
        <div class="rp-stages">${[0, 1, 2].map((j) => stage(s, p, j)).join("")}<p class="rp-verdict">${say(p, "product")}</p></div></div>
      <div>${radioBox("count", "count", COUNTS, s.count, live)}
        <table><thead><tr><th scope="col">places</th><th scope="col">share ± 2 se</th>
        <th scope="col"><i class="rp-dash"></i>exact</th><th scope="col">${say(p, "scale")}</th></tr></thead>
        <tbody>${Array.from({ length: ROWS }, (_, i) => row(p, i)).join("")}</tbody></table>
      <p class="rp-verdict"><strong>${say(p, "count")}</strong>. ${say(p, "verdict")}</p>
      <p class="rp-verdict">${say(p, "twice")}</p></div></div>
    ${foot(live)}</div>`;
}

/** The first picture of the live widget, without controls and without a page. */
export const still = (state) => markup(clean(state), state.title ?? "");
