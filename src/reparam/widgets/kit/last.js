/** `f` of a state; it is computed again only when a value under `keys` has changed. */
export function last(keys, f) {
  let [seen, value] = [null, null];
  return (state) => {
    const now = JSON.stringify(keys.map((key) => state[key]));
    if (now !== seen) [seen, value] = [now, f(state)];
    return value;
  };
}
