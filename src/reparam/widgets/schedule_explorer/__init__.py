"""A schedule of the temperature or of the KL's weight, and what recorded runs made of such schedules."""

import math
import re
from collections.abc import Sequence
from numbers import Real

import traitlets

from reparam import schedules
from reparam.widgets.base import Choice, Number, Widget, bundle, plain, stylesheet

__all__ = ["ScheduleExplorer", "read"]

SHAPES = ("constant", "linear", "exponential", "cosine")
MOST = {"tau": 5.0, "beta": 8.0}
LEAST = {"tau": 0.05, "beta": 0.0}
MAX_RUNS, MAX_EPOCHS = 30, 1000
ONE_RAMP = re.compile(
    r"(?:constant:)?(?P<value>[-+.e\d]+)"
    r"|(?P<shape>linear|exponential|cosine):(?P<start>[-+.e\d]+):(?P<end>[-+.e\d]+)"
    r"(?:@(?P<share>[-+.e\d]+),(?:constant:)?(?P<then>[-+.e\d]+))?"
)


def read(text: str) -> dict[str, str | float]:
    """Return shape, start, end and share of a schedule such as ``linear:0:1@0.2,1`` or ``0.5``."""
    schedules.parse(text)  # says what is wrong, if anything
    match = ONE_RAMP.fullmatch(text.replace(" ", ""))
    if match is None or (match["then"] and float(match["then"]) != float(match["end"])):
        raise ValueError(
            f"ScheduleExplorer: a run's schedule must be a number or one ramp (linear, exponential or cosine) "
            f"that then stays at its end, such as 'linear:0:1@0.2,1', got {text!r}"
        )
    if match["value"]:
        return {
            "shape": "constant",
            "start": float(match["value"]),
            "end": float(match["value"]),
            "share": 1.0,
        }
    start, end, share = (float(match[name] or 1) for name in ("start", "end", "share"))
    return {"shape": match["shape"], "start": start, "end": end, "share": share}


def _curve(where: str, value: object) -> list[float]:
    try:
        numbers = [float(v) for v in value]
    except (TypeError, ValueError):
        raise TypeError(f"ScheduleExplorer: {where} must be a list of numbers, got {value!r}") from None
    if not 2 <= len(numbers) <= MAX_EPOCHS or not all(math.isfinite(v) for v in numbers):
        raise ValueError(
            f"ScheduleExplorer: {where} must be 2 to {MAX_EPOCHS} finite numbers, one an epoch, got {value!r}"
        )
    return [round(v, 3) for v in numbers]


def _runs(value: object, quantity: str) -> list[dict]:
    if isinstance(value, str) or not isinstance(value, Sequence) or len(value) > MAX_RUNS:
        raise TypeError(f"ScheduleExplorer: runs must be a list of at most {MAX_RUNS} runs, got {value!r}")
    runs = []
    for k, run in enumerate(value):
        missing = {"schedule", "elbo", "kl", "elbo_se"} - (run.keys() if isinstance(run, dict) else set())
        if missing:
            raise ValueError(f"ScheduleExplorer: runs[{k}] lacks {', '.join(sorted(missing))}, got {run!r}")
        elbo, kl = (_curve(f"runs[{k}][{name!r}]", run[name]) for name in ("elbo", "kl"))
        se = run["elbo_se"]
        if len(elbo) != len(kl) or not isinstance(se, Real) or not 0 <= se < math.inf:
            raise ValueError(
                f"ScheduleExplorer: runs[{k}] must have as many numbers in elbo as in kl and an elbo_se >= 0, "
                f"got {len(elbo)}, {len(kl)} and {se!r}"
            )
        text = plain("ScheduleExplorer", f"runs[{k}]['schedule']", run["schedule"])
        run = {"text": text, **read(text), "elbo": elbo, "kl": kl, "se": round(float(se), 3)}
        ends = [run["start"], run["end"]]
        if not all(LEAST[quantity] <= v <= MOST[quantity] for v in ends) or run["share"] < 0.05:
            raise ValueError(
                f"ScheduleExplorer: runs[{k}] must have a {quantity} from {LEAST[quantity]:g} to "
                f"{MOST[quantity]:g} and reach its end at 0.05 or later, got {text!r}"
            )
        runs.append(run)
    if len({run["text"] for run in runs}) < len(runs):
        raise ValueError("ScheduleExplorer: runs must have different schedules, got one twice")
    return runs


class ScheduleExplorer(Widget):
    r"""Bend a schedule of :mod:`reparam.schedules` and see the recorded run whose schedule is nearest.

    The number goes from ``start`` to ``end`` within the first ``share`` of the run and stays there. The
    curves below belong to one recorded run, never to a mixture of two; nearest is the run with the
    smallest mean difference between its schedule and yours.

    Args:
        quantity: ``"beta"``, the weight of the KL, or ``"tau"``, the temperature.
        runs: recorded runs as in ``recorded_run("schedules")["beta"]``: dicts with the ``schedule`` as
            text, the curves ``elbo`` and ``kl`` (nats, one number an epoch) and the last ``elbo_se``.
        shape: ``"constant"`` (at ``end``), ``"linear"``, ``"exponential"`` or ``"cosine"``.
        start: first value, from 0 (temperatures: 0.05) to 8 (temperatures: 5).
        end: last value, in the same range.
        share: of the run, when the end is reached, from 0.05 to 1.

    Raises:
        TypeError, ValueError: a value is outside its range, or a run is not as described.
    """

    _esm = bundle("schedule_explorer")
    _css = stylesheet("schedule_explorer")
    quantity = Choice("beta", "tau")
    shape = Choice(*SHAPES)
    start = Number(0.0, 0, 8)
    end = Number(1.0, 0, 8)
    share = Number(0.5, 0.05, 1)
    runs = traitlets.List().tag(sync=True)

    def __init__(
        self,
        quantity: str = "beta",
        runs: Sequence[dict] = (),
        shape: str = "linear",
        start: float | None = None,
        end: float | None = None,
        share: float = 0.5,
    ) -> None:
        type(self).quantity.validate(self, quantity)
        ends = {"beta": (0.0, 1.0), "tau": (1.0, 0.5)}[quantity]
        given = [ends[k] if value is None else value for k, value in enumerate((start, end))]
        for name, value in zip(("start", "end"), given, strict=True):
            one = Number(1.0, LEAST[quantity], MOST[quantity])
            one.name = name
            one.validate(self, value)
        names = {"beta": "Schedules of the KL's weight", "tau": "Schedules of the temperature"}
        super().__init__(
            title=names[quantity], quantity=quantity, runs=_runs(runs, quantity), shape=shape, start=given[0],
            end=given[1], share=share,
        )  # fmt: skip

    def describe(self) -> str:
        name = {"beta": "beta, the weight of the KL", "tau": "the temperature tau"}[self.quantity]
        path = (
            f"stays at {self.end:g}"
            if self.shape == "constant"
            else f"goes from {self.start:g} to {self.end:g} ({self.shape}) within the first "
            f"{self.share:.0%} of the run"
        )
        below = (
            f" Below are the KL and the ELBO, epoch by epoch, of whichever of {len(self.runs)} recorded runs "
            "has the nearest schedule."
            if self.runs
            else ""
        )
        return f"A schedule: {name}, {path}.{below}"
