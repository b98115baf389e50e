import { escape } from "./text.js";

/**
 * Pictures as strings. A view returns `parts`: name -> attributes (and `text`), and its markup
 * places each part once; live widgets then only `patch` what changed.
 */

/** The attributes of one part, as markup. */
export function place(parts, name) {
  const attributes = Object.entries(parts[name]).filter(([key]) => key !== "text");
  return [`data-part="${name}"`, ...attributes.map(([key, value]) => `${key}="${escape(value)}"`)].join(" ");
}

/** A span that holds the text of one part. */
export const say = (parts, name, kind = "") =>
  `<span class="${kind}" ${place(parts, name)}>${escape(parts[name].text)}</span>`;

/** A coordinate with one decimal, held inside what every renderer can draw. */
export const at = (x) => Math.round(Math.min(1e5, Math.max(-1e5, x)) * 10) / 10;

/** A polyline through `[x, y]` points. */
export const line = (points) => points.map(([x, y], k) => `${k ? "L" : "M"}${at(x)} ${at(y)}`).join("");

/** Dots: strokes of almost no length, drawn by their caps; `tilt` turns square caps into diamonds. */
export const dots = (points, tilt = false) =>
  points.map(([x, y]) => `M${at(x)} ${at(y)}l.01 ${tilt ? ".01" : "0"}`).join("");

/** A label in HTML over the picture, so that its size does not shrink with the picture. */
export const tag = (text, left, top, kind = "") =>
  `<span class="rp-tag ${kind}" style="left:${at(left)}%;top:${at(top)}%">${escape(text)}</span>`;
