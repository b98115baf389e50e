"""How many nats a seed moves a table: a difference between two columns beside the spread of repeated runs."""

import math
from collections.abc import Sequence
from numbers import Real

import traitlets

from reparam.widgets.base import Choice, Count, Number, Widget, bundle, plain, stylesheet

__all__ = ["SeedTable", "flips"]

MAX_ROWS = 60


def flips(gain: float, sd: float, n: int) -> float:
    r"""Return the share of re-runs whose difference has not the sign of the gain.

    .. math:: P = \Phi\big(-|\Delta| \sqrt n / s\big)

    It is also the share of re-runs with a difference at least as large, with this sign, when there is none.

    Args:
        gain: true mean of the difference of two runs, in nats.
        sd: standard deviation of that difference, ``> 0``.
        n: number of pairs of runs that are averaged.

    Returns:
        a share from 0 to 1/2.
    """
    return 0.5 * math.erfc(abs(gain) * math.sqrt(n / 2) / sd)


def _rows(value: object) -> list[dict]:
    if isinstance(value, str) or not isinstance(value, Sequence) or not 1 <= len(value) <= MAX_ROWS:
        raise TypeError(f"SeedTable: rows must be 1 to {MAX_ROWS} pairs (label, gain), got {value!r}")
    rows = []
    for k, row in enumerate(value):
        if isinstance(row, str) or not isinstance(row, Sequence) or len(row) != 2:
            raise TypeError(f"SeedTable: rows[{k}] must be a pair (label, gain), got {row!r}")
        label, gain = row
        number = isinstance(gain, Real) and not isinstance(gain, bool)
        if not number or not math.isfinite(gain) or abs(gain) > 100:
            raise ValueError(
                f"SeedTable: the gain of rows[{k}] must be a number from -100 to 100, got {gain!r}"
            )
        rows.append({"label": plain("SeedTable", f"the label of rows[{k}]", label), "gain": float(gain)})
    return rows


class SeedTable(Widget):
    """Choose a row of a table and a number of seeds; see its difference beside what seeds do to it.

    A run's NLL is normal around its column's mean, with the deviation ``level_sd``. With other seeds in each
    column the difference of two runs has the deviation ``sqrt(2) * level_sd``; with the same seeds, ``pair_sd``.

    Args:
        rows: pairs (label, gain), the gain in nats: total minus path, positive where path is better.
        level_sd: measured standard deviation between the runs of one column, nats, from 0.001 to 10.
        level_df: its degrees of freedom, from 1 to 1000.
        pair_sd: that of the difference of two runs with the same seed, from 0.001 to twice ``level_sd``.
        pair_df: its degrees of freedom.
        row: index of the row shown first.
        pairing: ``"apart"``, other seeds in each column, or ``"paired"``, the same in both.
        n: seeds a column, from 1 to 30.
        sets: how many sets of runs have been drawn, from 1 to 200.
        seed: which noise.

    Raises:
        TypeError, ValueError: a value is outside its range.
    """

    _esm = bundle("seed_table")
    _css = stylesheet("seed_table")
    rows = traitlets.List().tag(sync=True)
    level_sd = Number(0.1, 0.001, 10)
    level_df = Count(1, 1, 1000)
    pair_sd = Number(0.1, 0.001, 20)
    pair_df = Count(1, 1, 1000)
    row = Count(0, 0, MAX_ROWS - 1)
    pairing = Choice("apart", "paired")
    n = Count(1, 1, 30)
    sets = Count(1, 1, 200)
    seed = Count(0, 0, 1_000_000)

    def __init__(
        self,
        rows: Sequence[tuple[str, float]],
        level_sd: float,
        level_df: int,
        pair_sd: float,
        pair_df: int,
        row: int = 0,
        pairing: str = "apart",
        n: int = 1,
        sets: int = 1,
        seed: int = 0,
    ) -> None:
        listed = _rows(rows)
        super().__init__(
            title="How many nats a seed moves the table", rows=listed, level_sd=level_sd, level_df=level_df,
            pair_sd=pair_sd, pair_df=pair_df, row=row, pairing=pairing, n=n, sets=sets, seed=seed,
        )  # fmt: skip
        if self.pair_sd > 2 * self.level_sd:
            raise ValueError(
                f"SeedTable: pair_sd must be at most twice level_sd, {2 * level_sd:g}, got {pair_sd!r}"
            )

    @traitlets.validate("row")
    def _row_exists(self, proposal: dict) -> int:
        if self.rows and proposal["value"] >= len(self.rows):
            raise ValueError(
                f"SeedTable: row must be a whole number below {len(self.rows)}, got {proposal['value']}"
            )
        return proposal["value"]

    def describe(self) -> str:
        row = self.rows[self.row]
        apart = self.pairing == "apart"
        sd = math.sqrt(2) * self.level_sd if apart else self.pair_sd
        which = "other seeds in each column" if apart else "the same seeds in both columns"
        return (
            f"How many nats a seed moves the table. {row['label']}: the columns differ by {row['gain']:.2f} nats. "
            f"The difference of two runs has a standard deviation of {sd:.3f} nats ({which}), so with {self.n} "
            f"seed{'s' if self.n > 1 else ''} a column the standard error is {sd / math.sqrt(self.n):.3f}, and "
            f"{flips(row['gain'], sd, self.n):.1%} of re-runs show the opposite sign if the difference is real."
        )
