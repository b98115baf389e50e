r"""Unbiased gradients of discrete costs, made quiet by a relaxed cost that is subtracted and added back.

Surrogates as in :mod:`reparam.estimators`: ``params = logits [S, K]``, noise with one more axis that
holds the independent Gumbel draws of one estimate: ``[S, 2, K]``, or ``[S, 1 + inner, K]`` for
:func:`gumbel_rao`; with ``L`` latents ``[S, L, K]`` and ``[S, L, 2, K]``. The first picks the category;
the others redraw the perturbed logits *given* it.
"""

import math
from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor

from reparam import checks, densities, samplers
from reparam.estimators import (
    Cost,
    Params,
    Surrogate,
    _cost_per_draw,
    _warn_if_flat,
    pathwise,
    per_sample_grads,
)

__all__ = ["gumbel_rao", "mean_square", "rebar", "relax"]


def _split(function: str, logits: Tensor, noise: Tensor, rows: int) -> tuple[Tensor, Tensor]:
    checks.tensor(function, "noise", noise)
    checks.logits(function, "logits", logits)
    want = (*logits.shape[:-1], rows, logits.shape[-1])
    if noise.shape != want:
        raise ValueError(f"{function}: noise must have shape {want}, got {tuple(noise.shape)}")
    return noise[..., 0, :], noise[..., 1:, :]


def _control(critic: Callable[[Tensor], Tensor], h: Tensor, draws: torch.Size) -> Tensor:
    control = _cost_per_draw("relax", critic, h, draws, "critic")
    if h.requires_grad and not control.requires_grad:
        raise ValueError(
            "relax: critic does not depend on the perturbed logits through operations autograd can follow (a "
            "comparison, argmax or .detach() cuts the path); its path could not be added back"
        )
    if h.requires_grad and not torch.compiler.is_compiling() and (control != control.flatten()[0]).any():
        h.register_hook(partial(_warn_if_flat, "relax"))
    return control


def relax(f: Cost, critic: Callable[[Tensor], Tensor], *, event_dims: int = 1) -> Surrogate:
    r"""Subtract a smooth function of the noise from the cost, and add its gradient back by the path.

    .. math:: \big(f(z) - c(\tilde h)\big) \nabla \log p(z) + \nabla c(h) - \nabla c(\tilde h), \qquad
        h = \ell + g, \quad z = \mathrm{onehot}(\arg\max h), \quad \tilde h \sim p(h \mid z)

    Unbiased for any ``f`` and any ``critic`` without jumps: what is subtracted and what is added have the
    same mean. The variance is small where :math:`c` resembles the cost.

    Args:
        f: cost, maps one-hot ``[S, K]`` to ``[S]``; it needs no derivative.
        critic: :math:`c`, maps perturbed logits ``[S, K]`` to ``[S]``. It may have parameters; train them on
            :func:`mean_square`, not on the surrogate.
        event_dims: how many trailing axes belong to one draw: 2 for ``L`` independent latents ``[S, L, K]``
            that share one cost.

    Returns:
        a surrogate for ``logits [S, K]`` and Gumbel noise ``[S, 2, K]``. Its value is
        ``f(z) + c(h) - c(h~)``, which has the mean of ``f(z)``; gradients of ``f``'s own parameters pass.

    Raises:
        ValueError: when called, if the critic is cut off from ``h`` or the noise has another shape.

    Source: Grathwohl, Choi, Wu, Roeder & Duvenaud (2018), section 3.
    """
    checks.count("relax", "event_dims", event_dims)

    def surrogate(logits: Params, noise: Tensor) -> Tensor:
        g, rest = _split("relax", logits, noise, 2)
        z = samplers.gumbel_max(logits, g)
        draws, latents = logits.shape[: logits.ndim - event_dims], logits.shape[logits.ndim - event_dims : -1]
        log_p = densities.categorical(logits, z).reshape(*draws, math.prod(latents)).sum(-1)
        h_given = samplers.gumbel_given(logits, z, rest[..., 0, :])
        cost = _cost_per_draw("relax", f, z, draws)
        added, removed = _control(critic, logits + g, draws), _control(critic, h_given, draws)
        # A weight is constant in the logits and yet differentiable in the critic's parameters.
        control = _cost_per_draw("relax", critic, h_given.detach(), draws, "critic")
        weight = cost.detach().to(log_p.dtype) - control
        return cost + added - removed + weight * (log_p - log_p.detach())

    return surrogate


def rebar(f: Cost, *, tau: float | Tensor, eta: float | Tensor, event_dims: int = 1) -> Surrogate:
    r"""Take the relaxed cost itself as the critic.

    .. math:: c(h) = \eta\, f\big(\mathrm{softmax}(h / \tau)\big)

    Unbiased at every :math:`\tau` and :math:`\eta`: they change the variance only. :math:`\eta = 0` is the
    score function.

    Args:
        f: cost, maps ``[S, K]`` to ``[S]``, differentiable on the simplex; it is called four times.
        tau: temperature, one finite number ``> 0``; a tensor may carry a gradient.
        eta: strength :math:`\eta`, one finite number; a tensor may carry a gradient.
        event_dims: how many trailing axes belong to one draw, see :func:`relax`.

    Returns:
        a surrogate, see :func:`relax`.

    Raises:
        TypeError: ``tau`` or ``eta`` is not one number.
        ValueError: ``tau`` is not positive and finite, or ``eta`` not finite.

    Source: Tucker, Mnih, Maddison, Lawson & Sohl-Dickstein (2017).
    """
    checks.positive("rebar", "tau", tau)
    checks.number("rebar", "eta", eta.item() if isinstance(eta, Tensor) and not eta.ndim else eta)

    def critic(h: Tensor) -> Tensor:
        return eta * f(samplers.gumbel_softmax(h, torch.zeros_like(h), tau=tau))

    return relax(f, critic, event_dims=event_dims)


def mean_square(surrogate: Surrogate, params: Params, noise: Tensor) -> Tensor:
    r"""Return the mean squared length of the per-draw gradients, differentiable in the critic.

    .. math:: \frac1S \sum_s \lVert g_s \rVert^2

    The mean of an unbiased :math:`g` does not move with its critic, so the gradient of this number in
    :math:`\tau`, :math:`\eta` or a critic's weights is an unbiased estimate of the gradient of the variance.

    Arguments are those of :func:`reparam.estimators.per_sample_grads`.
    """
    grads = per_sample_grads(surrogate, params, noise, create_graph=True)
    return sum(g.square().sum() for g in (grads if isinstance(grads, tuple) else (grads,))) / len(noise)


def gumbel_rao(f: Cost, *, tau: float | Tensor, inner: int, event_dims: int = 1) -> Surrogate:
    r"""Average the straight-through slope over the noise that leads to the same category.

    .. math:: \nabla f(z)^\top\, \frac1M \sum_{m=1}^{M} \frac{\partial}{\partial \ell}\,
        \mathrm{softmax}\Big(\frac{\ell + g_m}{\tau}\Big), \qquad g_m = \tilde h_m - \ell, \quad
        \tilde h_m \sim p(h \mid z)

    Rao-Blackwellised :func:`reparam.estimators.straight_through`: the same mean, and so the same bias; never
    more variance. ``f`` is called once.

    Args:
        f: cost, maps one-hot ``[S, K]`` to ``[S]``, differentiable there.
        tau: temperature, one finite number ``> 0``.
        inner: :math:`M \ge 1`, how many relaxed samples share one category.
        event_dims: how many trailing axes belong to one draw, see :func:`relax`.

    Returns:
        a surrogate for ``logits [S, K]`` and Gumbel noise ``[S, 1 + inner, K]``; its value is ``f(z)``.

    Raises:
        TypeError: ``tau`` is not one number; ``inner`` is not a whole number.
        ValueError: ``tau`` is not positive and finite; ``inner`` is below 1.

    Source: Paulus, Maddison & Krause (2021).
    """
    checks.positive("gumbel_rao", "tau", tau)
    checks.count("gumbel_rao", "inner", inner)

    def sample(logits: Params, noise: Tensor) -> Tensor:
        g, v = _split("gumbel_rao", logits, noise, 1 + inner)
        z = samplers.gumbel_max(logits, g)
        each = logits.unsqueeze(-2).expand(v.shape)
        with torch.no_grad():  # the noise that was drawn stays put: its law given z is not differentiated
            g_given = samplers.gumbel_given(each, z.unsqueeze(-2).expand(v.shape), v) - each
            g_given = torch.where(each.isfinite(), g_given, 0.0)
        y = samplers.gumbel_softmax(each, g_given, tau=tau).mean(-2)
        return z + (y - y.detach())

    return pathwise(f, sample, event_dims=event_dims)
