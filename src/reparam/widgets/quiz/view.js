import { rich } from "../kit/rich.js";
import { escape } from "../kit/text.js";
import { numeric } from "./model.js";

const KINDS = { predict: ["Predict", "Commit"], check: ["Check yourself", "Check"] };

/** The verdict in words (never colour alone), then the feedback. */
export function feedback(quiz, { right, text }) {
  if (right === null) return escape(text);
  const [sign, word] = right ? ["✓", "Right."] : ["✗", "Not quite."];
  const verdict = `<strong class="rp-${right ? "right" : "wrong"}"><span aria-hidden="true">${sign}</span> ${word}</strong>`;
  if (quiz.kind === "check") return `${verdict} ${rich(text)}`;
  return `<strong>Noted.</strong> Now run or read on, and see.${text && `<br>${verdict} ${rich(text)}`}`;
}

function options(quiz, live) {
  if (numeric(quiz)) {
    return live
      ? `<label class="rp-answer"><span class="rp-name">Your answer</span><input type="text" inputmode="text" autocomplete="off" spellcheck="false"></label>`
      : `<div class="rp-answer"><span class="rp-name">A number</span></div>`;
  }
  const items = quiz.choices.map(({ text }, k) => live
    ? `<label class="rp-option"><input type="radio" name="${live}" value="${k}"><span>${rich(text)}</span></label>`
    : `<li class="rp-option"><span class="rp-dot"></span><span>${rich(text)}</span></li>`);
  return live ? items.join("") : `<ul>${items.join("")}</ul>`;
}

/** What the page says without JavaScript: every answer with its reason. */
function solution(quiz) {
  if (numeric(quiz)) {
    return `<p><strong>${escape(quiz.answer)}</strong>${quiz.tolerance ? ` (within ${escape(quiz.tolerance)}${quiz.relative ? " of it, relatively" : ""})` : ""}.
      ${rich(quiz.explanation)}</p>`;
  }
  return quiz.choices.map((c) => `<p><strong>${c.correct ? "✓" : "✗"} ${rich(c.text)}</strong> ${rich(c.feedback)}</p>`).join("");
}

/** The whole widget as markup; `live` is a name that is unique on the page. */
export function markup(quiz, title, live = "") {
  const [kind, verb] = KINDS[quiz.kind] ?? KINDS.check;
  const head = `<span class="rp-kind">${kind}</span><span class="rp-question">${rich(quiz.question)}</span>`;
  const body = live
    ? `<form><fieldset><legend>${head}</legend>${options(quiz, live)}</fieldset>
        <div class="rp-send"><button type="submit" class="rp-button">${verb}</button><p class="rp-feedback" role="status"></p></div></form>`
    : `<div><p class="rp-legend">${head}</p>${options(quiz, "")}
        <div class="rp-send"><details><summary>Answer</summary>${solution(quiz)}</details></div></div>`;
  return `<div class="rp-widget rp-quiz rp-is-${escape(quiz.kind)}" role="group" aria-label="${escape(title)}">${body}</div>`;
}

/** Question, options and the folded answer. */
export const still = (state) => markup(state, state.title ?? "");
