import { parseNumber } from "../kit/text.js";

/** Marks an answer: `{ right: true | false | null, text }`; null means that nothing was answered. */

const close = (x, target, { tolerance, relative }) =>
  Math.abs(x - target) <= tolerance * (relative ? Math.abs(target) : 1) + 1e-12 * Math.max(1, Math.abs(target));

export const numeric = (quiz) => quiz.choices.length === 0;

export function mark(quiz, given) {
  if (!numeric(quiz)) {
    const choice = quiz.choices[given];
    if (!choice) return { right: null, text: "Choose an answer first." };
    return { right: choice.correct, text: choice.feedback };
  }
  const x = parseNumber(given);
  if (x === null) return { right: null, text: "Type a number, such as 0.25, 1/4 or 2.5e-1." };
  if (close(x, quiz.answer, quiz)) return { right: true, text: quiz.explanation };
  const hint = quiz.hints.find(([value]) => close(x, value, quiz));
  return { right: false, text: hint ? hint[1] : "" };
}
