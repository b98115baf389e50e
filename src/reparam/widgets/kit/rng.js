/** Seeded noise: the same seed gives the same numbers, and n draws are the head of n + 1 draws. */

/** Returns a function that draws from Uniform(0, 1) with 53 bits, never exactly 0 or 1 (sfc32). */
export function uniforms(seed) {
  let [a, b, c, d] = [0x9e3779b9, 0x243f6a88, seed | 0, 1];
  const bits = () => {
    const t = (((a + b) | 0) + d) | 0;
    d = (d + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + t) | 0;
    return t >>> 0;
  };
  for (let k = 0; k < 15; k += 1) bits(); // mixes neighbouring seeds apart
  return () => ((bits() >>> 5) * 2 ** 26 + (bits() >>> 6) + 0.5) * 2 ** -53;
}

/** `n` draws from N(0, 1): Box-Muller, both halves of each pair used. */
export function normals(seed, n) {
  const uniform = uniforms(seed);
  const out = new Float64Array(n);
  for (let i = 0; i < n; i += 2) {
    const radius = Math.sqrt(-2 * Math.log(uniform()));
    const angle = 2 * Math.PI * uniform();
    out[i] = radius * Math.cos(angle);
    if (i + 1 < n) out[i + 1] = radius * Math.sin(angle);
  }
  return out;
}

/** `n` draws from Gumbel(0, 1): minus the log of an exponential, so that no tail is cut. */
export function gumbels(seed, n) {
  const uniform = uniforms(seed);
  return Float64Array.from({ length: n }, () => -Math.log(-Math.log1p(-uniform())));
}
