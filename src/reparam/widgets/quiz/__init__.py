"""A question that the reader answers before reading on."""

from collections.abc import Mapping, Sequence
from numbers import Real

import numpy as np
import traitlets

from reparam.widgets.base import Choice, Number, Widget, bundle, plain, stylesheet

__all__ = ["Quiz"]


def _choices(choices: Sequence) -> list[dict]:
    """Check ``(text, correct, feedback)`` triples."""
    rows = []
    for k, choice in enumerate(choices):
        if not isinstance(choice, Sequence) or isinstance(choice, str) or len(choice) != 3:
            raise ValueError(f"Quiz: choices[{k}] must be (text, correct, feedback), got {choice!r}")
        text, correct, feedback = choice
        if not isinstance(correct, bool):
            raise TypeError(f"Quiz: choices[{k}][1] must be True or False, got {correct!r}")
        plain("Quiz", f"choices[{k}][0]", text)
        plain("Quiz", f"choices[{k}][2]", feedback)
        rows.append({"text": text, "correct": correct, "feedback": feedback})
    if len(rows) < 2 or not any(row["correct"] for row in rows):
        raise ValueError(
            f"Quiz: choices must be at least 2 with at least one correct, got {len(rows)} with "
            f"{sum(row['correct'] for row in rows)} correct"
        )
    return rows


def _number(name: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, Real) or not np.isfinite(value):
        raise TypeError(f"Quiz: {name} must be a finite number, got {value!r} of type {type(value).__name__}")
    return float(value)


class Quiz(Widget):
    """Ask for a choice or for a number, and answer with a reason.

    Args:
        question: plain text; `code`, *emphasis*, ``x_{i}`` and ``x^{2}`` are rendered.
        choices: ``(text, correct, feedback)`` per option; leave out for a numeric question.
        answer: the number asked for; leave out for a choice.
        tolerance: largest accepted distance from ``answer``, ``>= 0``.
        relative: whether ``tolerance`` is a share of ``answer``.
        hints: known wrong numbers and what to say about them.
        kind: ``"check"`` marks the answer; ``"predict"`` commits the reader to it.
        explanation: said after a right number and on the page without JavaScript.

    Raises:
        TypeError, ValueError: an argument is malformed, or a text holds HTML.
    """

    _esm = bundle("quiz")
    _css = stylesheet("quiz")
    question = traitlets.Unicode().tag(sync=True)
    kind = Choice("check", "predict")
    choices = traitlets.List().tag(sync=True)
    answer = traitlets.Float(None, allow_none=True).tag(sync=True)
    tolerance = Number(0.0, 0, 1e300)
    relative = traitlets.Bool(False).tag(sync=True)
    hints = traitlets.List().tag(sync=True)
    explanation = traitlets.Unicode().tag(sync=True)

    def __init__(
        self,
        question: str,
        choices: Sequence | None = None,
        *,
        answer: float | None = None,
        tolerance: float = 0.0,
        relative: bool = False,
        hints: Mapping[float, str] | None = None,
        kind: str = "check",
        explanation: str = "",
    ) -> None:
        if (choices is None) == (answer is None):
            raise ValueError("Quiz: give either choices or answer, got " + ("both" if choices else "neither"))
        if explanation:
            plain("Quiz", "explanation", explanation)
        known = [
            [_number("hints", x), plain("Quiz", f"hints[{x}]", said)] for x, said in (hints or {}).items()
        ]
        super().__init__(
            title="Prediction" if kind == "predict" else "Question",
            question=plain("Quiz", "question", question),
            kind=kind,
            choices=[] if choices is None else _choices(choices),
            answer=None if answer is None else _number("answer", answer),
            tolerance=tolerance,
            relative=relative,
            hints=known,
            explanation=explanation,
        )

    def describe(self) -> str:
        ask = "Predict, then read on" if self.kind == "predict" else "Check yourself"
        options = "; ".join(choice["text"] for choice in self.choices)
        return f"{ask}: {self.question}" + (f" Options: {options}." if options else " Answer with a number.")
