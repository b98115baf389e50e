"""Monte Carlo tests whose error rates are known: a two-stage z-test, and exact binomial counts.

The error that matters is a fraction of the truth: ``DELTA`` of its norm. With
``N1 = 168,881 (sigma / |truth|)^2`` draws a bias of that size moves the mean by 8.22 standard
errors. The first stage lets ``|z| <= 4.5`` pass; beyond it an independent stream of ``4 N1`` draws must show
the same sign and ``|z| > 4.5`` again before the test fails. One statistic raises a false alarm with
probability 2e-11; a bias of 2 % is caught 99.99 % of the time.
"""

import math
from collections.abc import Callable

import torch
from torch import Generator, Tensor

DELTA = 0.02
LIMIT = 4.5
SHIFT = 8.22
CHUNK = 200_000
MOST_DRAWS = 8_000_000

Draw = Callable[[int, Generator], Tensor]


class UnderPoweredError(AssertionError):
    """The test could not see a bias of ``DELTA``: draw more, never widen a tolerance."""


def moments(
    draw: Draw, n: int, generator: Generator, centre: Tensor | float = 0.0
) -> tuple[Tensor, Tensor, Tensor]:
    """Return mean, standard deviation and skewness of ``n`` draws, accumulated about ``centre``."""
    sums = [torch.zeros(()), torch.zeros(()), torch.zeros(())]
    left = n
    while left:
        size = min(left, CHUNK)
        x = draw(size, generator).double() - centre
        sums = [s + (x**p).sum(0) for p, s in enumerate(sums, start=1)]
        left -= size
    m1, m2, m3 = (s / n for s in sums)
    var = m2 - m1**2
    third = m3 - 3 * m1 * m2 + 2 * m1**3
    sd = var.clamp_min(0).sqrt()
    return m1 + centre, sd * math.sqrt(n / (n - 1)), third / sd.clamp_min(1e-300) ** 3


def assert_mean(
    draw: Draw, truth: Tensor, stream: Callable[[str], Generator], *, scale: float | None = None
) -> None:
    """Fail if the mean of ``draw(n, generator) -> [n, ...]`` differs from ``truth`` by more than chance allows.

    Args:
        draw: independent draws of the statistic, one a row.
        truth: their exact mean.
        stream: named independent generators.
        scale: what ``DELTA`` is a fraction of; the norm of ``truth`` if not given.
    """
    scale = float(truth.norm()) if scale is None else scale
    if not scale > 0:
        raise ValueError("assert_mean: a truth of 0 has no relative error; give scale")
    _, pilot, skew = moments(draw, 20_000, stream("pilot"), truth)
    n1 = max(20_000, math.ceil((SHIFT / DELTA) ** 2 * float((pilot.max() / scale) ** 2) * 1.05))
    if n1 > MOST_DRAWS:
        raise UnderPoweredError(f"needs {n1} draws; choose a quieter case")
    if float(skew.abs().max()) / math.sqrt(n1) > 0.05:
        raise UnderPoweredError(
            f"the mean of {n1} draws is not normal enough: skewness {skew.abs().max():.1f}"
        )

    def z_scores(n: int, name: str) -> Tensor:
        mean, sd, _ = moments(draw, n, stream(name), truth)
        se = sd / math.sqrt(n)
        if SHIFT * float(se.max()) > DELTA * scale * 1.1:
            raise UnderPoweredError(
                f"8.22 standard errors are {SHIFT * se.max():.3g}, above {DELTA * scale:.3g}"
            )
        return (mean - truth) / se.clamp_min(1e-300)

    first = z_scores(n1, "first")
    suspects = first.abs() > LIMIT
    if not suspects.any():
        return
    second = z_scores(4 * n1, "second")
    guilty = suspects & (second.abs() > LIMIT) & (first.sign() == second.sign())
    assert not guilty.any(), f"biased: z = {first.tolist()}, then {second.tolist()} on an independent stream"


def assert_counts(successes: Tensor | int, n: int, p: Tensor | float, *, z: float = 5.5) -> None:
    """Fail if a binomial count is more than ``z`` standard deviations from ``n p`` (z = 5.5: one in 26 million)."""
    successes = torch.as_tensor(successes, dtype=torch.float64)
    p = torch.as_tensor(p, dtype=torch.float64)
    if not bool(((p == 0) | (p == 1) | (n * p * (1 - p) >= 40)).all()):
        raise UnderPoweredError("n p (1 - p) is below 40: the count is not close to normal")
    gap = (successes - n * p).abs()
    limit = z * (n * p * (1 - p)).sqrt()
    assert bool((gap <= limit).all()), (
        f"counts {successes.tolist()} against {(n * p).tolist()} +- {limit.tolist()}"
    )


def assert_cdf(draws: Tensor, cdf: Callable[[Tensor], Tensor]) -> None:
    """Fail if the Kolmogorov-Smirnov distance is one that chance exceeds once in 1e9 (Massart's bound)."""
    x = draws.double().flatten().sort().values
    n = len(x)
    rank = torch.arange(1, n + 1, dtype=torch.float64)
    f = cdf(x)
    distance = float(torch.maximum(rank / n - f, f - (rank - 1) / n).max())
    assert distance < math.sqrt(math.log(2e9) / (2 * n)), (
        f"Kolmogorov-Smirnov distance {distance:.3g}, n = {n}"
    )
