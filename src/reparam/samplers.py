"""Turn parameters and noise into a sample; differentiable where that is possible.

Each function is ``(parameters..., noise, *, options) -> sample``: it draws nothing, so the
same noise gives the same sample, and the gradient can be checked by finite differences.
Parameters and noise share one shape; expand them yourself, nothing broadcasts silently.
What follows from an inverse cdf lives in :mod:`reparam.inverse_cdf`, gates, orders and soft permutations
in :mod:`reparam.structured`; both are found here too.
"""

import torch
from torch import Tensor
from torch.nn import functional as F

from reparam import checks
from reparam.inverse_cdf import exponential, gumbel, laplace, logistic
from reparam.structured import gumbel_sinkhorn, gumbel_top_k, hard_concrete, hard_concrete_probs

__all__ = [
    "exponential",
    "gumbel",
    "gumbel_given",
    "gumbel_max",
    "gumbel_sinkhorn",
    "gumbel_softmax",
    "gumbel_top_k",
    "hard_concrete",
    "hard_concrete_probs",
    "laplace",
    "logistic",
    "normal",
    "straight_through",
]


def normal(loc: Tensor, scale: Tensor, eps: Tensor) -> Tensor:
    r"""Shift and stretch standard normal noise.

    .. math:: z = \mu + \sigma \epsilon, \qquad
        \frac{\partial z}{\partial \mu} = 1, \quad \frac{\partial z}{\partial \sigma} = \epsilon

    Args:
        loc: ``[...]`` mean :math:`\mu`.
        scale: ``[...]`` standard deviation :math:`\sigma \ge 0`; at 0, ``z`` is ``loc`` exactly.
        eps: ``[...]`` standard normal noise, see :func:`reparam.noise.normal`.

    Returns:
        ``[...]`` a sample of :math:`\mathcal N(\mu, \sigma^2)`.

    Raises:
        TypeError: an argument is not a floating-point tensor.
        ValueError: shapes or devices differ; ``scale`` is negative; an entry is not finite.

    Source: Kingma & Welling (2014), section 2.4.
    """
    checks.same_shape("normal", loc=loc, scale=scale, eps=eps)
    checks.scale("normal", "scale", scale, zero=True)
    checks.numbers("normal", loc=loc, eps=eps)
    return loc + scale * eps


def _one_hot_argmax(scores: Tensor) -> Tensor:
    index = scores.argmax(-1, keepdim=True)
    return torch.zeros_like(scores).scatter_(-1, index, 1.0)


def gumbel_max(logits: Tensor, g: Tensor) -> Tensor:
    r"""Sample a category exactly: perturb the logits, keep the largest.

    .. math:: z = \mathrm{onehot}\big(\arg\max_k (\ell_k + g_k)\big)
        \sim \mathrm{Cat}(\mathrm{softmax}(\ell))

    Args:
        logits: ``[..., K]`` unnormalised log-probabilities :math:`\ell`; ``-inf`` is never drawn.
        g: ``[..., K]`` Gumbel(0, 1) noise, see :func:`reparam.noise.gumbel`.

    Returns:
        ``[..., K]`` one-hot, in the dtype of ``logits``; it carries no gradient.

    Raises:
        TypeError: an argument is not a floating-point tensor.
        ValueError: shapes or devices differ; a row of logits has no finite largest entry; ``g`` is not finite.

    Source: Gumbel (1954); Maddison, Tarlow & Minka (2014).
    """
    checks.logits("gumbel_max", "logits", logits)
    checks.same_shape("gumbel_max", logits=logits, g=g)
    checks.numbers("gumbel_max", g=g)
    return _one_hot_argmax((logits + g).detach()).to(logits.dtype)


def _softmax(x: Tensor) -> Tensor:
    """Return the softmax of rows whose largest entry is 0."""
    if x.shape[-1] >= 64:
        return F.softmax(x, dim=-1)
    weights = torch.exp(x)  # torch's own softmax is slow over short rows on a CPU, see benchmarks
    return weights / weights.sum(-1, keepdim=True)


def gumbel_softmax(logits: Tensor, g: Tensor, *, tau: float | Tensor) -> Tensor:
    r"""Relax the Gumbel-max sample onto the simplex.

    .. math:: y_k = \mathrm{softmax}_k\big((\ell + g) / \tau\big)

    With the *same* noise ``argmax(y)`` is exactly ``gumbel_max(logits, g)``:
    lowering ``tau`` sharpens a sample, it never changes it. (A ``tau`` so large that ``y`` rounds
    to equal entries leaves a tie, with the winner among the tied.)

    Args:
        logits: ``[..., K]`` unnormalised log-probabilities :math:`\ell`.
        g: ``[..., K]`` Gumbel(0, 1) noise, see :func:`reparam.noise.gumbel`.
        tau: temperature, one finite number ``> 0``.

    Returns:
        ``[..., K]`` a point :math:`y` on the simplex, in the dtype of ``logits``.

    Raises:
        TypeError: ``tau`` is not one number; an argument is not a floating-point tensor.
        ValueError: ``tau`` is not positive and finite; shapes or devices differ; a row of
            logits has no finite largest entry; ``g`` is not finite.

    Source: Jang, Gu & Poole (2017), eq. 2; Maddison, Mnih & Teh (2017).
    """
    checks.positive("gumbel_softmax", "tau", tau)
    checks.logits("gumbel_softmax", "logits", logits)
    checks.same_shape("gumbel_softmax", logits=logits, g=g)
    checks.numbers("gumbel_softmax", g=g)
    perturbed = (logits + g).to(torch.promote_types(logits.dtype, torch.float32))
    # Subtracting the largest entry first keeps (l + g) / tau finite at any tau: inf - inf is NaN.
    gap = perturbed - perturbed.detach().amax(-1, keepdim=True)
    if isinstance(tau, Tensor):
        # exp(-1000) is 0 in float64 as well, so y is unchanged; but a gap of -inf would make the
        # derivative with respect to tau 0 * inf.
        gap = torch.maximum(gap, -1000 * tau.detach().to(gap))
    return _softmax(gap / tau).to(logits.dtype)


def straight_through(logits: Tensor, g: Tensor, *, tau: float | Tensor) -> Tensor:
    r"""Send the hard sample forward and the relaxed gradient back.

    .. math:: \tilde y = z + \big(y - \mathrm{stop}(y)\big)

    The value is the one-hot :math:`z` of :func:`gumbel_max` exactly (the bracket is 0), the
    Jacobian is that of :func:`gumbel_softmax`. Biased, as the book measures.

    Arguments, shapes and errors are those of :func:`gumbel_softmax`.

    Source: Bengio, Léonard & Courville (2013); Jang, Gu & Poole (2017), section 2.2.
    """
    y = gumbel_softmax(logits, g, tau=tau)
    z = _one_hot_argmax((logits + g).detach()).to(y.dtype)
    return z + (y - y.detach())


def gumbel_given(logits: Tensor, z: Tensor, v: Tensor) -> Tensor:
    r"""Draw the perturbed logits again, among those with the same winner.

    .. math:: \tilde h_w = \log \sum_k e^{\ell_k} + v_w, \qquad
        \tilde h_j = -\log\big(e^{-(\ell_j + v_j)} + e^{-\tilde h_w}\big) \quad (j \ne w)

    The winner :math:`w` is where ``z`` is 1. Its perturbed logit is a Gumbel of the whole sum, which does not
    depend on who wins; the others are Gumbels cut off at it. With :math:`z \sim \mathrm{Cat}` the pair
    :math:`(z, \tilde h)` is distributed like ``gumbel_max(logits, g)`` and ``logits + g``, and the argmax of
    the result is ``z`` in every draw. Differentiable in ``logits``.

    Args:
        logits: ``[..., K]`` unnormalised log-probabilities :math:`\ell`.
        z: ``[..., K]`` one-hot, the winner, where ``logits`` is finite.
        v: ``[..., K]`` Gumbel(0, 1) noise, independent of the noise that made ``z``.

    Returns:
        ``[..., K]`` perturbed logits, in the dtype of ``logits``; ``-inf`` where ``logits`` is.

    Raises:
        TypeError: an argument is not a floating-point tensor.
        ValueError: shapes or devices differ; ``z`` is not one-hot, or its class has probability 0; a row of
            logits has no finite largest entry; ``v`` is not finite.

    Source: Maddison, Tarlow & Minka (2014); Tucker et al. (2017); Grathwohl et al. (2018), appendix B.
    """
    checks.logits("gumbel_given", "logits", logits)
    checks.same_shape("gumbel_given", logits=logits, z=z, v=v)
    checks.numbers("gumbel_given", v=v)
    won = z.detach() > 0
    if not torch.compiler.is_compiling():
        valid = (z == won) & (logits.detach().isfinite() | ~won)
        valid = valid.all(-1) & (won.sum(-1) == 1)
        if not valid.all():
            row = (~valid).nonzero()[0].tolist()
            raise ValueError(
                "gumbel_given: z must be one-hot, its 1 at a class of positive probability, "
                f"got {z.detach()[tuple(row)].tolist()} in row {row}"
            )
    top = logits.logsumexp(-1, keepdim=True) + (v * won).sum(-1, keepdim=True)
    rest = -torch.logaddexp(-(logits + v), -top)
    # Rounding would let a loser that is cut far down tie with the winner: keep it below.
    below = top - torch.finfo(top.dtype).eps * top.abs().clamp_min(1)
    rest = rest - (rest - below).detach().clamp_min(0)
    return torch.where(won, top, rest)
