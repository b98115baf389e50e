import { open, unique } from "../kit/page.js";
import { mark, numeric } from "./model.js";
import { feedback, markup, still } from "./view.js";

const KEYS = ["question", "kind", "choices", "answer", "tolerance", "relative", "hints", "explanation"];

function render({ model, el }) {
  const quiz = Object.fromEntries(KEYS.map((key) => [key, model.get(key)]));
  const { root, on, close } = open(el, markup(quiz, model.get("title"), unique()));
  const [form, button, box] = ["form", "button", ".rp-feedback"].map((name) => root.querySelector(name));
  const inputs = [...root.querySelectorAll("input")];
  let committed = false;

  on(form, "submit", (event) => {
    event.preventDefault();
    if (committed) return;
    const given = numeric(quiz) ? inputs[0].value : inputs.findIndex((input) => input.checked);
    const result = mark(quiz, given);
    box.innerHTML = feedback(quiz, result);
    inputs.forEach((input) => input.parentElement.classList.toggle("rp-chosen", input.checked));
    if (quiz.kind !== "predict" || result.right === null) return;
    committed = true;
    for (const input of inputs) input.disabled = true;
    // Not `disabled`: the button keeps the focus that the reader has put there.
    button.setAttribute("aria-disabled", "true");
    button.textContent = "Committed";
  });
  // A changed answer is not the answer that was marked.
  on(form, "input", () => {
    box.textContent = "";
    inputs.forEach((input) => input.parentElement.classList.remove("rp-chosen"));
  });
  return close;
}

export default { render, still };
