/** One widget's place on the page. */

let instances = 0;

/** A name that no other instance on the page uses. */
export const unique = () => `rp${Math.random().toString(36).slice(2, 8)}${(instances += 1)}`;

/** Replaces what `el` holds by one box of markup; `close` removes the box and every listener. */
export function open(el, markup) {
  const box = document.createElement("div");
  box.innerHTML = markup;
  const root = box.firstElementChild;
  // JupyterLab looks at the focused element itself: without this its arrow keys never reach a slider.
  for (const node of root.querySelectorAll("input, select, button, [tabindex]")) node.dataset.lmSuppressShortcuts = "true";
  el.replaceChildren(root);
  const end = new AbortController();
  const on = (target, type, listener) => target.addEventListener(type, listener, { signal: end.signal });
  return { root, on, signal: end.signal, close: () => (end.abort(), root.remove()) };
}
