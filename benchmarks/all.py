"""Run every comparison and write ``benchmarks/README.md``: ``python benchmarks/all.py``, about half an hour.

``--compile`` adds a row for a compiled objective, which needs a C++ compiler and another minute.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

import burda
import draws
import labs
import nll
import side_by_side
import steps
import torch

PAGE = """# Speed, side by side

Written by `python benchmarks/all.py --rounds {rounds}{compiled}` on {machine}{end}.

Every comparison is one run in which the variants take turns, and a ratio is the median over rounds: only ratios
mean anything, and they differ between machines. Time is processor time of one thread. A floor is the matrix
products and the fused Adam of the same steps, without anything else.{missing}

## What was aimed for

{aims}

## The comparisons

{tables}"""


def pages(rounds: int, compiled: bool) -> Iterator[str]:
    """Measure everything, and yield the page anew after every comparison."""
    start = side_by_side.machine()
    rows, tables = [side_by_side.AIMS_HEADER], []
    kinds = [module.comparisons for module in (steps, burda, draws, labs, nll)]
    for comparisons in kinds + ([lambda: [burda.compiled()]] if compiled else []):
        for comparison in comparisons():
            times = side_by_side.measure(comparison, rounds)
            rows += side_by_side.aims(comparison, times)
            tables.append(side_by_side.report(comparison, times))
            yield PAGE.format(
                rounds=rounds,
                compiled=" --compile" if compiled else "",
                machine=start,
                end=side_by_side.load(" and {:.1f} at the end"),
                missing=""
                if side_by_side.installed("pyro")
                else " Pyro was not installed: its rows are left out.",
                aims="\n".join(rows),
                tables="\n".join(tables),
            )


def main() -> None:
    """Write the page."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=25)
    parser.add_argument("--compile", action="store_true", help="measure a compiled objective too")
    parser.add_argument("--out", type=Path, default=Path(__file__).with_name("README.md"))
    options = parser.parse_args()
    torch.set_num_threads(1)
    for page in pages(options.rounds, options.compile):
        options.out.write_text(page)


if __name__ == "__main__":
    main()
