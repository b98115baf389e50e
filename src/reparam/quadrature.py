"""Integrate an estimator over its noise: exact means and variances, each with the rule's own error.

``moments`` injects Gauss-Legendre nodes as noise and weighs them with the noise's density;
``hermite`` does the same for normal noise and smooth integrands with far fewer nodes.
``log_mean`` and ``shares`` do it for any number of independent importance weights. All
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
from reparam.oracles import Integral, _doubled, _in_every_dimension

__all__ = ["LAWS", "Law", "Moments", "hermite", "log_mean", "moments", "shares"]

END = 12.0  # the densities below are under 1e-29 beyond it
_EPS = torch.finfo(torch.float64).eps


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
        points, weights = _in_every_dimension(*map(torch.from_numpy, _rule(n)), dims)
        values = f(points)
        if values.shape[:1] != points.shape[:1]:
            raise ValueError(
                f"hermite: f must return one row for each of its {len(points)} points, got {tuple(values.shape)}"
            )
        return torch.tensordot(weights, values, dims=1)

    return _doubled(integrate, nodes)


def _laplace(log_w: Tensor, weights: Tensor, log_s: Tensor, power: int, g: Tensor) -> Tensor:
    r"""Return :math:`\mathbb E[(s w)^p\, g\, e^{-s w}]` at every ``s``, ``[U, ...]``."""
    log_sw = log_s[:, None] + log_w
    return torch.tensordot(torch.exp(power * log_sw - log_sw.exp()) * weights, g, dims=1)


def _grid(log_w: Tensor, nodes: int) -> tuple[Tensor, float]:
    r"""Return where :math:`\log s` has to be: from :math:`s w` negligible to :math:`e^{-s w}` negligible."""
    log_w = log_w.detach()
    low, high = -log_w.max() - 40.0, 4.0 - log_w.min()
    log_s = torch.linspace(low, high, 10 * nodes + 1, dtype=torch.float64)
    return log_s, float(log_s[1] - log_s[0])


def _normal_rule(nodes: int) -> tuple[Tensor, Tensor]:
    """Equal steps over ten standard deviations each way: for smooth functions as good as any rule."""
    eps = torch.linspace(-10, 10, nodes + 1, dtype=torch.float64)
    return eps, _phi(eps) * (eps[1] - eps[0])


def log_mean(log_w: Callable[[Tensor], Tensor], k: int, *, nodes: int = 200) -> Integral:
    r"""Return :math:`\mathbb E\big[\log \frac1K \sum_k w(\epsilon_k)\big]`, for any ``K``.

    .. math:: \log m = \int_0^\infty \frac{e^{-s} - e^{-s m}}{s}\, ds \quad\Rightarrow\quad
        \mathbb E[\log m] = \int_{-\infty}^\infty \Big(e^{-s} - \mathbb E\big[e^{-s w / K}\big]^K\Big)\, d \log s

    This is the importance-weighted bound. The draws are independent, so one integral over
    :math:`\epsilon \sim \mathcal N(0, 1)` inside one over :math:`\log s` is all. The value is differentiable in
    whatever ``log_w`` depends on: its derivative is the exact gradient of the bound.

    Args:
        log_w: maps noise ``[N]`` to log-weights ``[N]``, smooth, in float64.
        k: :math:`K \ge 1`, number of draws.
        nodes: of the noise; :math:`s` has ten times as many, and the value uses twice as many of both.

    Returns:
        the expectation and its node-doubling error.

    Raises:
        TypeError, ValueError: ``k`` or ``nodes`` is not a whole number ``>= 1``.
    """
    checks.count("log_mean", "k", k)
    checks.count("log_mean", "nodes", nodes)

    def integrate(n: int) -> Tensor:
        eps, weights = _normal_rule(n)
        log_w_k = log_w(eps) - math.log(k)
        log_s, step = _grid(torch.cat([log_w_k, torch.zeros(1)]), n)
        # E[exp(-s w)] - 1, without the rounding of the 1, which the power K would raise
        short = torch.tensordot(torch.expm1(-(log_s[:, None] + log_w_k).exp()), weights, dims=1)
        power = k * torch.log1p(short.clamp_min(_EPS - 1))
        return (torch.expm1(-log_s.exp()) - torch.expm1(power)).sum() * step

    fine = integrate(2 * nodes)
    return Integral(fine, (fine - integrate(nodes)).detach().abs())


def shares(
    draw: Callable[[Tensor], tuple[Tensor, Tensor]], k: int, *, power: int = 1, nodes: int = 200
) -> Moments:
    r"""Return mean and variance of :math:`\sum_k \tilde w_k^p\, g_k` with :math:`\tilde w_k = w_k / \sum_j w_j`.

    Gradients of importance-weighted bounds are such sums: ``p = 1`` the total and the path derivative,
    ``p = 2`` the doubly reparameterised one. From :math:`m^{-n} = \int_0^\infty s^{n-1} e^{-s m}\, ds / (n-1)!` with
    :math:`m = \sum_j w_j`, whose terms are independent,

    .. math:: \mathbb E[\tilde w_k^p g_k] = \int \frac{\mathbb E\big[(s w)^p g\, e^{-s w}\big]}{(p-1)!}\,
        \mathbb E\big[e^{-s w}\big]^{K-1}\, d \log s

    and the second moment likewise, from pairs of draws.

    Args:
        draw: maps noise ``[N]`` to log-weights ``[N]`` and gradients ``[N]`` or ``[N, P]``, in float64.
        k: :math:`K \ge 1`, number of draws.
        power: :math:`p \ge 1`.
        nodes: as for :func:`log_mean`.

    Returns:
        :class:`Moments` of one estimate of ``K`` draws.

    Raises:
        TypeError, ValueError: ``k``, ``power`` or ``nodes`` is not a whole number ``>= 1``.
    """
    for name, value in (("k", k), ("power", power), ("nodes", nodes)):
        checks.count("shares", name, value)

    def integrate(n: int) -> tuple[Tensor, Tensor]:
        eps, weights = _normal_rule(n)
        log_w, g = (t.detach() for t in draw(eps))
        log_s, step = _grid(log_w, n)
        columns = g.reshape(len(g), -1)
        others = _laplace(log_w, weights, log_s, 0, torch.ones_like(columns[:, :1]))
        once = _laplace(log_w, weights, log_s, power, columns)
        twice = _laplace(log_w, weights, log_s, 2 * power, columns**2)
        mean = k * (once * others ** (k - 1)).sum(0) * step / math.factorial(power - 1)
        second = k * (twice * others ** (k - 1)).sum(0)
        if k > 1:
            second = second + k * (k - 1) * (once**2 * others ** (k - 2)).sum(0)
        variance = second * step / math.factorial(2 * power - 1) - mean**2
        return mean.reshape(g.shape[1:]), variance.reshape(g.shape[1:])

    fine, coarse = integrate(2 * nodes), integrate(nodes)
    return Moments(*(Integral(a, (a - b).abs()) for a, b in zip(fine, coarse, strict=True)))
