r"""A mixture of Gaussians as the approximate posterior: components enumerated, samples differentiated.

.. math:: m(z) = \sum_c \pi_c\, \mathcal N(z; \mu_c, \sigma_c^2), \qquad
    \mathbb E_m[\log p(x, z) - \log m(z)] = \sum_c \pi_c\, \mathbb E_{\epsilon_c}\big[\log p(x, z_c) - \log m(z_c)\big]

Which component was drawn has no derivative, so none is drawn: each gives one sample :math:`z_c`.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from reparam import checks, densities, samplers

__all__ = ["elbo", "log_density"]


def log_density(logits: Tensor, mean: Tensor, scale: Tensor, z: Tensor) -> Tensor:
    r"""Return :math:`\log m(z) = \log \sum_c \pi_c\, \mathcal N(z; \mu_c, \sigma_c^2)`.

    Args:
        logits: ``[..., C]``, :math:`\pi` is their softmax.
        mean: ``[..., C, L]`` :math:`\mu`.
        scale: ``[..., C, L]`` :math:`\sigma > 0`.
        z: ``[..., N, L]`` points, each seen by all components.

    Returns:
        ``[..., N]`` nats.

    Raises:
        TypeError, ValueError: as :func:`reparam.densities.normal`.
    """
    checks.logits("mixtures.log_density", "logits", logits)
    checks.same_shape("mixtures.log_density", mean=mean, scale=scale)
    checks.tensor("mixtures.log_density", "z", z)
    every = torch.broadcast_shapes(z.unsqueeze(-2).shape, mean.unsqueeze(-3).shape)  # [..., N, C, L]
    at, loc, width = (t.expand(every) for t in (z.unsqueeze(-2), mean.unsqueeze(-3), scale.unsqueeze(-3)))
    each = densities.normal(loc, width, at).sum(-1)
    return torch.logsumexp(logits.log_softmax(-1).unsqueeze(-2) + each, -1)


def elbo(
    log_joint: Callable[[Tensor], Tensor],
    logits: Tensor,
    mean: Tensor,
    log_scale: Tensor,
    eps: Tensor,
    *,
    gradient: str,
) -> Tensor:
    r"""Return the evidence lower bound of a mixture, one draw of every component.

    .. math:: \sum_c \pi_c \big(\log p(x, z_c) - \log m'(z_c)\big), \qquad
        z_c = \mu_c + \sigma_c \epsilon_c

    With ``gradient="path"`` all parameters inside :math:`\log m'` are held still: the score of the mixture
    has mean 0, as any score. The weights learn through the :math:`\pi_c` in front, where every component
    is enumerated. Where :math:`m` is the exact posterior the gradient is 0 at every draw.

    Args:
        log_joint: maps points ``[..., L]`` to :math:`\log p(x, z)`, ``[...]``.
        logits: ``[..., C]``, :math:`\pi` is their softmax.
        mean: ``[..., C, L]`` :math:`\mu`.
        log_scale: ``[..., C, L]`` :math:`\log \sigma`.
        eps: ``[..., C, L]`` standard normal noise.
        gradient: ``"total"`` or ``"path"``; both are unbiased.

    Returns:
        ``[...]`` nats, the same numbers for both.

    Raises:
        TypeError: an argument is not a floating-point tensor.
        ValueError: ``gradient`` is neither; shapes do not match; a scale is 0.

    Source: Roeder, Wu & Duvenaud (2017), section 4. Their algorithm 3 uses the index ``c`` twice; the density
    of one sample needs all components, as in the formula of that section and here.
    """
    checks.one_of("mixtures.elbo", "gradient", gradient, ("total", "path"))
    checks.logits("mixtures.elbo", "logits", logits)
    checks.tensor("mixtures.elbo", "mean", mean)
    if mean.shape[:-1] != logits.shape:
        raise ValueError(
            f"mixtures.elbo: mean must have shape [*{tuple(logits.shape)}, L], got {tuple(mean.shape)}"
        )
    checks.same_shape("mixtures.elbo", mean=mean, log_scale=log_scale, eps=eps)
    z = samplers.normal(mean, log_scale.exp(), eps)
    seen = (logits, mean, log_scale)
    if gradient == "path":
        seen = tuple(parameter.detach() for parameter in seen)
    log_m = log_density(seen[0], seen[1], seen[2].exp(), z)
    shares = logits.softmax(-1)
    # A component that is never drawn may lie where log m is -inf: 0 * inf would be NaN.
    return (shares * (log_joint(z) - log_m).masked_fill(shares == 0, 0.0)).sum(-1)
