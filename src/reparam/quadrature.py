"""Integrate an estimator over its noise: exact means and variances, each with the rule's own error.

``moments`` injects Gauss-Legendre nodes as noise and weighs them with the noise's density;
``hermite`` does the same for normal noise and smooth integrands with far fewer nodes. Both
report the change on doubling the nodes. Everything is float64.
"""

import math
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from reparam import checks, oracles
from reparam.oracles import Integral

__all__ = ["LAWS", "Law", "Moments", "hermite", "moments"]

END = 12.0  # the densities below are under 1e-29 beyond it


class Law(NamedTuple):
    """One noise variable: where it lives and its density there."""

    low: float
    high: float
    density: Callable[[Tensor], Tensor]


def _phi(x: Tensor) -> Tensor:
    return torch.exp(-0.5 * x**2) / math.sqrt(2 * math.pi)


LAWS = {
    "normal": Law(-END, END, _phi),
    "rayleigh": Law(0.0, END, lambda w: w * torch.exp(-0.5 * w**2)),
    "maxwell": Law(-END, END, lambda m: m**2 * _phi(m)),
    "uniform": Law(0.0, 1.0, torch.ones_like),
}


class Moments(NamedTuple):
    """The mean and the variance of one estimate, each an integral with its node-doubling error."""

    mean: Integral
    variance: Integral


def moments(
    estimate: Callable[[Tensor], Tensor],
    laws: Sequence[str],
    *,
    breaks: Sequence[float] = (),
    nodes: int = 200,
) -> Moments:
    r"""Return the exact mean and variance of an estimator over its noise.

    .. math:: m = \int g(\epsilon)\, p(\epsilon)\, d\epsilon, \qquad
        v = \int \big(g(\epsilon) - m\big)^2\, p(\epsilon)\, d\epsilon

    Args:
        estimate: maps noise ``[N, d]`` to the estimates ``[N]`` or ``[N, P]``, in float64.
        laws: the names of the ``d <= 3`` independent noise variables, keys of ``LAWS``.
        breaks: noise values at which the estimate jumps, the same in every dimension.
        nodes: nodes per piece and dimension; the values use twice as many.

    Returns:
        mean and variance of a single draw.

    Raises:
        ValueError: a law is unknown, there are more than three, or the estimate is NaN.
    """
    if isinstance(laws, str) or not set(laws) <= LAWS.keys() or not 1 <= len(laws) <= 3:
        raise ValueError(f"moments: laws must be one to three of {', '.join(LAWS)} in a list, got {laws!r}")
    chosen = [LAWS[name] for name in laws]
    low = torch.tensor([law.low for law in chosen], dtype=torch.float64)
    span = torch.tensor([law.high for law in chosen], dtype=torch.float64) - low
    cuts = {(b - law.low) / (law.high - law.low) for law in chosen for b in breaks}

    def integral(g: Callable[[Tensor], Tensor]) -> Integral:
        def weighted(u: Tensor) -> Tensor:
            x = low + span * u
            weight = math.prod(law.density(x[:, k]) for k, law in enumerate(chosen)) * span.prod()
            value = g(x)
            return value * weight.reshape(-1, *[1] * (value.ndim - 1))

        return oracles.uniform_expectation(weighted, dims=len(chosen), nodes=nodes, breaks=sorted(cuts))

    mean = integral(estimate)
    return Moments(mean, integral(lambda x: (estimate(x) - mean.value) ** 2))


@lru_cache(maxsize=16)
def _rule(nodes: int) -> tuple[np.ndarray, np.ndarray]:
    x, w = np.polynomial.hermite_e.hermegauss(nodes)
    return x, w / math.sqrt(2 * math.pi)


def hermite(f: Callable[[Tensor], Tensor], *, dims: int = 1, nodes: int = 32) -> Integral:
    r"""Return :math:`\mathbb E[f(\epsilon)]`, :math:`\epsilon \sim \mathcal N(0, I_d)`, by the Gauss-Hermite rule.

    Exact for polynomials of degree below ``2 * nodes``, very accurate for smooth ``f``, and slow
    for jumps, which it cannot be told about: read the error.

    Args:
        f: maps ``[N, d]`` noise to ``[N, ...]``, in float64.
        dims: :math:`d`, at most 3.
        nodes: nodes per dimension, at most 100; the value uses twice as many.

    Returns:
        the expectation ``[...]`` and its node-doubling error.

    Raises:
        ValueError: ``dims`` or ``nodes`` is too large; ``f`` returns another number of rows.
    """
    checks.count("hermite", "dims", dims)
    checks.count("hermite", "nodes", nodes)
    if dims > 3 or nodes > 100:
        raise ValueError(f"hermite: dims must be at most 3 and nodes at most 100, got {dims} and {nodes}")

    def integrate(n: int) -> Tensor:
        x, w = (torch.from_numpy(a) for a in _rule(n))
        points = torch.cartesian_prod(*[x] * dims).reshape(-1, dims)
        weights = torch.cartesian_prod(*[w] * dims).reshape(-1, dims).prod(-1)
        values = f(points)
        if values.shape[:1] != points.shape[:1]:
            raise ValueError(
                f"hermite: f must return one row for each of its {len(points)} points, got {tuple(values.shape)}"
            )
        return torch.tensordot(weights, values, dims=1)

    fine = integrate(2 * nodes)
    return Integral(fine, (fine - integrate(nodes)).abs())
