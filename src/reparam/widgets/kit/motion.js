/** What moves by itself. */

/** True where the reader wants no motion. */
export const calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

/** A slow start and a slow end on the way from 0 to 1. */
export const ease = (t) => t * t * (3 - 2 * t);

/** Calls `step(0 .. 1)` for `ms` milliseconds, only with 1 where the reader wants no motion. */
export function animate(ms, step, signal) {
  if (calm() || !ms) return step(1);
  let start = null;
  const tick = (now) => {
    if (signal.aborted) return;
    start ??= now;
    const t = Math.min(1, (now - start) / ms);
    step(t);
    if (t < 1) requestAnimationFrame(tick);
  };
  step(0);
  requestAnimationFrame(tick);
}
