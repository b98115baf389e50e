"""Objectives of models whose codes are categories, with the exact KL; found in ``objectives`` too.

Each takes ``(model, x, g, **options)`` with Gumbel noise ``g`` and returns :class:`reparam.terms.Elbo`.
"""

from typing import Protocol

from torch import Tensor

from reparam import baselines, checks, control_variates, densities, divergences, estimators, samplers
from reparam.terms import Elbo, expand_pixels, log_bernoulli

__all__ = ["CategoricalModel", "categorical_elbo", "discrete_elbo", "rebar_elbo", "score_elbo"]


class CategoricalModel(Protocol):
    """What :func:`categorical_elbo` needs of a model; see :class:`reparam.models.CategoricalVAE`."""

    def encode(self, x: Tensor) -> Tensor: ...

    def decode(self, z: Tensor) -> Tensor: ...


def categorical_elbo(
    model: CategoricalModel, x: Tensor, g: Tensor, *, tau: float | Tensor, hard: bool = False
) -> Elbo:
    r"""Return the objective that trains a categorical VAE through relaxed or straight-through codes.

    .. math:: \log p_\theta(x \mid y) - \sum_l \mathrm{KL}\big(q_\phi(z_l \mid x) \,\|\, \mathrm{Uniform}(K)\big)

    The KL is that of the *categorical* laws, in closed form on the logits. With relaxed codes the sum is
    not a bound of the discrete model's ``log p(x)``: its decoder sees codes that the prior never
    draws. With ``hard=True`` the value is :func:`discrete_elbo`'s; the gradient is relaxed and biased.

    Args:
        model: ``encode(x) -> logits`` and ``decode(codes) -> pixel logits``.
        x: ``[B, D]`` pixels in [0, 1].
        g: ``[B, L, K]`` Gumbel noise.
        tau: temperature, ``> 0``.
        hard: send one-hot codes forward, and the relaxed gradient back.

    Returns:
        :class:`Elbo`, each term ``[B]``.

    Raises:
        TypeError, ValueError: ``tau`` is not a positive number; ``g`` does not match the logits; ``x`` lies
            outside [0, 1].
        NotFiniteError: the encoder's logits are NaN or infinite.

    Source: Jang, Gu & Poole (2017), section 4.2; Maddison, Mnih & Teh (2017), section 3.3, on the bound.
    """
    logits = _encode_logits("categorical_elbo", model, x)
    codes = samplers.straight_through if hard else samplers.gumbel_softmax
    return _with_exact_kl(log_bernoulli(x, model.decode(codes(logits, g, tau=tau))), logits)


def discrete_elbo(model: CategoricalModel, x: Tensor, g: Tensor) -> Elbo:
    r"""Return the ELBO of the discrete model itself, from hard codes: the one to report.

    .. math:: \log p(x) \;\ge\; \mathbb E_{z \sim q_\phi}\big[\log p_\theta(x \mid z)\big] -
        \sum_l \mathrm{KL}\big(q_\phi(z_l \mid x) \,\|\, \mathrm{Uniform}(K)\big)

    Its gradient reaches the decoder and, through the KL alone, the encoder: train with
    :func:`categorical_elbo` or :func:`score_elbo`.

    Args, shapes, returns and errors are those of :func:`categorical_elbo`, given ``model``, ``x`` and ``g``.
    """
    logits = _encode_logits("discrete_elbo", model, x)
    return _with_exact_kl(log_bernoulli(x, model.decode(samplers.gumbel_max(logits, g))), logits)


def score_elbo(model: CategoricalModel, x: Tensor, g: Tensor) -> Elbo:
    r"""Return the discrete ELBO with an unbiased gradient: score function, leave-one-out baseline.

    Each of the ``S`` codes of an example is compared with the mean of the other codes' reconstructions,
    see :func:`reparam.baselines.leave_one_out`. The value is the mean over the codes; the KL is exact.

    Args:
        model: as for :func:`categorical_elbo`.
        x: ``[B, D]`` pixels in [0, 1].
        g: ``[S, B, L, K]`` Gumbel noise, ``S >= 2``.

    Returns:
        :class:`Elbo`, each term ``[B]``.

    Raises:
        ValueError: ``g`` has fewer than two draws or does not match the logits; ``x`` lies outside [0, 1].
        NotFiniteError: the encoder's logits are NaN or infinite.

    Source: Williams (1992); Kool, van Hoof & Welling (2019).
    """
    logits = _encode_logits("score_elbo", model, x)
    checks.tensor("score_elbo", "g", g)
    if g.shape[1:] != logits.shape:
        raise ValueError(f"score_elbo: g must have shape [S, *{tuple(logits.shape)}], got {tuple(g.shape)}")
    surrogate = estimators.score_function(
        lambda z: _reconstruct("score_elbo", model, x, z),
        samplers.gumbel_max,
        lambda params, z: densities.categorical(params, z).sum(-1),
        baseline=baselines.leave_one_out,
    )
    return _with_exact_kl(surrogate(logits.expand_as(g), g).mean(0), logits)


def rebar_elbo(
    model: CategoricalModel, x: Tensor, g: Tensor, *, tau: float | Tensor, eta: float | Tensor = 1.0
) -> Elbo:
    r"""Return the discrete ELBO with an unbiased gradient: the relaxed reconstruction as control variate.

    See :func:`reparam.control_variates.rebar`, which decodes four times. Value and gradients, those of the
    decoder too, are right on average at every ``tau`` and ``eta``; the KL is exact.

    Args:
        model: as for :func:`categorical_elbo`.
        x: ``[B, D]`` pixels in [0, 1].
        g: ``[2, B, L, K]`` Gumbel noise: the first draws the codes, the second redraws given them.
        tau: temperature of the control variate, ``> 0``.
        eta: its strength; 0 is the score function without a baseline.

    Returns:
        :class:`Elbo`, each term ``[B]``.

    Raises:
        TypeError, ValueError: ``tau`` or ``eta`` is out of range; ``g`` does not match the logits; ``x`` lies
            outside [0, 1].
        NotFiniteError: the encoder's logits are NaN or infinite.

    Source: Tucker, Mnih, Maddison, Lawson & Sohl-Dickstein (2017).
    """
    logits = _encode_logits("rebar_elbo", model, x)
    checks.tensor("rebar_elbo", "g", g)
    if g.shape != (2, *logits.shape):
        raise ValueError(f"rebar_elbo: g must have shape {(2, *logits.shape)}, got {tuple(g.shape)}")
    surrogate = control_variates.rebar(
        lambda z: _reconstruct("rebar_elbo", model, x, z), tau=tau, eta=eta, event_dims=2
    )
    return _with_exact_kl(surrogate(logits, g.movedim(0, -2)), logits)


def _encode_logits(function: str, model: CategoricalModel, x: Tensor) -> Tensor:
    logits = model.encode(x)
    checks.finite(function, logits=logits)
    return logits


def _reconstruct(function: str, model: CategoricalModel, x: Tensor, z: Tensor) -> Tensor:
    pixels = model.decode(z)
    return log_bernoulli(expand_pixels(function, x, pixels), pixels)


def _with_exact_kl(reconstruction: Tensor, logits: Tensor) -> Elbo:
    kl = divergences.kl_categorical_uniform(logits).sum(-1)
    return Elbo(reconstruction - kl, reconstruction, kl)
