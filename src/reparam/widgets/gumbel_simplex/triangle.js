import { dots, line, place } from "../kit/svg.js";
import { fixed } from "../kit/text.js";
import { K } from "./model.js";

/** The triangle in a box of 1000 by 1000: classes 0 and 1 at the bottom, 2 on top. */
export const CORNERS = [[40, 920], [960, 920], [500, 60]];
export const SHAPES = ["●", "■", "◆"];
const LAYERS = 6;

/** A point of the simplex on the picture, and back. */
export const spot = (y) => [0, 1].map((axis) => y.reduce((sum, p, k) => sum + p * CORNERS[k][axis], 0));
export function weights([x, y]) {
  const top = (920 - y) / 860;
  const right = (x - 40 - top * 460) / 920;
  return [1 - top - right, right, top];
}

export const caption = (s, r) => ({
  "aria-label": `${s.n} Gumbel-Softmax samples on the triangle of three classes at temperature ${fixed(s.tau, 3)}: ` +
    `they lie near the ${r.sharpness > 0.75 ? "corners" : r.sharpness < 0.5 ? "centre" : "middle ground"}.`,
});

/** The samples in a few strokes: shapes by winner, layers so that crowds look denser. */
export function crowd(r) {
  const groups = Array.from({ length: K * LAYERS }, () => []);
  r.y.forEach((y, i) => groups[r.winners[i] * LAYERS + (i % LAYERS)].push(spot(y)));
  return Object.fromEntries(groups.map((points, j) => [`dots${j}`, { d: dots(points, j >= 2 * LAYERS) }]));
}

/** The triangle with `under` and `over` the crowd, and a name at each corner. */
export function triangle(p, name, under, over, grip = "") {
  const edges = [[0, 1], [1, 2], [2, 0]].map((pair) => pair.map((k) => CORNERS[k]));
  const borders = edges.map(([a, b]) => `M500 633.3L${(a[0] + b[0]) / 2} ${(a[1] + b[1]) / 2}`).join("");
  const crowdPaths = Array.from({ length: K * LAYERS }, (_, j) => `<path class="rp-dots rp-k${Math.floor(j / LAYERS)}" ${place(p, `dots${j}`)}/>`);
  const corner = (k, kind) => `<span class="rp-tag rp-corner ${kind}"><i class="rp-k${k}">${SHAPES[k]}</i> ${name(k)}</span>`;
  return `<div class="rp-fig" data-area>
    <svg viewBox="0 0 1000 1000" preserveAspectRatio="none" role="img" ${place(p, "svg")}>
      <path class="rp-triangle" d="${line(CORNERS)}Z"/><path class="rp-border" d="${borders}"/>
      ${under}${crowdPaths.join("")}${over}
    </svg>
    ${corner(2, "rp-apex")}${corner(0, "rp-west")}${corner(1, "rp-east")}${grip}
  </div>`;
}
