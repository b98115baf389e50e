"""Time variants of one thing against each other in one run, and say it in markdown.

Machines drift and are shared, so the variants take turns, round after round, and only ratios within a round
count. What is timed is the processor time of this process, on one thread: it leaves out most, not all, of what
other processes cost.
"""

import argparse
import datetime
import importlib.util
import os
import platform
import statistics
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

import torch

__all__ = [
    "AIMS_HEADER",
    "Aim",
    "Comparison",
    "aims",
    "installed",
    "load",
    "machine",
    "main",
    "measure",
    "ratios",
    "report",
]


class Aim(NamedTuple):
    """``ours`` is to be ``at_least`` so many times faster than ``rival``; ``why_not`` explains where it is missed."""

    ours: str
    rival: str
    at_least: float
    why_not: str


class Comparison(NamedTuple):
    """Variants of one thing, all doing the same work.

    ``steps`` says how many steps a call of each variant takes (1 where it is not named), ``rounds`` is the share
    of the asked rounds that slow variants get, ``floor`` is the variant that no way of doing the work can beat,
    ``facts`` are further sentences to measure and print.
    """

    title: str
    base: str
    variants: Mapping[str, Callable[[], object]]
    steps: Mapping[str, int] = {}
    rounds: float = 1.0
    aims: tuple[Aim, ...] = ()
    floor: str = "floor"
    facts: Callable[[], Iterable[str]] = tuple


Times = Mapping[str, list[float]]
AIMS_HEADER = "| comparison | ours / rival | aim | times faster | |\n|---|---|---|---|---|"


def measure(comparison: Comparison, rounds: int) -> Times:
    """Return milliseconds per step of each variant, round by round, after one round that does not count."""
    names = list(comparison.variants)
    times: dict[str, list[float]] = {name: [] for name in names}
    rounds = max(2, round(comparison.rounds * rounds))
    for turn in range(-1, rounds):
        for name in names[turn % len(names) :] + names[: turn % len(names)]:
            start = time.process_time()
            comparison.variants[name]()
            if turn >= 0:
                spent = time.process_time() - start
                times[name].append(1e3 * spent / comparison.steps.get(name, 1))
    return times


def ratios(times: Times, ours: str, rival: str) -> list[float]:
    """Return how many times faster ``ours`` was than ``rival`` in each round."""
    return [b / a for a, b in zip(times[ours], times[rival], strict=True)]


def report(comparison: Comparison, times: Times) -> str:
    """Return the table of a comparison: medians, ratios with their middle half, and its facts."""
    lines = [
        f"**{comparison.title}** ({len(times[comparison.base])} rounds)\n",
        f"| variant | ms, median | times faster than *{comparison.base}* | middle half |",
        "|---|---|---|---|",
    ]
    for name, values in times.items():
        faster = ratios(times, name, comparison.base)
        low, _, high = statistics.quantiles(faster, n=4)
        lines.append(
            f"| {name} | {statistics.median(values):.3g} | {statistics.median(faster):.3g} | {low:.3g} - {high:.3g} |"
        )
    facts = [*comparison.facts()]
    return "\n".join([*lines, *([""] if facts else []), *facts]) + "\n"


def aims(comparison: Comparison, times: Times) -> list[str]:
    """Return one row of the table of aims for each aim whose variants were measured."""
    rows = []
    for aim in comparison.aims:
        if aim.ours not in times or aim.rival not in times:
            continue
        reached = statistics.median(ratios(times, aim.ours, aim.rival))
        verdict = "reached" if reached >= aim.at_least else f"missed: {aim.why_not}"
        if reached < aim.at_least and comparison.floor in times and comparison.floor != aim.rival:
            verdict += (
                f"; {comparison.floor}: {statistics.median(ratios(times, comparison.floor, aim.rival)):.3g}"
            )
        cells = (
            comparison.title,
            f"{aim.ours} / {aim.rival}",
            f"{aim.at_least:.3g}",
            f"{reached:.3g}",
            verdict,
        )
        rows.append(f"| {' | '.join(cells)} |")
    return rows


def machine() -> str:
    """Return the date, the versions and the processor in one line."""
    info = Path("/proc/cpuinfo")
    names = [line for line in info.read_text().splitlines() if "model name" in line] if info.exists() else []
    processor = names[0].split(":")[1].strip() if names else platform.processor()
    return (
        f"{datetime.date.today()}, torch {torch.__version__}, Python {platform.python_version()}, "
        f"{processor or 'processor'} ({platform.machine()}), {os.cpu_count()} cores, one thread"
        + load(", load {:.1f} at the start")
    )


def load(text: str) -> str:
    """Return how many processes want the processor, in a text with a place for it, where that is known."""
    return text.format(os.getloadavg()[0]) if hasattr(os, "getloadavg") else ""


def installed(package: str) -> bool:
    """Say whether a rival can be measured here; its rows are left out where it cannot."""
    return importlib.util.find_spec(package) is not None


def main(description: str, comparisons: Callable[..., Iterable[Comparison]]) -> None:
    """Run the comparisons of one file from the command line and print their tables."""
    parser = argparse.ArgumentParser(description=description.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=25)
    options = parser.parse_args()
    torch.set_num_threads(1)
    print(machine(), end="\n\n")
    rows = []
    for comparison in comparisons():
        times = measure(comparison, options.rounds)
        rows += aims(comparison, times)
        print(report(comparison, times), flush=True)
    print(AIMS_HEADER, *rows, sep="\n")
