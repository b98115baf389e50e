"""Exact values to hold every estimate against: enumeration and quadrature, in float64.

``outcomes``, ``exact_expectation`` and ``exact_grad`` sum over all K^L values of L
categorical latents. ``uniform_expectation`` and ``normal_expectation`` integrate with the
noise injected, and return the value with the oracle's own error: the change on doubling
the nodes. (That presumes nodes dense enough to see ``f``: three or more per oscillation.)
"""

import math
from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from reparam import checks, densities

__all__ = [
    "Integral",
    "exact_expectation",
    "exact_grad",
    "normal_expectation",
    "normal_grad",
    "outcomes",
    "uniform_expectation",
]

MOST_OUTCOMES = 2**20
MOST_POINTS = 2**23
Function = Callable[[Tensor], Tensor]


class Integral(NamedTuple):
    """An integral and how far it moved when the number of nodes was doubled."""

    value: Tensor
    error: Tensor


def _evaluate(function: str, f: Function, points: Tensor) -> Tensor:
    """Call ``f`` on ``[N, ...]`` points and insist on ``[N, ...]`` numbers that are not NaN."""
    values = f(points)
    if not isinstance(values, Tensor) or values.shape[:1] != points.shape[:1]:
        got = tuple(values.shape) if isinstance(values, Tensor) else type(values).__name__
        raise ValueError(f"{function}: f must return one row for each of its {len(points)} points, got {got}")
    if values.isnan().any():
        raise ValueError(
            f"{function}: f returned NaN at point {points[values.isnan().nonzero()[0, 0]].tolist()}"
        )
    return values


def outcomes(latents: int, categories: int) -> Tensor:
    r"""Return all one-hot outcomes of ``L`` latents with ``K`` categories, :math:`K^L` of them.

    Args:
        latents, categories: ``L >= 1`` and ``K >= 1``.

    Returns:
        ``[K**L, L, K]`` float64, the last latent changing fastest.

    Raises:
        TypeError, ValueError: an argument is not a whole number ``>= 1``; more than 2**20 outcomes.
    """
    checks.count("outcomes", "latents", latents)
    checks.count("outcomes", "categories", categories)
    if categories**latents > MOST_OUTCOMES:
        raise ValueError(
            f"outcomes: categories ** latents must be at most {MOST_OUTCOMES}, got {categories} ** {latents}"
        )
    axes = [torch.arange(categories)] * latents
    index = torch.cartesian_prod(*axes).reshape(-1, latents)
    return torch.nn.functional.one_hot(index, categories).double()


def exact_expectation(f: Function, logits: Tensor) -> Tensor:
    r"""Return :math:`\sum_z \mathrm{Cat}(z; \mathrm{softmax}(\ell))\, f(z)`, differentiable in ``logits``.

    Args:
        f: maps one-hot ``[N, K]`` (or ``[N, L, K]``) to ``[N]``, in float64.
        logits: ``[K]``, or ``[L, K]`` for ``L`` independent latents.

    Returns:
        a float64 scalar.

    Raises:
        ValueError: more than 2**20 outcomes; ``f`` returns NaN or another shape.
    """
    checks.logits("exact_expectation", "logits", logits)
    if logits.ndim not in (1, 2):
        raise ValueError(
            f"exact_expectation: logits must have shape [K] or [L, K], got shape {tuple(logits.shape)}"
        )
    rows = logits.double().reshape(-1, logits.shape[-1])
    z = outcomes(*rows.shape).to(logits.device)
    log_p = densities.categorical(rows.expand(z.shape), z).sum(-1)
    cost = _evaluate("exact_expectation", f, z if logits.ndim == 2 else z[:, 0])
    if cost.ndim != 1:
        raise ValueError(f"exact_expectation: f must return shape [N], got {tuple(cost.shape)}")
    return (log_p.exp() * cost).sum()


def exact_grad(f: Function, logits: Tensor) -> Tensor:
    r"""Return :math:`\nabla_\ell\, \mathbb E_{z \sim \mathrm{Cat}(\mathrm{softmax}(\ell))}[f(z)]` by enumeration.

    Args and errors are those of :func:`exact_expectation`; ``f`` may be any function of
    the outcome, differentiable or not.

    Returns:
        float64, the shape of ``logits``.
    """
    checks.logits("exact_grad", "logits", logits)
    leaf = logits.detach().double().requires_grad_()
    (grad,) = torch.autograd.grad(exact_expectation(f, leaf), leaf)
    return grad


@lru_cache(maxsize=16)
def _legendre(nodes: int) -> tuple[np.ndarray, np.ndarray]:
    return np.polynomial.legendre.leggauss(nodes)


def _rule(low: float, high: float, breaks: Sequence[float], nodes: int) -> tuple[Tensor, Tensor]:
    """Gauss-Legendre on each piece of ``[low, high]`` between the breaks."""
    x, w = (torch.from_numpy(a) for a in _legendre(nodes))
    edges = [low, *sorted(b for b in breaks if low < b < high), high]
    halves = [(b - a) / 2 for a, b in pairwise(edges)]
    points = torch.cat([a + h * (x + 1) for a, h in zip(edges[:-1], halves, strict=True)])
    return points, torch.cat([h * w for h in halves])


def _in_every_dimension(x: Tensor, w: Tensor, dims: int) -> tuple[Tensor, Tensor]:
    """Return points ``[N, dims]`` and weights ``[N]`` of the product of a rule with itself."""
    points, weights = (torch.cartesian_prod(*[t] * dims).reshape(-1, dims) for t in (x, w))
    return points, weights.prod(-1)


def _doubled(integrate: Callable[[int], Tensor], nodes: int) -> Integral:
    fine = integrate(2 * nodes)
    return Integral(fine, (fine - integrate(nodes)).abs())


def uniform_expectation(
    f: Function, *, dims: int = 1, nodes: int = 200, breaks: Sequence[float] = ()
) -> Integral:
    r"""Return :math:`\int_{[0,1]^d} f(u)\, du` by Gauss-Legendre quadrature.

    Any sample is a function of uniforms, so this gives the exact mean of any estimator.

    Args:
        f: maps ``[N, d]`` uniforms to ``[N, ...]``, in float64.
        dims: :math:`d`, at most 3.
        nodes: nodes per piece and dimension; the value uses twice as many.
        breaks: where ``f`` jumps or turns sharply, the same in every dimension.

    Returns:
        the integral ``[...]`` and its node-doubling error.

    Raises:
        TypeError, ValueError: ``dims`` or ``nodes`` is out of range, or more than 2**23 points would be needed;
            ``f`` returns NaN or another number of rows.
    """
    checks.count("uniform_expectation", "dims", dims)
    checks.count("uniform_expectation", "nodes", nodes)
    if dims > 3:
        raise ValueError(f"uniform_expectation: dims must be at most 3, got {dims}")
    size = (2 * nodes * (1 + len(breaks))) ** dims
    if size > MOST_POINTS:
        raise ValueError(
            f"uniform_expectation: nodes and breaks would need {size} points, at most {MOST_POINTS} are allowed; "
            "try fewer nodes"
        )

    def integrate(n: int) -> Tensor:
        points, weights = _in_every_dimension(*_rule(0.0, 1.0, breaks, n), dims)
        return torch.tensordot(weights, _evaluate("uniform_expectation", f, points), dims=1)

    return _doubled(integrate, nodes)


def _normal_integral(
    function: str,
    f: Function,
    weight: Function,
    loc: float,
    scale: float,
    breaks: Sequence[float],
    nodes: int,
) -> Integral:
    """Integrate ``f(z) N(z; loc, scale^2) weight(eps)`` over 16 standard deviations each way.

    The coarse rule spans 12, so that a cost that outgrows the density shows in the error too.
    """
    checks.number(function, "loc", loc.item() if isinstance(loc, Tensor) and not loc.ndim else loc)
    checks.positive(function, "scale", scale)
    checks.count(function, "nodes", nodes)
    loc, scale = float(loc), float(scale)

    def integrate(n: int) -> Tensor:
        span = 12.0 if n == nodes else 16.0
        eps, w = _rule(-span, span, [(b - loc) / scale for b in breaks], n)
        density = torch.exp(-0.5 * eps**2) / math.sqrt(2 * math.pi)
        cost = _evaluate(function, f, loc + scale * eps)
        if cost.ndim != 1:
            raise ValueError(f"{function}: f must return shape [N], got {tuple(cost.shape)}")
        return (w * density * weight(eps) * cost).sum()

    return _doubled(integrate, nodes)


def normal_expectation(
    f: Function, loc: float, scale: float, *, breaks: Sequence[float] = (), nodes: int = 200
) -> Integral:
    r"""Return :math:`\mathbb E_{z \sim \mathcal N(\mu, \sigma^2)}[f(z)]` by quadrature.

    Args:
        f: maps ``[N]`` points to ``[N]``, in float64.
        loc: :math:`\mu`.
        scale: :math:`\sigma > 0`.
        breaks: the values of ``z`` at which ``f`` jumps.
        nodes: nodes per piece; the value uses twice as many.

    Returns:
        the expectation and its node-doubling error.

    Raises:
        TypeError, ValueError: ``loc``, ``scale`` or ``nodes`` is out of range; ``f`` returns NaN or another shape.
    """
    return _normal_integral("normal_expectation", f, torch.ones_like, loc, scale, breaks, nodes)


def normal_grad(
    f: Function, loc: float, scale: float, *, breaks: Sequence[float] = (), nodes: int = 200
) -> tuple[Integral, Integral]:
    r"""Return the exact derivatives of :math:`\mathbb E[f(z)]` in :math:`\mu` and :math:`\sigma`.

    .. math:: \int f(z)\, \frac{\partial \mathcal N(z; \mu, \sigma^2)}{\partial \mu}\, dz, \qquad
        \int f(z)\, \frac{\partial \mathcal N(z; \mu, \sigma^2)}{\partial \sigma}\, dz

    The density is differentiated, never ``f``: a step function is no obstacle as long as
    its jumps are named in ``breaks``. Arguments and errors are those of :func:`normal_expectation`.
    """
    return (
        _normal_integral("normal_grad", f, lambda e: e / scale, loc, scale, breaks, nodes),
        _normal_integral("normal_grad", f, lambda e: (e**2 - 1) / scale, loc, scale, breaks, nodes),
    )
