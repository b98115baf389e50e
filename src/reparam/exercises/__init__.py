"""Exercises that check themselves: ``check(name, answer)``.

Each chapter asks for a function. ``check`` calls it on fixed inputs and compares what it gives with an
oracle or a closed form. It prints one line when that agrees, names the slip when the answer is a
well-known wrong one, and otherwise says where the first difference is.
"""

from collections.abc import Callable

from reparam.exercises import continuous, discrete, landing, models
from reparam.exercises.verdict import Exercise, NotYetError, judge

__all__ = ["EXERCISES", "Exercise", "NotYetError", "check"]

EXERCISES: dict[str, Exercise] = {
    **continuous.EXERCISES,
    **discrete.EXERCISES,
    **models.EXERCISES,
    **landing.EXERCISES,
}


def check(name: str, answer: Callable, *, seed: int = 0) -> None:
    """Print that ``answer`` is right, or say what is not.

    Args:
        name: the exercise, as its text gives it.
        answer: the function you wrote.
        seed: draws the inputs; another seed asks the same with other numbers.

    Returns:
        nothing; one line is printed.

    Raises:
        KeyError: no exercise has this name.
        TypeError: ``answer`` is no function.
        NotYetError: the answer is not right yet; the message says more.
    """
    if name not in EXERCISES:
        raise KeyError(f"check: name must be one of {', '.join(sorted(EXERCISES))}; got {name!r}")
    if not callable(answer):
        raise TypeError(
            f"check: answer must be a function, got {type(answer).__name__}; pass its name without brackets"
        )
    print(judge(EXERCISES[name], answer, seed=seed))
