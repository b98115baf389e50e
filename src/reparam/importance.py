"""Bounds made of importance weights, whose gradient may leave out the score.

``log_weights(model, x, eps, gradient=...)`` weighs codes; the mean of the log-weights is the ELBO,
the log of their mean the importance-weighted bound. Draws come first: ``eps`` is ``[K, B, L]``. ``model`` has one
stochastic layer, as :class:`reparam.models.VAE`, or two, as :class:`reparam.models.TwoLayerVAE`.
"""

import math
from typing import NamedTuple, Protocol

import torch
from torch import Tensor

from reparam import checks, divergences, hierarchy, path, samplers
from reparam.terms import Elbo, expand_pixels, log_bernoulli

__all__ = ["GaussianModel", "Iwae", "bound", "iwae", "log_weights", "sampled_elbo"]

# Importance weights below exp(-30) of the largest do not count, and as denormal numbers they cost.
NEGLIGIBLE = 30.0


class Iwae(NamedTuple):
    """The importance-weighted bound, and the ELBO from the same draws, each ``[B]`` nats per example."""

    bound: Tensor
    elbo: Tensor


class GaussianModel(Protocol):
    """What a bound needs of a model with one stochastic layer; see :class:`reparam.models.VAE`."""

    def encode(self, x: Tensor) -> tuple[Tensor, Tensor]: ...

    def decode(self, z: Tensor) -> Tensor: ...


def _weigh(
    function: str, model: GaussianModel, x: Tensor, eps: Tensor, gradient: str, allowed: tuple[str, ...]
) -> tuple[Tensor, Tensor]:
    """Return ``log p(x | z)`` and ``log p(z) - log q(z | x)`` of every draw, ``[K, B]`` each."""
    two = hierarchy.has_two_layers(model)
    checks.one_of(function, "gradient", gradient, (*allowed, "shortcut") if two else allowed)
    mean, log_var = model.encode(x)
    checks.same_shape(function, mean=mean, log_var=log_var)
    checks.finite(function, mean=mean, log_var=log_var)
    checks.tensor(function, "eps", eps)
    wanted = (*mean.shape[:-1], *model.code) if two else mean.shape
    if eps.shape[1:] != wanted or not len(eps):
        raise ValueError(
            f"{function}: eps must have shape [K, *{tuple(wanted)}] with K >= 1, got {tuple(eps.shape)}"
        )
    log_scale = 0.5 * divergences.tame_log_var(log_var)
    codes, log_ratio = (hierarchy.codes if two else _codes)(model, mean, log_scale, eps, gradient)
    logits = model.decode(codes[0])
    reconstruction = log_bernoulli(expand_pixels(function, x, logits), logits)
    if gradient == "dreg":
        path.weigh_paths(reconstruction + log_ratio, *codes)
    return reconstruction, log_ratio


def _codes(
    model: GaussianModel, mean: Tensor, log_scale: Tensor, eps: Tensor, gradient: str
) -> tuple[tuple[Tensor], Tensor]:
    """Draw codes of one layer; the constants of ``log p(z) - log q(z | x)`` cancel."""
    mean, log_scale = mean.expand_as(eps), log_scale.expand_as(eps)
    z = samplers.normal(mean, log_scale.exp(), eps)
    each = -0.5 * z**2 - path.log_q(mean, log_scale, z, eps, gradient=gradient)
    return (z,), each.sum(-1)


def log_weights(model: GaussianModel, x: Tensor, eps: Tensor, *, gradient: str = "total") -> Tensor:
    r"""Return the log importance weights of several codes per example.

    .. math:: \log w = \log p_\theta(x \mid z) + \log p(z) - \log q_\phi(z \mid x), \qquad
        z = \mu_\phi(x) + \sigma_\phi(x)\, \epsilon

    Args:
        model: with one stochastic layer or two.
        x: ``[B, D]`` pixels.
        eps: ``[K, B, L]`` standard normal noise; for two layers that of the first, then of the second.
        gradient: what reaches the encoder: ``"total"``, ``"path"`` (no score) or ``"dreg"`` (for
            :func:`iwae`), see :func:`reparam.path.log_weights`; for two layers also ``"shortcut"``,
            see :func:`reparam.hierarchy.codes`. The decoder's gradient is the same for all.

    Returns:
        ``[K, B]`` nats, the same numbers for every ``gradient``.

    Raises:
        ValueError: ``gradient`` is unknown; ``eps`` has no draws or does not match the latents; ``x`` lies
            outside [0, 1].
        NotFiniteError: the encoder's ``mean`` or ``log_var`` is NaN or infinite.

    Source: Burda, Grosse & Salakhutdinov (2016), eq. 8.
    """
    return sum(_weigh("log_weights", model, x, eps, gradient, ("total", "path", "dreg")))


def sampled_elbo(model: GaussianModel, x: Tensor, eps: Tensor, *, gradient: str) -> Elbo:
    r"""Return the evidence lower bound with its KL *sampled*, the mean of ``K`` draws per example.

    .. math:: \frac1K \sum_{k=1}^K \log p_\theta(x \mid z_k)
        - \big(\log q_\phi(z_k \mid x) - \log p(z_k)\big)

    Where :func:`reparam.objectives.elbo` has the KL in closed form: the same expectation, another variance.
    A closed form has no sample in it, so no score that could be left out; and only when the sampled terms
    of :math:`\log p` and :math:`\log q` meet, draw by draw, can they cancel. With ``gradient="path"`` they
    do: the encoder's gradient is 0 at every draw where ``q`` is the exact posterior.

    Args:
        model: with one stochastic layer or two.
        x: ``[B, D]`` pixels.
        eps: ``[K, B, L]`` standard normal noise.
        gradient: ``"total"`` or ``"path"``, for two layers also ``"shortcut"``; all are unbiased.

    Returns:
        :class:`reparam.terms.Elbo`, each term ``[B]``. This ``kl`` is ``>= 0`` on average only.

    Raises:
        ValueError, NotFiniteError: as :func:`log_weights`; ``"dreg"`` belongs to :func:`iwae`.

    Source: Roeder, Wu & Duvenaud (2017), algorithms 1 and 2.
    """
    reconstruction, log_ratio = _weigh("sampled_elbo", model, x, eps, gradient, ("total", "path"))
    reconstruction, kl = reconstruction.mean(0), -log_ratio.mean(0)
    return Elbo(reconstruction - kl, reconstruction, kl)


def bound(log_w: Tensor) -> Tensor:
    r"""Return :math:`\log \frac1K \sum_k w_k`.

    Weights below ``exp(-30)`` of the largest are raised to that, which changes the value by less than
    ``1e-13 K``, and get no gradient: as denormal numbers they would cost several times the time.

    Args:
        log_w: ``[K, ...]`` log-weights.

    Returns:
        ``[...]`` nats.

    Raises:
        TypeError: ``log_w`` is not a floating-point tensor.
        ValueError: a log-weight is not finite, or there are no draws.
    """
    checks.numbers("bound", log_w=log_w)
    if log_w.ndim == 0 or not len(log_w):
        raise ValueError(f"bound: log_w must have shape [K, ...] with K >= 1, got shape {tuple(log_w.shape)}")
    kept = torch.maximum(log_w, log_w.detach().amax(0) - NEGLIGIBLE)
    return torch.logsumexp(kept, 0) - math.log(len(log_w))


def iwae(model: GaussianModel, x: Tensor, eps: Tensor, *, gradient: str = "total") -> Iwae:
    r"""Return the importance-weighted bound of ``K`` draws per example.

    .. math:: \log \frac1K \sum_{k=1}^K w_k \;\le\; \log p_\theta(x) \quad \text{on average},

    never looser than the ELBO, and tighter as ``K`` grows. With ``K = 1`` both fields are the one
    log-weight, bit for bit. On negligible weights see :func:`bound`. With :math:`\tilde w_k = w_k / \sum_j w_j`
    the encoder's gradient is

    - ``"total"``: :math:`\sum_k \tilde w_k\, (\text{path}_k - \text{score}_k)`, unbiased;
    - ``"path"``: :math:`\sum_k \tilde w_k\, \text{path}_k`, biased for :math:`K > 1`: a share depends on
      its own draw, so the mean of share times score is not 0;
    - ``"dreg"``: :math:`\sum_k \tilde w_k^2\, \text{path}_k`, unbiased; with :math:`K = 1` it is ``"path"``.

    Args, shapes and errors are those of :func:`log_weights`, given ``model``, ``x``, ``eps`` and ``gradient``.

    Returns:
        :class:`Iwae`, each term ``[B]``.

    Source: Burda, Grosse & Salakhutdinov (2016), eq. 8; Roeder, Wu & Duvenaud (2017), algorithm 4; Tucker,
    Lawson, Gu & Maddison (2019).
    """
    log_w = log_weights(model, x, eps, gradient=gradient)
    return Iwae(bound(log_w), log_w.mean(0))
