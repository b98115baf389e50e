import { normals } from "../kit/rng.js";
import { clamp, fixed } from "../kit/text.js";

/** A decoder network that runs in the reader's hand: two latents in, pixel probabilities out. */

export const sliders = (extent) => ["z1", "z2"].map((key, k) => (
  { key, label: `z${"₁₂"[k]}`, min: -extent, max: extent, step: 0.05, show: fixed }
));

export function clean(s) {
  const extent = clamp(s.extent, 1, 20, 3);
  return {
    ...s, extent,
    z1: clamp(s.z1, -extent, extent, 0),
    z2: clamp(s.z2, -extent, extent, 0),
    seed: Math.round(clamp(s.seed, 0, 2 ** 31 - 1, 0)),
  };
}

/** IEEE half precision to a number. */
export function half(bits) {
  const [sign, power, rest] = [bits & 0x8000 ? -1 : 1, (bits >> 10) & 31, bits & 1023];
  return sign * (power ? 2 ** (power - 15) * (1 + rest / 1024) : 2 ** -24 * rest);
}

const READ = {
  float32: [4, (view, at) => view.getFloat32(at, true)],
  float16: [2, (view, at) => half(view.getUint16(at, true))],
  int8: [1, (view, at) => view.getInt8(at)],
};

/** Base64 of little-endian numbers to layers `{ rows, columns, weight, bias }`. */
export function unpack({ packed, shapes, precision }) {
  const bytes = Uint8Array.from(atob(packed), (c) => c.charCodeAt(0));
  const view = new DataView(bytes.buffer);
  let at = 0;
  const take = (n, kind) => Float64Array.from({ length: n }, () => {
    const [width, read] = READ[kind];
    at += width;
    return read(view, at - width);
  });
  return shapes.map(([rows, columns]) => {
    if (precision !== "int8") {
      return { rows, columns, weight: take(rows * columns, precision), bias: take(rows, precision) };
    }
    const [scale, bias] = [take(rows, "float32"), take(rows, "float32")];
    const whole = take(rows * columns, "int8");
    return { rows, columns, weight: whole.map((w, k) => w * scale[Math.floor(k / columns)]), bias };
  });
}

export const ACTIVATIONS = {
  relu: (x) => Math.max(0, x),
  tanh: Math.tanh,
  silu: (x) => x / (1 + Math.exp(-x)),
  softplus: (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
};

/** Pixel probabilities at `z`: the layers, the activation between them, a sigmoid at the end. */
export function decode(layers, activation, z) {
  const bend = ACTIVATIONS[activation];
  let h = Float64Array.from(z);
  layers.forEach(({ rows, columns, weight, bias }, depth) => {
    const out = Float64Array.from(bias);
    for (let i = 0; i < rows; i += 1) {
      for (let j = 0; j < columns; j += 1) out[i] += weight[i * columns + j] * h[j];
      if (depth < layers.length - 1) out[i] = bend(out[i]);
    }
    h = out;
  });
  return h.map((logit) => 1 / (1 + Math.exp(-logit)));
}

export const mean = (pixels) => pixels.reduce((sum, p) => sum + p, 0) / pixels.length;

/** A latent drawn from the prior, rounded as the sliders are. */
export const prior = (seed) => Array.from(normals(seed, 2), (x) => Math.round(x * 100) / 100);
