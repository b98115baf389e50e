"""Questions with numbers drawn from a seed: ``draw(name, seed)`` returns one ``Question``.

A template is a function of a ``random.Random``; it returns the text, the true answer, one line of working and the
slips: the numbers that known mistakes lead to, with a word on each. Parameters are drawn again until no slip
is mistaken for the answer or for another slip. The same name and seed give the same question on every machine.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations
from random import Random

__all__ = ["PARTS", "TEMPLATES", "Question", "Slip", "apart", "draw", "number", "template"]

PARTS = ("Continuous noise", "Discrete choices", "Models", "Sticking the landing")
ATTEMPTS = 200
GAP, FLOOR = 0.03, 1e-3  # answers on one sheet differ by 3 % and by more than the rounding

Slip = tuple[float, str]
Draft = dict[str, object]


@dataclass(frozen=True)
class Question:
    """One question with its answer.

    Args:
        name: of the template.
        part: of the book.
        chapter: the file in ``chapters`` that teaches it.
        text: Markdown with LaTeX between dollar signs.
        answer: the true value.
        working: how to get it, Markdown.
        slips: wrong values and what each gives away.
        given: the parameters drawn, for whoever checks the answer.
    """

    name: str
    part: str
    chapter: str
    text: str
    answer: float
    working: str
    slips: tuple[Slip, ...]
    given: dict[str, object]


TEMPLATES: dict[str, tuple[str, str, Callable[[Random], Draft]]] = {}


def template(part: str, chapter: str) -> Callable[[Callable[[Random], Draft]], Callable[[Random], Draft]]:
    """Register a function as the template of a question that a chapter teaches."""

    def register(function: Callable[[Random], Draft]) -> Callable[[Random], Draft]:
        TEMPLATES[function.__name__] = (part, chapter, function)
        return function

    return register


def number(value: float) -> str:
    """Write a number as the sheets show it: three or four significant digits, never an exponent."""
    size = abs(value)
    if size < 1e-6:
        return "0"
    power = math.floor(math.log10(size))
    digits = max(0, 3 - power if power >= 0 else 2 - power)
    text = f"{value:.{digits}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def apart(values: list[float]) -> bool:
    """Return whether every two values differ by 3 % of the larger one, and more than the rounding."""
    return all(
        abs(a - b) > max(GAP * max(abs(a), abs(b)), FLOOR) and number(a) != number(b)
        for a, b in combinations(values, 2)
    )


def draw(name: str, seed: object) -> Question:
    """Draw the parameters of one question.

    Args:
        name: of a template.
        seed: anything that prints; the stream is made from ``f"{seed}/{name}"``.

    Returns:
        a question whose answer and slips are all apart.

    Raises:
        ValueError: no such template, or its parameters are too close for its slips.
    """
    if name not in TEMPLATES:
        raise ValueError(f"draw: name must be one of {', '.join(sorted(TEMPLATES))}, got {name!r}")
    part, chapter, function = TEMPLATES[name]
    stream = Random(f"{seed}/{name}")
    for _ in range(ATTEMPTS):
        draft = function(stream)
        slips = tuple(draft.pop("slips"))
        if apart([draft["answer"], *(value for value, _ in slips)]):
            return Question(name=name, part=part, chapter=chapter, slips=slips, **draft)
    raise ValueError(f"draw: {name} found no parameters that keep its slips apart in {ATTEMPTS} attempts")


from . import continuous, discrete, landing, models  # noqa: E402, F401  (they register their templates)
