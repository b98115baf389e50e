"""How a number changes over a run: pure functions of progress.

A schedule is a function ``progress -> float``. Progress is the number of steps taken over the
number of steps in all: 0 at the first step, just below 1 at the last. Temperatures, KL weights
and learning rates are scheduled alike; :func:`parse` reads the text that the command takes.
"""

import contextlib
import math
from collections.abc import Callable, Mapping

from reparam import checks

__all__ = ["Schedule", "at", "burda", "constant", "cosine", "exponential", "linear", "parse", "then"]

Schedule = Callable[[float], float]


def at(plan: Mapping[str, Schedule], progress: float) -> dict[str, float]:
    """Return what each schedule of ``plan`` gives at ``progress``, by name.

    Raises:
        ValueError: ``plan["lr"]``, if there is one, gives no finite number ``>= 0``.
    """
    numbers = {name: schedule(progress) for name, schedule in plan.items()}
    if not 0 <= (lr := numbers.get("lr", 0.0)) < math.inf:
        raise ValueError(f"fit: lr must be a finite number >= 0 at every step, got {lr!r}")
    return numbers


def constant(value: float) -> Schedule:
    """Return the schedule that stays at ``value``.

    Raises:
        TypeError, ValueError: ``value`` is not one finite number.
    """
    checks.number("constant", "value", value)
    return lambda progress: float(value)


def linear(start: float, end: float) -> Schedule:
    r"""Return :math:`a + (b - a)\,p`, a straight line from ``start`` to ``end``.

    Raises:
        TypeError, ValueError: an end is not one finite number.
    """
    checks.number("linear", "start", start)
    checks.number("linear", "end", end)
    return lambda progress: start + (end - start) * progress


def exponential(start: float, end: float) -> Schedule:
    r"""Return :math:`a\,(b / a)^p`: equal factors in equal times, from ``start`` to ``end``.

    Raises:
        TypeError, ValueError: an end is not one finite number above zero.

    Source: Jang, Gu & Poole (2017), section 4, anneal the temperature in this way.
    """
    checks.positive("exponential", "start", start)
    checks.positive("exponential", "end", end)
    return lambda progress: start * (end / start) ** progress


def cosine(start: float, end: float) -> Schedule:
    r"""Return :math:`b + (a - b)\,(1 + \cos \pi p) / 2`: flat at both ends.

    Raises:
        TypeError, ValueError: an end is not one finite number.

    Source: Loshchilov & Hutter (2017), eq. 5, one period.
    """
    checks.number("cosine", "start", start)
    checks.number("cosine", "end", end)
    return lambda progress: end + (start - end) * (1 + math.cos(math.pi * progress)) / 2


def then(first: Schedule, second: Schedule, *, at: float) -> Schedule:
    """Return ``first`` squeezed into the share ``at`` of the run, and ``second`` into the rest.

    A warm-up is ``then(linear(0, 1), constant(1), at=0.1)``.

    Args:
        first: schedule until ``at``.
        second: schedule from ``at`` on.
        at: share of the run, strictly between 0 and 1.

    Returns:
        the joined schedule; at ``at`` itself it is ``second(0)``.

    Raises:
        TypeError, ValueError: ``at`` is not a number strictly between 0 and 1.
    """
    checks.number("then", "at", at)
    if not 0 < at < 1:
        raise ValueError(f"then: at must lie strictly between 0 and 1, got {at!r}")
    return lambda progress: first(progress / at) if progress < at else second((progress - at) / (1 - at))


def burda() -> Schedule:
    r"""Return the learning rate of Burda's runs: eight stages, each three times as long as the one before.

    .. math:: \text{stage } i = 1, \dots, 8 \text{ takes } 3^{i-1} \text{ of } 3280 \text{ parts at }
        10^{-4} \,\mathrm{round}_1\big(10^{1 - (i-1)/7}\big)

    The published runs take 3,280 epochs, one a part. With fewer epochs every stage shrinks by the
    same factor, so the first ones may last less than an epoch: the shape is Burda's, the run is not.

    Source: Burda, Grosse & Salakhutdinov (2016), section 5; the rounding is in their released code.
    """
    rates = [1e-4 * round(10 ** (1 - i / 7), 1) for i in range(8)]
    ends = [(3 ** (i + 1) - 1) / 2 / 3280 for i in range(8)]
    return lambda progress: next(
        (rate for rate, end in zip(rates, ends, strict=True) if progress < end), rates[-1]
    )


_SHAPES = {  # name -> the function and the names of its numbers
    "constant": (constant, ("VALUE",)),
    "linear": (linear, ("START", "END")),
    "exponential": (exponential, ("START", "END")),
    "cosine": (cosine, ("START", "END")),
    "burda": (burda, ()),
}


def _number(text: str, part: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ValueError(f"parse: expected a number in {part!r}, got {text!r}") from None


def _shape(text: str) -> Schedule:
    """Read one part: a number, or a shape with its numbers."""
    name, *numbers = text.split(":")
    with contextlib.suppress(ValueError):
        name, numbers = "constant", [str(float(text))]
    function, wanted = _SHAPES.get(name, (None, ()))
    if function is None or len(numbers) != len(wanted):
        shapes = ", ".join(":".join([shape, *names]) for shape, (_, names) in _SHAPES.items())
        raise ValueError(f"parse: a schedule is a number or one of {shapes}; got {text!r}")
    return function(*(_number(number, text) for number in numbers))


def _parts(parts: list[str], start: float) -> Schedule:
    """Read the parts that fill the run from the share ``start`` on."""
    part, *later = parts
    if not later:
        return _shape(part)
    shape, _, until = part.partition("@")
    at = _number(until, part)
    if not start < at < 1:
        raise ValueError(f"parse: {part!r} must end at a share of the run between {start:g} and 1")
    return then(_shape(shape), _parts(later, at), at=(at - start) / (1 - start))


def parse(text: str) -> Schedule:
    """Read a schedule: ``0.5``, ``exponential:1.0:0.3``, or parts such as ``linear:0:1@0.1,constant:1``.

    Every part but the last says after ``@`` until which share of the run it lasts.

    Args:
        text: ``constant:VALUE`` or a bare number, ``linear:START:END``, ``exponential:START:END``,
            ``cosine:START:END`` or ``burda``.

    Returns:
        the schedule.

    Raises:
        TypeError: ``text`` is not a string.
        ValueError: the text cannot be read; the message says where.
    """
    if not isinstance(text, str):
        raise TypeError(f"parse: text must be a string, got {text!r}")
    return _parts(text.replace(" ", "").split(","), 0.0)
