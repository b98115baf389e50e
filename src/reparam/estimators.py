"""An estimator is a surrogate whose gradient is the estimate, one value per draw.

A surrogate is a function ``(params, noise) -> [S]``: ``S`` draws of noise in, the cost of
each draw out, wired so that autograd's derivative of entry ``s`` is the estimate of draw
``s``. Training takes the mean; :func:`per_sample_grads` keeps the draws apart, so the
estimator on a plot *is* the one that trains.
"""

import warnings
from collections.abc import Callable
from functools import partial
from typing import TypeAlias

import torch
from torch import Tensor

from reparam import checks, densities, samplers

__all__ = [
    "Surrogate",
    "antithetic",
    "pathwise",
    "pathwise_normal",
    "per_sample_grads",
    "relaxed",
    "score_function",
    "score_function_categorical",
    "score_function_normal",
    "straight_through",
]

Params: TypeAlias = Tensor | tuple[Tensor, ...]
Surrogate: TypeAlias = Callable[[Params, Tensor], Tensor]
Cost: TypeAlias = Callable[[Tensor], Tensor]
Baseline: TypeAlias = float | Tensor | Callable[[Tensor], Tensor]


def _cost_per_draw(function: str, f: Cost, z: Tensor, draws: torch.Size, name: str = "f") -> Tensor:
    """Evaluate ``f`` and insist on one number per draw: ``[S, 1]`` would broadcast to ``[S, S]``."""
    cost = f(z)
    if not isinstance(cost, Tensor):
        raise TypeError(f"{function}: {name} must return a tensor, got {type(cost).__name__}")
    if cost.shape != draws:
        raise ValueError(
            f"{function}: {name} must return one cost per draw, shape {tuple(draws)}, got {tuple(cost.shape)}"
        )
    if not torch.compiler.is_compiling() and cost.isnan().any():
        raise ValueError(f"{function}: {name} returned NaN at draw {cost.isnan().nonzero()[0].tolist()}")
    return cost


def _warn_if_flat(function: str, grad_z: Tensor) -> None:
    if not grad_z.any():
        warnings.warn(
            f"{function}: the cost varies between draws, but its derivative in z is 0 at every one of them; f looks "
            "piecewise constant (sign, round, floor, a step), and this estimate may be wrong: use score_function",
            stacklevel=2,
        )


def pathwise(f: Cost, sample: Callable[[Params, Tensor], Tensor], *, event_dims: int = 0) -> Surrogate:
    r"""Differentiate through the sample (reparameterisation).

    .. math:: \nabla_\theta\, f\big(z(\theta, \epsilon)\big)

    Unbiased when the sample is exact and the cost along its path is Lipschitz with a constant of finite
    mean: kinks in ``f`` are fine. A jump in ``f`` is invisible to it.

    Args:
        f: cost, maps samples ``[S, ...]`` to ``[S]``.
        sample: maps ``(params, noise)`` to a sample that is differentiable in ``params``.
        event_dims: how many trailing axes of a sample belong to one draw.

    Returns:
        a surrogate; it raises ``ValueError`` if ``f`` is cut off from the sample, or the sample from ``params``.

    Raises:
        ValueError, TypeError: ``sample`` is a torch distribution, without or with ``rsample``.

    Source: Kingma & Welling (2014); Rezende, Mohamed & Wierstra (2014).
    """
    checks.sampler("pathwise", "sample", sample)

    def surrogate(params: Params, noise: Tensor) -> Tensor:
        z = sample(params, noise)
        checks.path("pathwise", "sample", z, params)
        cost = _cost_per_draw("pathwise", f, z, z.shape[: z.ndim - event_dims])
        if z.requires_grad and not cost.requires_grad:
            raise ValueError(
                "pathwise: f does not depend on z through operations autograd can follow (a comparison, "
                "argmax or .detach() cuts the path); use score_function for such a cost"
            )
        if z.requires_grad and not torch.compiler.is_compiling() and (cost != cost.flatten()[0]).any():
            z.register_hook(partial(_warn_if_flat, "pathwise"))
        return cost

    return surrogate


def score_function(
    f: Cost,
    sample: Callable[[Params, Tensor], Tensor],
    log_prob: Callable[[Params, Tensor], Tensor],
    *,
    baseline: Baseline = 0.0,
) -> Surrogate:
    r"""Differentiate the probability instead of the sample (REINFORCE).

    .. math:: \big(f(z) - b\big)\, \nabla_\theta \log p_\theta(z), \qquad z \sim p_\theta

    Unbiased for any ``f``, differentiable or not, and any baseline :math:`b` that does not
    depend on this draw.

    Args:
        f: cost, maps samples ``[S, ...]`` to ``[S]``.
        sample: maps ``(params, noise)`` to a sample.
        log_prob: maps ``(params, sample)`` to ``[S]`` log-probabilities.
        baseline: :math:`b`, a number, ``[S]``, or a function of the costs ``[S]`` such as
            :func:`reparam.baselines.leave_one_out`; treated as a constant.

    Returns:
        a surrogate whose value is ``f(z)``; gradients of ``f``'s own parameters pass too.

    Raises:
        TypeError, ValueError: ``baseline`` is neither a finite number nor a tensor nor a function.

    Source: Williams (1992).
    """
    if not callable(baseline) and not isinstance(baseline, Tensor):
        checks.number("score_function", "baseline", baseline)

    def surrogate(params: Params, noise: Tensor) -> Tensor:
        z = sample(params, noise).detach()
        log_p = log_prob(params, z)
        cost = _cost_per_draw("score_function", f, z, log_p.shape)
        if not cost.is_floating_point():  # a count or a comparison: b would be rounded to its dtype
            cost = cost.to(log_p.dtype)
        b = baseline(cost.detach()) if callable(baseline) else baseline
        b = torch.as_tensor(b, dtype=cost.dtype, device=cost.device).detach()
        if b.shape not in (torch.Size(), cost.shape):
            wanted = f"score_function: baseline must be a number or have shape {tuple(cost.shape)}"
            raise ValueError(f"{wanted}, got {tuple(b.shape)}")
        checks.numbers("score_function", baseline=b)
        return cost + (cost.detach() - b) * (log_p - log_p.detach())

    return surrogate


def _sample_normal(params: Params, eps: Tensor) -> Tensor:
    return samplers.normal(*params, eps)


def pathwise_normal(f: Cost) -> Surrogate:
    """Return :func:`pathwise` for ``params = (loc, scale)``, each ``[S]``, and noise ``eps [S]``."""
    return pathwise(f, _sample_normal)


def score_function_normal(f: Cost, *, baseline: Baseline = 0.0) -> Surrogate:
    """Return :func:`score_function` for ``params = (loc, scale)``, each ``[S]``, and noise ``eps [S]``."""
    return score_function(f, _sample_normal, lambda p, z: densities.normal(*p, z), baseline=baseline)


def score_function_categorical(f: Cost, *, baseline: Baseline = 0.0) -> Surrogate:
    """Return :func:`score_function` for ``params = logits [S, K]`` and Gumbel noise ``[S, K]``."""
    return score_function(f, samplers.gumbel_max, densities.categorical, baseline=baseline)


def antithetic(surrogate: Surrogate) -> Surrogate:
    r"""Average an estimate with the one at the mirrored noise: one value per pair, two evaluations.

    .. math:: \tfrac12 \big(g(\epsilon) + g(-\epsilon)\big)

    Keeps the mean if ``-noise`` is distributed like ``noise``, as for normal noise. The variance is
    :math:`\mathrm{Var}(g) (1 + \rho) / 2` with the correlation :math:`\rho` of the pair: none where
    :math:`g` is odd about its mean, twice that of two independent draws where it is even.

    Args:
        surrogate: ``(params, noise) -> [S]``, see the module.

    Returns:
        a surrogate of the same signature.

    Source: Hammersley & Morton (1956).
    """
    return lambda params, noise: 0.5 * (surrogate(params, noise) + surrogate(params, -noise))


def relaxed(f: Cost, *, tau: float | Tensor) -> Surrogate:
    """Return :func:`pathwise` through :func:`reparam.samplers.gumbel_softmax`: smooth, biased.

    The bias: it is the exact gradient of ``E[f(y)]`` for relaxed ``y``, not of ``E[f(z)]``.
    ``params = logits [S, K]``, Gumbel noise ``[S, K]``.
    """
    checks.positive("relaxed", "tau", tau)
    return pathwise(f, partial(samplers.gumbel_softmax, tau=tau), event_dims=1)


def straight_through(f: Cost, *, tau: float | Tensor) -> Surrogate:
    """Return :func:`pathwise` through :func:`reparam.samplers.straight_through`: hard value, soft gradient.

    Biased, and the gradient of no function in general.
    ``params = logits [S, K]``, Gumbel noise ``[S, K]``.
    """
    checks.positive("straight_through", "tau", tau)
    return pathwise(f, partial(samplers.straight_through, tau=tau), event_dims=1)


def per_sample_grads(
    surrogate: Surrogate, params: Params, noise: Tensor, *, create_graph: bool = False
) -> Params:
    r"""Return the estimate of every draw: ``[S, ...]``, where autograd alone would give the sum.

    Each draw gets its own copy of the parameters, so one backward pass keeps them apart.

    Args:
        surrogate: ``(params, noise) -> [S]``.
        params: a tensor ``[...]`` or a tuple of tensors, the point at which to differentiate.
        noise: ``[S, ...]``, one row per draw.
        create_graph: keep the estimates differentiable in whatever else the surrogate depends on.

    Returns:
        ``[S, ...]`` per-draw gradients, detached unless ``create_graph``; a tuple if ``params`` is one.

    Raises:
        TypeError: ``params`` or ``noise`` is not a floating-point tensor.
        ValueError: there is no draw, or the surrogate does not return one value per draw.
    """
    tensors = params if isinstance(params, tuple) else (params,)
    for p in tensors:
        checks.tensor("per_sample_grads", "params", p)
    checks.tensor("per_sample_grads", "noise", noise)
    if noise.ndim == 0 or len(noise) == 0:
        raise ValueError(
            f"per_sample_grads: noise must have shape [S, ...] with S >= 1, got shape {tuple(noise.shape)}"
        )
    copies = [p.detach().expand(len(noise), *p.shape).clone().requires_grad_() for p in tensors]
    values = surrogate(tuple(copies) if isinstance(params, tuple) else copies[0], noise)
    if not isinstance(values, Tensor) or values.shape != noise.shape[:1]:
        got = tuple(values.shape) if isinstance(values, Tensor) else type(values).__name__
        raise ValueError(
            f"per_sample_grads: surrogate must return one value per draw, shape ({len(noise)},), got {got}"
        )
    if not values.requires_grad:
        raise ValueError("per_sample_grads: the surrogate's value does not depend on params: detached?")
    grads = torch.autograd.grad(
        values.sum(), copies, allow_unused=True, materialize_grads=True, create_graph=create_graph
    )
    return grads if isinstance(params, tuple) else grads[0]
