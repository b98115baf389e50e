// "Where is X?": Sphinx's own search code, run on the built index without a browser.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import vm from "node:vm";
import { SITE } from "./harness.mjs";

const WHERE = {
  reinforce: "where-the-gradient-stops.html#break-it-a-step",
  "log-derivative trick": "where-the-gradient-stops.html#break-it-a-step",
  rsample: "where-the-gradient-stops.html#hold-the-noise-fixed",
  "reparametrization trick": "where-the-gradient-stops.html#hold-the-noise-fixed",
  "gradient check": "where-the-gradient-stops.html#the-gradient-check-that-must-fail",
  temperature: "temperature.html#same-noise-sharper-sample",
  "straight through": "temperature.html#hard-forward-soft-backward",
  "concrete distribution": "temperature.html#same-noise-sharper-sample",
  "Gumbel trick": "gumbels-race.html#the-theorem-with-its-proof",
  "posterior collapse": "when-it-goes-wrong.html#case-2-the-loss-falls-the-code-stays-empty",
  STL: "a-score-hides-inside.html#two-ways-to-feel-a-parameter",
  DReG: "mixtures-weights-flows.html#one-identity-explains-it-all",
  IWAE: "mixtures-weights-flows.html#a-tighter-bound-from-the-same-q",
  "normalizing flow": "mixtures-weights-flows.html#flows-the-density-that-cannot-be-stopped",
  "control variates": "unbiased-and-sharp.html#what-to-subtract-in-general",
  REBAR: "unbiased-and-sharp.html#a-relaxed-cost-moves-with-the-cost",
  "KL divergence": "elbo-and-kl.html#which-way-round",
  "log variance": "elbo-and-kl.html#why-the-log-of-the-variance",
  GRPO: "why-today.html#dividing-by-the-standard-deviation",
  "Stable Diffusion": "where-vaes-live-today.html#compress-diffuse-decode",
};

/** The search page's scripts with nothing but an empty page around them. */
function search() {
  const read = (name) => readFileSync(`${SITE}/${name}`, "utf8");
  const page = { getElementById: () => ({}), addEventListener() {}, readyState: "loading" };
  const context = vm.createContext({ document: page, localStorage: { setItem() {} }, SPHINX_HIGHLIGHT_ENABLED: false, _: String, _ready() {} });
  const scripts = ["_static/language_data.js", "_static/searchtools.js"].map(read).join("\n");
  vm.runInContext(`${scripts}\n${read("searchindex.js")}\nglobalThis.search = Search;`, context);
  return (text) => context.search._performSearch(...context.search._parseQuery(text)).reverse();
}

test("a question leads to the section that answers it, and to the glossary", () => {
  const ask = search();
  for (const [question, place] of Object.entries(WHERE)) {
    const first = ask(question).slice(0, 5).map(([name, , anchor]) => `${name.replace("chapters/", "")}.html${anchor}`);
    assert.ok(first.includes(place), `${question}: ${first.join(", ")}`);
    assert.ok(first.some((found) => found.startsWith("glossary.html#term-")), `${question}: ${first.join(", ")}`);
  }
});
