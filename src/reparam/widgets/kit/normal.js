/** The standard normal law. */

export const phi = (x) => Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI);

/** Its distribution function, by a series that converges everywhere and whose terms all have one sign. */
export function ndtr(x) {
  if (Math.abs(x) > 8) return x > 0 ? 1 : 0;
  let [term, sum] = [x, x];
  for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n += 1) sum += term *= (x * x) / (2 * n + 1);
  return 0.5 + phi(x) * sum;
}
