r"""Leave the score out of a gradient: a Gaussian's log-density at its own sample, with the parameters held still.

The derivative of :math:`\log q_\phi(z)` at :math:`z = \mu + \sigma \epsilon` has two parts: the *path*, through
:math:`z`, and the *score*, through :math:`\phi` inside :math:`\log q`, whose mean is 0. ``gradient="total"``
keeps both, ``"path"`` drops the score, ``"dreg"`` also weighs each path by its importance. Values never change.
Parameters are ``mean`` and ``log_scale``; log-densities leave out :math:`-\tfrac12 \log 2\pi` a coordinate.
"""

import math
from collections.abc import Callable

import torch
from torch import Tensor

from reparam import checks, divergences, samplers

__all__ = ["log_q", "log_q_seen_by", "log_weights", "weigh_paths"]

SMALLEST_SCALE = 1e-9  # a path is divided by the scale: below this, by this


def log_q(mean: Tensor, log_scale: Tensor, z: Tensor, eps: Tensor, *, gradient: str) -> Tensor:
    r"""Return the log-density of a sample under the Gaussian it was drawn from.

    .. math:: \log q_{\phi'}(z) = -\tfrac12 \Big(\frac{z - \mu'}{\sigma'}\Big)^2 - \log \sigma', \qquad
        \phi' = \begin{cases} \phi & \text{total (algorithm 1)} \\
        \mathrm{stop}(\phi) & \text{otherwise (algorithm 2)} \end{cases}

    With :math:`\phi' = \phi` the quotient is :math:`\epsilon`, whatever :math:`\phi` is: it has no derivative.

    Args:
        mean: ``[...]`` :math:`\mu`.
        log_scale: ``[...]`` :math:`\log \sigma`.
        z: ``[...]`` the sample ``mean + exp(log_scale) * eps``.
        eps: ``[...]`` its noise.
        gradient: ``"total"``, or any other name for the path alone.

    Returns:
        ``[...]`` nats.

    Raises:
        TypeError: an argument is not a floating-point tensor.
        ValueError: shapes or devices differ; an entry is not finite.

    Source: Roeder, Wu & Duvenaud (2017), algorithms 1 and 2.
    """
    checks.same_shape("log_q", mean=mean, log_scale=log_scale, z=z, eps=eps)
    if gradient == "total":
        checks.numbers("log_q", log_scale=log_scale, eps=eps)
        return -0.5 * eps**2 - log_scale
    return log_q_seen_by(mean.detach(), log_scale.detach(), z, eps)


def log_q_seen_by(mean: Tensor, log_scale: Tensor, z: Tensor, eps: Tensor) -> Tensor:
    r"""Return :math:`\log q_{\phi'}(z)` for parameters equal to the sample's in value, though not in derivative.

    The quotient :math:`(z - \mu') / \sigma'` is written so that its value is ``eps`` to the last bit.
    A scale below ``1e-9`` counts as that in its derivative, which is finite for every ``log_scale``.

    Args, shapes, returns and errors are those of :func:`log_q`: ``mean``, ``log_scale``, ``z``, ``eps``.
    """
    checks.same_shape("log_q_seen_by", mean=mean, log_scale=log_scale, z=z, eps=eps)
    checks.numbers("log_q_seen_by", mean=mean, log_scale=log_scale, z=z, eps=eps)
    scale = log_scale.exp()
    again = mean + scale * eps  # equals z: what is left is the derivative of (z - mean) / scale
    least = max(SMALLEST_SCALE, torch.finfo(scale.dtype).tiny)
    t = eps + (z - again) / scale.detach().clamp_min(least)
    return -0.5 * t**2 - log_scale


def weigh_paths(log_w: Tensor, *codes: Tensor) -> None:
    r"""Multiply what comes back to each code by the share of its draw, :math:`\tilde w_k = w_k / \sum_j w_j`.

    The gradient of the importance-weighted bound multiplies by :math:`\tilde w_k` once; with this
    it is :math:`\sum_k \tilde w_k^2\, \partial_z \log w_k\, \partial_\phi z_k`, doubly reparameterised.
    Parameters of :math:`\log p` are not behind the codes, and keep :math:`\tilde w_k`.

    Args:
        log_w: ``[K, ...]`` log-weights whose ``log q`` saw constants.
        codes: ``[K, ..., L]`` each, the tensors of which ``log_w`` was computed.

    Returns:
        nothing; it acts in the backward pass.

    Raises:
        TypeError: ``log_w`` is not a floating-point tensor.
        ValueError: a log-weight is not finite.

    Source: Tucker, Lawson, Gu & Maddison (2019).
    """
    checks.numbers("weigh_paths", log_w=log_w)
    share = log_w.detach().softmax(0).unsqueeze(-1)
    for z in codes:
        if z.requires_grad:
            z.register_hook(lambda grad: share * grad)


def log_weights(
    log_joint: Callable[[Tensor], Tensor], mean: Tensor, log_var: Tensor, eps: Tensor, *, gradient: str
) -> Tensor:
    r"""Return log importance weights of ``K`` Gaussian codes under any joint density.

    .. math:: \log w_k = \log p(x, z_k) - \log q(z_k), \qquad z_k = \mu + \sigma \epsilon_k

    Their mean over ``K`` is the ELBO; :func:`reparam.importance.bound` of them the importance-weighted one.
    ``gradient`` says what reaches ``mean`` and ``log_var``; parameters of ``log_joint`` do not notice.

    - ``"total"``: path and score. Unbiased for both.
    - ``"path"``: the path alone. Unbiased for the ELBO; biased for the other bound when ``K > 1``.
    - ``"dreg"``: for the importance-weighted bound only, where it is unbiased, see :func:`weigh_paths`.

    Args:
        log_joint: maps codes ``[K, ..., L]`` to :math:`\log p(x, z)`, ``[K, ...]``.
        mean: ``[..., L]`` :math:`\mu`.
        log_var: ``[..., L]`` :math:`\log \sigma^2`.
        eps: ``[K, ..., L]`` standard normal noise.
        gradient: ``"total"``, ``"path"`` or ``"dreg"``.

    Returns:
        ``[K, ...]`` nats, the same numbers for every ``gradient``.

    Raises:
        TypeError: an argument is not a floating-point tensor.
        ValueError: ``gradient`` is none of the three; shapes do not match; ``log_joint`` does not return one
            number per code.

    Source: Roeder, Wu & Duvenaud (2017), algorithms 1, 2 and 4; Tucker, Lawson, Gu & Maddison (2019).
    """
    checks.one_of("path.log_weights", "gradient", gradient, ("total", "path", "dreg"))
    checks.same_shape("path.log_weights", mean=mean, log_var=log_var)
    checks.numbers("path.log_weights", mean=mean, log_var=log_var, eps=eps)
    if eps.shape[1:] != mean.shape or not len(eps):
        raise ValueError(
            f"path.log_weights: eps must have shape [K, *{tuple(mean.shape)}] with K >= 1, got {tuple(eps.shape)}"
        )
    mean = mean.expand_as(eps)
    log_scale = 0.5 * divergences.tame_log_var(log_var).expand_as(eps)
    z = samplers.normal(mean, log_scale.exp(), eps)
    log_p = log_joint(z)
    if log_p.shape != z.shape[:-1]:
        raise ValueError(
            f"path.log_weights: log_joint must return one number per code, shape {tuple(z.shape[:-1])}, "
            f"got {tuple(log_p.shape)}"
        )
    each = log_q(mean, log_scale, z, eps, gradient=gradient) - 0.5 * math.log(2 * math.pi)
    log_w = log_p - each.sum(-1)
    if gradient == "dreg":
        weigh_paths(log_w, z)
    return log_w
