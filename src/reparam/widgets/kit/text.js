/** Numbers and short texts as readers see them. */

const ENTITIES = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

/** Text made safe for markup and attribute values. */
export const escape = (text) => String(text).replace(/[&<>"']/g, (c) => ENTITIES[c]);

/** A number into [low, high]; `otherwise` where it is not one. */
export function clamp(value, low, high, otherwise) {
  const x = typeof value === "number" ? value : NaN;
  return Number.isNaN(x) ? otherwise : Math.min(high, Math.max(low, x));
}

/** Fixed decimals with a true minus sign and no "−0.00". */
export function fixed(x, digits = 2) {
  const text = Math.abs(x).toFixed(digits);
  return (x < 0 && Number(text) !== 0 ? "\u2212" : "") + text;
}

/** About three significant digits, whatever the size. */
export function short(x) {
  const size = Math.abs(x);
  if (size >= 1e5) return x.toExponential(1).replace("e+", "e").replace("-", "\u2212");
  return fixed(x, size < 10 ? 2 : size < 100 ? 1 : 0);
}

/** The smallest round number (1, 1.5, 2, 3, 5, 7.5 times a power of ten) that is at least `x`. */
export function nice(x) {
  if (!(x > 1e-9)) return 1;
  const power = 10 ** Math.floor(Math.log10(x));
  return Number((power * [1, 1.5, 2, 3, 5, 7.5, 10].find((step) => step * power >= x * (1 - 1e-9))).toPrecision(3));
}

/** What a reader typed as a number (0.25, 0,25, 1/4, 2.5e-1, −3), or null. */
export function parseNumber(text) {
  const tidy = String(text).trim().replace(/[\u2212\u2013]/g, "-").replace(/\s*\/\s*/, "/").replace(",", ".");
  const one = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
  const [top, bottom = "1", ...rest] = tidy.split("/");
  if (rest.length || !one.test(top) || !one.test(bottom)) return null;
  const value = Number(top) / Number(bottom);
  return Number.isFinite(value) ? value : null;
}
