"""The negative log-likelihood of images, estimated with many importance samples each.

``nll_each(model, x, k=...)`` works for Gaussian codes, of one layer or two, and for categorical ones, in
little memory. Quote ``k`` with every number: the estimate is an upper bound on average, and falls as ``k`` grows.
"""

import math

import torch
from torch import Generator, Tensor, nn
from torch.nn import functional as F

from reparam import checks, divergences, hierarchy, noise, samplers

__all__ = ["nll_each"]

_IMAGES_ENCODED_AT_ONCE = 1000


@torch.no_grad()
def nll_each(model: nn.Module, x: Tensor, *, k: int, seed: int = 0, chunk: int = 500) -> Tensor:
    r"""Return the importance-weighted negative log-likelihood of every image.

    .. math:: -\log \frac1k \sum_{i=1}^k \frac{p_\theta(x \mid z_i)\, p(z_i)}{q_\phi(z_i \mid x)}, \qquad
        z_i \sim q_\phi(z \mid x)

    The average inside is unbiased for :math:`p_\theta(x)`, so by Jensen's inequality the result is
    too high on average, by less the larger ``k``. Categorical codes are hard, and their
    :math:`\log q` exact. Every image is encoded once; its draws are decoded a chunk at a time.

    Args:
        model: with ``encode``, ``decode``, ``noise`` and ``code``, see :mod:`reparam.models`.
        x: ``[N, D]`` pixels that are 0 or 1: of a grey image this would not be a likelihood.
        k: importance samples per image.
        seed: of the noise; the same ``seed``, ``k``, ``chunk`` and code shape give two models the same noise.
        chunk: codes decoded at once. The default fits a processor's cache; a GPU wants 100 times more.

    Returns:
        ``[N]`` nats in float64, on the CPU.

    Raises:
        TypeError, ValueError: ``k``, ``seed`` or ``chunk`` is not a whole number in range, or ``x`` is not
            ``[N, D]`` of zeros and ones in the model's dtype.
        NotFiniteError: the encoder's output is NaN or infinite.

    Source: Burda, Grosse & Salakhutdinov (2016), section 5.
    """
    checks.count("nll_each", "k", k)
    checks.count("nll_each", "chunk", chunk)
    checks.count("nll_each", "seed", seed, at_least=0)
    like = next(model.parameters())
    checks.pixels("nll_each", "x", x, like.dtype)
    if ((x != 0) & (x != 1)).any():
        raise ValueError(
            "nll_each: x must hold pixels that are 0 or 1, got grey ones; use data.binarize first"
        )
    generator = Generator(like.device).manual_seed(seed)
    draws, images = min(k, chunk), max(1, chunk // k)
    result = []
    for rows in x.split(_IMAGES_ENCODED_AT_ONCE):
        rows = rows.to(like.device)
        pieces = zip(rows.split(images), *(p.split(images) for p in _encode(model, rows)), strict=True)
        for pixels, *parameters in pieces:
            sign = (1 - 2 * pixels)[:, None]  # log p(pixel) is -softplus(-logit) or -softplus(logit)
            total = torch.full((len(pixels),), -math.inf, dtype=torch.float64, device=like.device)
            for start in range(0, k, draws):
                shape = (len(pixels), min(draws, k - start), *model.code)
                draw = getattr(noise, model.noise)(shape, generator=generator, dtype=like.dtype)
                z, log_ratio = _codes(model, parameters, draw)
                log_w = log_ratio - F.softplus(model.decode(z) * sign).sum(-1)
                total = torch.logaddexp(total, log_w.double().logsumexp(-1))
            result.append(math.log(k) - total.cpu())
    return torch.cat(result)


def _encode(model: nn.Module, x: Tensor) -> tuple[Tensor, ...]:
    """Return what the codes of ``x`` are drawn from: mean and log sigma, or logits and log-probabilities."""
    if model.noise == "normal":
        mean, log_var = model.encode(x)
        checks.same_shape("nll_each", mean=mean, log_var=log_var)
        checks.finite("nll_each", mean=mean, log_var=log_var)
        return mean, 0.5 * divergences.tame_log_var(log_var)
    logits = model.encode(x)
    checks.finite("nll_each", logits=logits)
    return logits, logits.log_softmax(-1)


def _normal_codes(mean: Tensor, log_scale: Tensor, eps: Tensor) -> tuple[Tensor, Tensor]:
    """Return codes ``[N, S, L]`` and ``log p(z) - log q(z)``, whose constants cancel."""
    mean, log_scale = (t[:, None].expand_as(eps) for t in (mean, log_scale))
    z = samplers.normal(mean, log_scale.exp(), eps)
    return z, (0.5 * (eps**2 - z**2) + log_scale).sum(-1)


def _categorical_codes(logits: Tensor, log_q: Tensor, g: Tensor) -> tuple[Tensor, Tensor]:
    """Return one-hot codes ``[N, S, L, K]`` and ``log p(z) - log q(z)`` with a uniform prior."""
    latents, categories = logits.shape[1:]
    z = samplers.gumbel_max(logits[:, None].expand_as(g), g)
    return z, -(z * log_q[:, None]).sum((-2, -1)) - latents * math.log(categories)


def _codes(model: nn.Module, parameters: list[Tensor], draw: Tensor) -> tuple[Tensor, Tensor]:
    """Return the codes ``[N, S, ...]`` that the model decodes, and ``log p - log q`` of all there are."""
    if model.noise == "gumbel":
        return _categorical_codes(*parameters, draw)
    if not hierarchy.has_two_layers(model):
        return _normal_codes(*parameters, draw)
    (h1, _), log_ratio = hierarchy.codes(model, *(p[:, None] for p in parameters), draw, "total")
    return h1, log_ratio
