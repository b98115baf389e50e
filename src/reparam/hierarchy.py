r"""Codes of two stochastic layers, and what of their densities a gradient sees.

.. math:: q(h_1, h_2 \mid x) = q(h_1 \mid x)\, q(h_2 \mid h_1), \qquad
    p(x, h_1, h_2) = p(h_2)\, p(h_1 \mid h_2)\, p(x \mid h_1)

A model of this kind, such as :class:`reparam.models.TwoLayerVAE`, has ``encode`` and ``decode`` for
:math:`q(h_1 \mid x)` and :math:`p(x \mid h_1)`, and modules ``upper_encoder``, ``upper_decoder`` that give
mean and log-variance side by side, for :math:`q(h_2 \mid h_1)` and :math:`p(h_1 \mid h_2)`.
"""

import torch
from torch import Tensor, nn

from reparam import checks, divergences, path, samplers

__all__ = ["codes", "has_two_layers", "stopped"]


def has_two_layers(model: object) -> bool:
    """Say whether ``model`` has an ``upper_encoder``."""
    return hasattr(model, "upper_encoder")


def stopped(module: nn.Module, x: Tensor) -> Tensor:
    """Return ``module(x)`` with its parameters held still: gradients reach ``x`` and nothing else."""
    constants = {name: parameter.detach() for name, parameter in module.named_parameters()}
    return torch.func.functional_call(module, constants, (x,))


def _mean_and_log_scale(both: Tensor) -> tuple[Tensor, Tensor]:
    checks.finite("codes", upper_encoder=both)
    mean, log_var = both.chunk(2, dim=-1)
    return mean, 0.5 * divergences.tame_log_var(log_var)


def codes(
    model: object, mean: Tensor, log_scale: Tensor, eps: Tensor, gradient: str
) -> tuple[tuple[Tensor, Tensor], Tensor]:
    r"""Draw both layers' codes, and return them with :math:`\log p(h_1, h_2) - \log q(h_1, h_2 \mid x)`.

    What ``gradient`` leaves out of the derivative of :math:`\log q(h_2 \mid h_1)`, whose parameters
    :math:`\mu_2, \sigma_2` are a network's output at :math:`h_1`:

    - ``"total"``: nothing.
    - ``"path"`` and ``"dreg"``: the network's weights are held still, :math:`h_1` is not. It is part of the
      sample, and the density depends on it. This is algorithm 2 for :math:`z = (h_1, h_2)`.
    - ``"shortcut"``: :math:`\mu_2, \sigma_2` themselves are held still, and with them the path through
      :math:`h_1`. This is what the paper's released code does. Given :math:`h_1` it drops a score, so it is
      as unbiased for the ELBO; but at the exact posterior noise is left.

    In the first layer all but ``"total"`` drop the score.

    Args:
        model: see the module.
        mean: ``[..., L1]`` mean of :math:`q(h_1 \mid x)`.
        log_scale: ``[..., L1]`` its :math:`\log \sigma`.
        eps: ``[K, ..., L1 + L2]`` standard normal noise, the first layer's first.
        gradient: one of the four.

    Returns:
        ``(h1, h2)``, the tensors that the densities see; and ``[K, ...]`` nats.

    Raises:
        TypeError: an argument is not a floating-point tensor.
        ValueError: ``gradient`` is none of the four; shapes do not match; an entry is not finite.
        NotFiniteError: the output of ``upper_encoder`` is NaN or infinite.

    Source: Roeder, Wu & Duvenaud (2017), algorithm 2; Bauer & Mnih (2021), for hierarchies.
    """
    checks.one_of("codes", "gradient", gradient, ("total", "path", "dreg", "shortcut"))
    checks.numbers("codes", mean=mean, log_scale=log_scale, eps=eps)
    checks.same_shape("codes", mean=mean, log_scale=log_scale)
    size = mean.shape[-1]
    pairs = zip(eps.shape[-2::-1], mean.shape[-2::-1], strict=False)
    if eps.ndim < mean.ndim or eps.shape[-1] <= size or any(m not in (1, e) for e, m in pairs):
        raise ValueError(
            f"codes: eps must have shape [K, *{tuple(mean.shape[:-1])}, L1 + L2] with L1 = {size}, "
            f"got {tuple(eps.shape)}"
        )
    eps1, eps2 = eps[..., :size], eps[..., size:]
    mean1, log_scale1 = mean.expand_as(eps1), log_scale.expand_as(eps1)
    h1 = samplers.normal(mean1, log_scale1.exp(), eps1)
    mean2, log_scale2 = _mean_and_log_scale(model.upper_encoder(h1))
    h2 = samplers.normal(mean2, log_scale2.exp(), eps2)

    h1 = h1.view_as(h1)  # from here on h1 is seen by densities: paths are weighed here, and not twice
    log_q1 = path.log_q(mean1, log_scale1, h1, eps1, gradient=gradient)
    if gradient in ("total", "shortcut"):
        log_q2 = path.log_q(mean2, log_scale2, h2, eps2, gradient=gradient)
    else:
        seen = _mean_and_log_scale(stopped(model.upper_encoder, h1))
        log_q2 = path.log_q_seen_by(*seen, h2, eps2)
    log_p1 = _log_normal(h1, *model.upper_decoder(h2).chunk(2, dim=-1))
    return (h1, h2), (log_p1 - log_q1).sum(-1) + (-0.5 * h2**2 - log_q2).sum(-1)


def _log_normal(z: Tensor, mean: Tensor, log_var: Tensor) -> Tensor:
    """Return the log-density without its constant; the precision is tamed like a variance."""
    return -0.5 * ((z - mean) ** 2 * torch.exp(divergences.tame_log_var(-log_var)) + log_var)
