r"""Give a sample its gradient and invert nothing: :math:`z' = -\partial_\theta F(z; \theta) / p(z; \theta)`.

As ``theta`` moves and ``u = F(z; theta)`` is held, ``z`` must move: this is how fast. :func:`attach` does it for any
differentiable cdf. The families are ``(parameters..., u) -> sample`` for uniform ``u`` in (0, 1), all of one shape:
the law of log z or logit z, its tails by quadrature, its quantile by Newton's method, its gradient by the formula,
in float64, to nine digits; over a thousand density evaluations a sample. Source: Figurnov, Mohamed & Mnih (2018).
"""

import math
import warnings
from collections.abc import Callable, Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from reparam import checks

__all__ = ["attach", "beta", "dirichlet", "gamma", "student_t"]

# A law on the whole line is its log-density, which is concave, and where that turns from one slope to the other.
_LOG_GAMMA = (lambda x, a: a * x - x.exp() - a.lgamma(), torch.log1p)
_LOGIT_BETA = (
    lambda x, a, b: a * F.logsigmoid(x) + b * F.logsigmoid(-x) + (a + b).lgamma() - a.lgamma() - b.lgamma(),
    lambda a, b: a.log1p() - b.log1p(),
)
_STEPS = torch.arange(-3.2, 3.2, 0.07, dtype=torch.float64)
_NODES = torch.sigmoid(math.pi * _STEPS.sinh())  # the tanh-sinh rule on (0, 1), dense at both ends
_WEIGHTS = 0.07 * math.pi * _STEPS.cosh() * _NODES * torch.sigmoid(-math.pi * _STEPS.sinh())


def _reach(log_p: Callable, params: Sequence[Tensor], start: Tensor, side: Tensor, drop: float) -> Tensor:
    """Return a distance from ``start`` over which the log-density falls by ``drop``, or somewhat more."""
    end, length = log_p(start, *params) - drop, torch.full_like(start, 2.0**-20)
    for _ in range(70):
        length = torch.where(log_p(start + side * length, *params) > end, 2 * length, length)
    return torch.where(log_p(start + side * 0.7 * length, *params) > end, length, 0.7 * length)


def _tail(law: tuple, params: Sequence[Tensor], x: Tensor, side: Tensor) -> Tensor:
    """Return the mass beyond ``x`` over the density at ``x``, with that density held constant."""
    log_p, fixed = law[0], [p.detach() for p in params]
    turn = side * torch.maximum(side * law[1](*fixed), side * x)
    at_x, mass = log_p(x, *fixed).unsqueeze(-1), torch.zeros_like(x)
    for start, span in ((x, turn - x), (turn, side * _reach(log_p, fixed, turn, side, 45.0))):
        points = start.unsqueeze(-1) + span.unsqueeze(-1) * _NODES.to(x.device)
        ratio = torch.exp(log_p(points, *[p.unsqueeze(-1) for p in params]) - at_x)
        mass = mass + span.abs() * (ratio * _WEIGHTS.to(x.device)).sum(-1)
    return mass


def _check(function: str, name: str, p: Tensor, least: float) -> None:
    if p.numel() and not ((p.double() >= least) & (p.double() <= 1e9)).all():
        raise ValueError(f"{function}: {name} must lie in [{least:g}, 1e9], got {p.min()} to {p.max()}")


def _quantile(function: str, law: tuple, u: Tensor, **params: Tensor) -> Tensor:
    """Return the quantile of ``u`` in float64 with its implicit gradient."""
    checks.same_shape(function, **params, u=u)
    checks.open_interval(function, "u", u)
    for name, p in params.items():
        _check(function, name, p, 1e-9)
        if torch.finfo(p.dtype).bits <= 32 and (p.detach() < 1e-2).any():
            what = f"{name} below 0.01 in {p.dtype}: samples underflow, implicit gradients are inaccurate"
            warnings.warn(f"{function}: {what}; use float64", stacklevel=3)
    leaves = [p.detach().double().requires_grad_() for p in params.values()]
    fixed, u = [p.detach() for p in leaves], u.detach().double()
    side = torch.where(u > 0.5, 1.0, -1.0).to(u)  # the smaller of the two tails: nothing cancels
    target = torch.where(u > 0.5, torch.log1p(-u), u.log())
    x = turn = law[1](*fixed)
    furthest = _reach(law[0], fixed, turn, side, 800.0)
    for _ in range(50):  # the log of a tail is concave, so Newton's method cannot miss; 5 to 20 steps do
        mass = _tail(law, fixed, x, side)
        gap = mass.log() + law[0](x, *fixed) - target
        x = turn + side * (side * (x - turn) + gap * mass).clamp_max(furthest)
        if (gap.abs() <= 1e-8).all():  # and this last step has squared it
            break
    # F is the tail below, or 1 - the tail above: -dF/dtheta / p = side * d(tail / p(x))/dtheta.
    with torch.enable_grad():
        slopes = torch.autograd.grad(_tail(law, leaves, x, side).sum(), leaves)
    return _with_slopes(x, list(params.values()), [side * slope for slope in slopes])


def _with_slopes(z: Tensor, params: Sequence[Tensor], slopes: Sequence[Tensor]) -> Tensor:
    return z + sum(s * (p - p.detach()).to(z.dtype) for p, s in zip(params, slopes, strict=True))


def attach(cdf: Callable[..., Tensor], params: tuple[Tensor, ...], z: Tensor) -> Tensor:
    r"""Return the value of ``z`` with the gradient :math:`-\partial_\theta F / \partial_z F`.

    Args:
        cdf: ``cdf(*params, z) -> [...]``, elementwise and differentiable; minus the upper tail will do as well.
        params, z: ``[...]`` tensors; ``z`` holds draws from that law, however they were made.

    Returns:
        ``[...]`` the same draws, differentiable once in ``params``.

    Raises:
        TypeError: an argument is not a floating-point tensor.
        ValueError: shapes differ, an entry is not finite, or the cdf does not rise at a draw (a discrete law has
            no density).
    """
    checks.same_shape("attach", z=z, **{f"params[{k}]": p for k, p in enumerate(params)})
    checks.numbers("attach", z=z, **{f"params[{k}]": p for k, p in enumerate(params)})
    leaves = [t.detach().clone().requires_grad_() for t in (*params, z)]
    # A step function may have no graph at all: its slope is then the 0 of the second term.
    with torch.enable_grad():
        value = (cdf(*leaves) + 0.0 * leaves[-1]).sum()
    *slopes, p_z = torch.autograd.grad(value, leaves, allow_unused=True, materialize_grads=True)
    if not (p_z > 0).all():
        raise ValueError(f"attach: cdf must rise at every z, got the slope {p_z.min()}: is the law discrete?")
    return _with_slopes(z.detach(), params, [-slope / p_z for slope in slopes])


def gamma(concentration: Tensor, rate: Tensor, u: Tensor) -> Tensor:
    r"""Return the quantile of Gamma's law, density :math:`\propto z^{\alpha - 1} e^{-\beta z}` on :math:`z > 0`.

    Args:
        concentration, rate: ``[...]`` :math:`\alpha` in [1e-9, 1e9] (below 0.01: in float64), :math:`\beta > 0`.
        u: ``[...]`` uniform noise, strictly in (0, 1).

    Returns:
        ``[...]`` a sample, differentiable once in both parameters, in their dtype.

    Raises:
        TypeError, ValueError: not floating-point tensors of one shape, or a value out of its range.
    """
    checks.same_shape("gamma", concentration=concentration, rate=rate, u=u)
    checks.scale("gamma", "rate", rate, zero=False)
    z = _quantile("gamma", _LOG_GAMMA, u, concentration=concentration).exp()
    return z.to(concentration.dtype) / rate


def beta(a: Tensor, b: Tensor, u: Tensor) -> Tensor:
    r"""Return the quantile of :math:`\mathrm{Beta}(a, b)`; arguments and errors as for :func:`gamma`."""
    return _quantile("beta", _LOGIT_BETA, u, a=a, b=b).sigmoid().to(a.dtype)


def dirichlet(concentration: Tensor, u: Tensor) -> Tensor:
    """Return ``[..., K]`` normalised Gamma samples from ``[..., K]`` uniforms; errors as for :func:`gamma`."""
    x = _quantile("dirichlet", _LOG_GAMMA, u, concentration=concentration)
    return x.softmax(-1).to(concentration.dtype)  # in logs, since all K Gammas may underflow at once


def student_t(df: Tensor, loc: Tensor, scale: Tensor, u: Tensor) -> Tensor:
    """Return the quantile of a Student-t, ``loc + scale * t``; errors as for :func:`gamma`."""
    checks.same_shape("student_t", df=df, loc=loc, scale=scale, u=u)
    _check("student_t", "df", df, 0.1)  # with fewer, samples leave the range even of float64
    checks.scale("student_t", "scale", scale, zero=True)
    checks.numbers("student_t", loc=loc)
    # If sigmoid(x) is Beta(df / 2, df / 2), then t = sqrt(df) sinh(x / 2).
    x = _quantile("student_t", _LOGIT_BETA, u, a=df / 2, b=df / 2)
    return (loc + scale.double() * (df.double().sqrt() * (x / 2).sinh())).to(df.dtype)
