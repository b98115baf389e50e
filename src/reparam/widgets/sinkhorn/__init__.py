"""Sinkhorn's iterations on a 5 by 5 matrix of scores, live, beside the exact best matching."""

import itertools

import traitlets

from reparam.widgets.base import Choice, Count, Number, Widget, bundle, stylesheet

__all__ = ["Sinkhorn", "best_matching"]

SIZE = 5
SCORES = (
    (2.0, 1.6, 0.1, -0.5, 0.3),
    (1.8, 0.4, 0.9, -0.2, 0.0),
    (0.2, 1.1, 1.7, 1.4, -0.6),
    (-0.4, 0.6, 1.5, 0.8, 1.2),
    (0.7, -0.3, 0.5, 1.3, 1.6),
)


def best_matching(scores: list[list[float]]) -> tuple[int, ...]:
    """Return the column of each row in the matching with the largest total, out of all 120."""
    return max(
        itertools.permutations(range(SIZE)),
        key=lambda columns: sum(row[j] for row, j in zip(scores, columns, strict=True)),
    )


class Scores(traitlets.List):
    """Five rows of five finite numbers from -5 to 5."""

    def validate(self, obj: object, value: object) -> list[list[float]]:
        where = f"{type(obj).__name__}: {self.name} must be 5 rows of 5 numbers from -5 to 5"
        try:
            rows = [[float(v) for v in row] for row in value]
        except (TypeError, ValueError):
            raise TypeError(f"{where}, got {value!r}") from None
        right = len(rows) == SIZE and all(len(row) == SIZE for row in rows)
        if not right or not all(-5 <= v <= 5 for row in rows for v in row):
            raise ValueError(f"{where}, got {value!r}")
        return super().validate(obj, rows)


class Sinkhorn(Widget):
    """Divide rows and columns by their sums, again and again, and watch a soft matching form.

    Args:
        scores: five rows of five numbers from -5 to 5: how well row i fits column j.
        tau: temperature, from 0.05 to 5.
        n_iters: number of iterations, rows first and then columns, from 0 to 40.
        noise: ``"on"`` adds Gumbel noise to every score, ``"off"`` does not.
        seed: which noise.

    Raises:
        TypeError, ValueError: a value is outside its range.
    """

    _esm = bundle("sinkhorn")
    _css = stylesheet("sinkhorn")
    scores = Scores([list(row) for row in SCORES]).tag(sync=True)
    tau = Number(0.5, 0.05, 5)
    n_iters = Count(10, 0, 40)
    noise = Choice("off", "on")
    seed = Count(0, 0, 2**31 - 1)

    def __init__(
        self,
        scores: tuple[tuple[float, ...], ...] = SCORES,
        tau: float = 0.5,
        n_iters: int = 10,
        noise: str = "off",
        seed: int = 0,
    ) -> None:
        super().__init__(
            title="Sinkhorn's iterations", scores=scores, tau=tau, n_iters=n_iters, noise=noise, seed=seed
        )

    def describe(self) -> str:
        pairs = ", ".join(f"{i} to {j}" for i, j in enumerate(best_matching(self.scores)))
        steps = "iteration" if self.n_iters == 1 else "iterations"
        noise = "Gumbel noise is added to the scores" if self.noise == "on" else "No noise is added"
        return (
            f"Sinkhorn's iterations on a 5 by 5 matrix of scores, {self.n_iters} {steps} at temperature "
            f"{self.tau:g}: rows and columns are divided by their sums in turn. {noise}. Without noise the best "
            f"of the 120 matchings is {pairs}."
        )
