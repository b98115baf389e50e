// Starts a deck: reveal.js without its scaling, the widgets, and a key for light and dark.
const decoded = document.fonts.ready; // the widgets' loader waits for the typefaces

const dark = matchMedia("(prefers-color-scheme: dark)");
const paint = (theme) => (document.documentElement.dataset.theme = theme);
const toggle = () => paint(document.documentElement.dataset.theme === "dark" ? "light" : "dark");
paint(dark.matches ? "dark" : "light");
dark.addEventListener("change", () => paint(dark.matches ? "dark" : "light"));

/** Keys belong to a widget while one of its controls has the focus; a presenter's remote always turns the slide. */
const inWidget = () => document.activeElement?.closest(".rp-host, details");
addEventListener(
  "keydown",
  (event) => {
    if (event.key === "Escape" && inWidget()) {
      document.activeElement.blur();
      event.stopImmediatePropagation();
    }
    if (event.key !== "PageDown" && event.key !== "PageUp") return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (event.key === "PageDown") Reveal.next();
    else Reveal.prev();
  },
  { capture: true },
);

Reveal.initialize({
  disableLayout: true, // the style sheet lays out, so that widgets measure true pixels and phones can scroll
  viewDistance: 1000,
  mobileViewDistance: 1000,
  transition: "none",
  hash: true,
  slideNumber: () => [Reveal.getIndices().h + 1, "/", Reveal.getHorizontalSlides().length], // a widget has sections too
  keyboard: { 68: toggle },
  keyboardCondition: () => !inWidget(),
  help: true,
  plugins: [RevealNotes],
}).then(() => {
  Reveal.registerKeyboardShortcut("D", "Light or dark");
  Reveal.on("slidechanged", () => document.activeElement?.blur?.());
  mountWidgets();
});
