"""What an exercise is, and what is said about an answer to it.

An answer is a function that a reader wrote. It is called on inputs drawn from a seed, and what it
gives is compared with the truth: an oracle or a closed form, never a sample. Each known wrong answer
is kept as a function too, so that an answer which agrees with it is told the slip by name.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Generator, Tensor

__all__ = ["Exercise", "NotYetError", "judge", "shaped"]

Outcome = Tensor | Mapping[str, Tensor]
SHOWN = 3
COARSE = {torch.float16: "half", torch.bfloat16: "bfloat16", torch.float32: "float32"}


class NotYetError(AssertionError):
    """An answer that is not right yet; a notebook shows its one sentence without a traceback."""

    def _render_traceback_(self) -> list[str]:
        return [f"Not yet. {self}"]


def _call(answer: Callable, *inputs: object) -> Outcome:
    return answer(*inputs)


@dataclass(frozen=True, kw_only=True)
class Exercise:
    """One exercise that checks itself.

    Attributes:
        inputs: maps a generator to the arguments of the answer.
        truth: maps the arguments to what is right, one tensor or several with names.
        matched: what was matched, and against what, for the line that says "Right".
        slips: the hint for each known wrong answer, with that answer.
        ask: turns an answer and the arguments into what is compared with the truth.
        tolerance: the largest difference allowed, relative to the truth's largest entry.
    """

    inputs: Callable[[Generator], tuple]
    truth: Callable[..., Outcome]
    matched: str
    slips: Mapping[str, Callable]
    ask: Callable[..., Outcome] = _call
    tolerance: float = 1e-6

    def arguments(self, seed: int) -> tuple:
        """Return the arguments drawn from ``seed``, fresh tensors at each call."""
        return self.inputs(torch.Generator().manual_seed(seed))

    def ask_at(self, seed: int, answer: Callable) -> dict[str, Tensor]:
        """Return what ``answer`` gives on the arguments of ``seed``, by name."""
        return _named(self.ask(answer, *self.arguments(seed)))

    def truth_at(self, seed: int) -> dict[str, Tensor]:
        """Return what is right on the arguments of ``seed``, by name."""
        return _named(self.truth(*self.arguments(seed)))


def _named(outcome: Outcome) -> dict[str, Tensor]:
    outcome = outcome if isinstance(outcome, Mapping) else {"The answer": outcome}
    return {name: _plain(value) for name, value in outcome.items()}


def _plain(value: object) -> object:
    """Cut a tensor from its graph, and take a number for a tensor of no dimensions."""
    if isinstance(value, Tensor):
        return value.detach()
    return torch.tensor(value, dtype=torch.float64) if isinstance(value, int | float) else value


def _agree(got: Tensor, expected: Tensor, tolerance: float) -> Tensor:
    """Return where two tensors of one shape are equal up to ``tolerance``; infinities match themselves."""
    got, expected = got.double(), expected.double()
    finite = expected[expected.isfinite()].abs()
    size = finite.max().clamp(min=1e-12) if finite.numel() else 1.0
    return (got == expected) | ((got - expected).abs() <= tolerance * size)


def _same(got: Mapping, expected: Mapping, tolerance: float) -> bool:
    return all(
        isinstance(got[name], Tensor)
        and got[name].shape == value.shape
        and bool(_agree(got[name], value, tolerance).all())
        for name, value in expected.items()
    )


def _repeats(first: Mapping, second: Mapping) -> bool:
    pairs = [(value, second[name]) for name, value in first.items() if isinstance(value, Tensor)]
    return all(a.shape == b.shape and torch.allclose(a, b, equal_nan=True) for a, b in pairs)


def _difference(name: str, got: object, expected: Tensor, tolerance: float) -> str | None:
    """Say how ``got`` differs from ``expected`` without giving away what is right."""
    if got is None:
        return f"{name} is None: the function needs a body that ends with return."
    if not isinstance(got, Tensor):
        return f"{name} must be a tensor, got {type(got).__name__}."
    if got.shape != expected.shape:
        return f"{name} has shape {tuple(got.shape)}, expected {tuple(expected.shape)}."
    if got.isnan().any():
        place = got.isnan().nonzero()[0].tolist()
        return f"{name} is not a number{_at(place)}."
    wrong = ~_agree(got, expected, tolerance)
    if not wrong.any():
        return None
    if got.dtype in COARSE and _agree(got, expected, 1e-3).all():
        return f"{name} is right up to rounding in {COARSE[got.dtype]}; keep the dtype of the inputs."
    place = wrong.nonzero()[0].tolist()
    value, right = got[tuple(place)].item(), expected[tuple(place)].item()
    if got.dtype == torch.bool:
        return f"{name} is told {bool(value)}, and that is wrong."
    side = "too large" if value > right else "too small"
    many = wrong.numel() > 1
    count = f"{int(wrong.sum())} of {wrong.numel()} numbers differ, the first is" if many else "It is"
    return f"{name} has the right shape. {count} {value:.4g}{_at(place)}, {side}."


def shaped(value: object, *shape: int) -> Tensor:
    """Return ``value`` if it is a tensor of this shape.

    Raises:
        NotYetError: it is not; for an ``ask`` that goes on computing with an answer.
    """
    if not isinstance(value, Tensor) or value.shape != shape:
        raise NotYetError(_difference("The answer", value, torch.empty(shape), 0.0))
    return value


def _at(place: list[int]) -> str:
    return f" at {place}" if place else ""


def _numbers(outcome: Mapping[str, Tensor]) -> str:
    flat = [x for value in outcome.values() for x in value.flatten().tolist()]
    shown = (
        f"{x:.4f}".replace("-0.0000", "0.0000") if isinstance(x, float) else str(x) for x in flat[:SHOWN]
    )
    return ", ".join(shown) + (", …" if len(flat) > SHOWN else "")


def judge(exercise: Exercise, answer: Callable, *, seed: int) -> str:
    """Compare an answer with the truth on the arguments of one seed.

    Args:
        exercise: what was asked.
        answer: the reader's function; an error that it raises is passed on as it is.
        seed: draws the arguments.

    Returns:
        one line that names the numbers matched.

    Raises:
        NotYetError: the answer is wrong; the hint of a known slip, or where it differs first.
    """
    got, expected = exercise.ask_at(seed, answer), exercise.truth_at(seed)
    if _same(got, expected, exercise.tolerance):
        return f"Right. {exercise.matched}: {_numbers(expected)}"
    for hint, slip in exercise.slips.items():
        if _same(got, exercise.ask_at(seed, slip), exercise.tolerance):
            raise NotYetError(hint)
    if not _repeats(got, exercise.ask_at(seed, answer)):
        raise NotYetError(
            "The same inputs gave two answers: the function draws noise of its own, or remembers something."
        )
    raise NotYetError(
        next(
            said
            for name, value in expected.items()
            if (said := _difference(name, got.get(name), value, exercise.tolerance))
        )
    )
