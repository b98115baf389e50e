r"""Normalizing flows of affine couplings in the plane, and three ways to the same path gradient.

A layer shifts and stretches one coordinate by functions of the other:

.. math:: y_a = x_a, \qquad y_b = x_b\, e^{s(x_a)} + t(x_a), \qquad s = c_0 + c_1 \tanh x_a,
    \quad t = c_2 + c_3 x_a

It is undone in closed form, and its log-determinant is :math:`s`. With :math:`c_1 = 0` it is affine, so a chain of such
layers is a correlated Gaussian. ``params`` are ``[..., layers, 4]``, noise and points ``[..., 2]``; odd layers
change the other coordinate. Surrogates are those of :mod:`reparam.estimators`.
"""

import math
from collections.abc import Callable

import torch
from torch import Tensor

from reparam import checks

__all__ = ["forward", "log_density", "path_naive", "path_recursive", "path_two_pass", "total"]

Density = Callable[[Tensor], Tensor]
Surrogate = Callable[[Tensor, Tensor], Tensor]


def _shift_and_log_scale(c: Tensor, a: Tensor) -> tuple[Tensor, Tensor]:
    return c[..., 2] + c[..., 3] * a, c[..., 0] + c[..., 1] * a.tanh()


def _layers(params: Tensor) -> list[tuple[int, Tensor]]:
    """Return for each layer the coordinate that stays, and its four numbers."""
    return [(i % 2, params[..., i, :]) for i in range(params.shape[-2])]


def _pair(stays: int, a: Tensor, b: Tensor) -> Tensor:
    return torch.stack([a, b] if stays == 0 else [b, a], -1)


def _log_standard(z: Tensor) -> Tensor:
    return (-0.5 * z**2 - 0.5 * math.log(2 * math.pi)).sum(-1)


def _check(function: str, params: Tensor, name: str, points: Tensor) -> None:
    checks.tensor(function, "params", params)
    checks.tensor(function, name, points)
    if params.ndim < 2 or params.shape[-1] != 4 or points.shape != (*params.shape[:-2], 2):
        raise ValueError(
            f"{function}: params must have shape [..., layers, 4] and {name} [..., 2], "
            f"got {tuple(params.shape)} and {tuple(points.shape)}"
        )
    checks.numbers(function, params=params, **{name: points})


def forward(params: Tensor, z: Tensor) -> tuple[Tensor, Tensor]:
    r"""Push noise through the flow.

    Args:
        params: ``[..., layers, 4]``.
        z: ``[..., 2]`` standard normal noise.

    Returns:
        points ``x [..., 2]``, and :math:`\log q(x) = \log \mathcal N(z; 0, I) - \sum s`, ``[...]``.

    Raises:
        TypeError, ValueError: an argument is not a floating-point tensor of these shapes.
    """
    _check("flows.forward", params, "z", z)
    x, log_q = z, _log_standard(z)
    for stays, c in _layers(params):
        a, b = x[..., stays], x[..., 1 - stays]
        t, s = _shift_and_log_scale(c, a)
        x, log_q = _pair(stays, a, b * s.exp() + t), log_q - s
    return x, log_q


def log_density(params: Tensor, x: Tensor) -> Tensor:
    r"""Return :math:`\log q(x)` of any point, by undoing the flow.

    Args, shapes and errors are those of :func:`forward`: ``params`` and ``x [..., 2]``. Returns ``[...]`` nats.
    """
    _check("flows.log_density", params, "x", x)
    log_q = torch.zeros_like(x[..., 0])
    for stays, c in reversed(_layers(params)):
        a, b = x[..., stays], x[..., 1 - stays]
        t, s = _shift_and_log_scale(c, a)
        x, log_q = _pair(stays, a, (b - t) * (-s).exp()), log_q - s
    return log_q + _log_standard(x)


def total(log_joint: Density) -> Surrogate:
    r"""Differentiate :math:`\log p(x) - \log q(x)` as it stands: path and score, one pass.

    Args:
        log_joint: maps points ``x [S, 2]`` to :math:`\log p(x)`, ``[S]``, up to a constant.

    Returns:
        a surrogate ``(params [S, layers, 4], noise [S, 2]) -> [S]`` whose mean is the ELBO.

    Source: Rezende & Mohamed (2015), eq. 15.
    """

    def surrogate(params: Tensor, z: Tensor) -> Tensor:
        x, log_q = forward(params, z)
        return log_joint(x) - log_q

    return surrogate


def path_naive(log_joint: Density) -> Surrogate:
    r"""Hold the parameters inside :math:`\log q` still, and find the density by undoing the flow.

    This is algorithm 2 to the letter. It takes the flow forth and back, and differentiates both.

    Args and returns are those of :func:`total`, given ``log_joint``.

    Source: Roeder, Wu & Duvenaud (2017), algorithm 2; Agrawal, Sheldon & Domke (2020).
    """

    def surrogate(params: Tensor, z: Tensor) -> Tensor:
        x, _ = forward(params, z)
        return log_joint(x) - log_density(params.detach(), x)

    return surrogate


def _slope(f: Density, x: Tensor) -> tuple[Tensor, Tensor]:
    """Return ``f`` at ``x``, cut off from ``x`` but not from its own parameters, and its derivative there."""
    with torch.enable_grad():
        point = x.detach().requires_grad_()
        value = f(point)
        (slope,) = torch.autograd.grad(value.sum(), point, retain_graph=True)
    return value, slope


def _along(x: Tensor, slope: Tensor) -> Tensor:
    """Return 0 with the derivative ``slope`` in ``x``."""
    return (slope * (x - x.detach())).sum(-1)


def path_two_pass(log_joint: Density) -> Surrogate:
    r"""Find the slope :math:`G = \partial_x(\log p - \log q)` first, then send it through the flow.

    The same estimate :math:`G^\top \partial_\theta x`, but the inverse is never differentiated in :math:`\theta`.

    Args and returns are those of :func:`total`, given ``log_joint``.

    Source: Vaitl, Nicoli, Nakajima & Kessel (2022).
    """

    def surrogate(params: Tensor, z: Tensor) -> Tensor:
        x, _ = forward(params, z)
        value, slope = _slope(lambda point: log_joint(point) - log_density(params.detach(), point), x)
        return value + _along(x, slope)

    return surrogate


def path_recursive(log_joint: Density) -> Surrogate:
    r"""Carry :math:`\delta = \partial_x \log q(x)` along with the sample; the flow is never undone.

    .. math:: \delta_0 = -z, \qquad
        \delta_{i+1} = J_i^{-\top} \big(\delta_i - \partial_x s_i\big)

    :math:`J_i` is the Jacobian of layer :math:`i`. For a coupling this is solved from the changed
    coordinate: :math:`\delta'_b = e^{-s} \delta_b`, then
    :math:`\delta'_a = \delta_a - \partial_a s - \delta'_b\, \partial_a y_b`.

    Args and returns are those of :func:`total`, given ``log_joint``.

    Source: Vaitl, Winkler, Richter & Kessel (2024), whose recursion this is for one kind of coupling.
    """

    def surrogate(params: Tensor, z: Tensor) -> Tensor:
        x, log_q = forward(params, z)
        delta = _score_along(params.detach(), z.detach())
        log_p, slope = _slope(log_joint, x)
        return log_p - log_q.detach() + _along(x, slope - delta)

    return surrogate


def _score_along(params: Tensor, z: Tensor) -> Tensor:
    """Return the derivative of ``log q`` at the end of the flow, layer by layer from its start."""
    x, delta = z, -z
    for stays, c in _layers(params):
        with torch.enable_grad():
            a = x[..., stays].detach().requires_grad_()
            b = x[..., 1 - stays].detach()
            t, s = _shift_and_log_scale(c, a)
            y_b = b * s.exp() + t
            delta_b = delta[..., 1 - stays] * (-s).exp().detach()
            (bent,) = torch.autograd.grad((s + delta_b * y_b).sum(), a)
        x, delta = _pair(stays, a, y_b).detach(), _pair(stays, delta[..., stays] - bent, delta_b)
    return delta
