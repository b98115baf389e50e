"""Samples with structure: the best k of n, gates that are exactly 0 or 1, and soft permutations.

Each function is ``(parameters..., noise, *, options) -> sample`` with parameters and noise of
one shape, as in :mod:`reparam.samplers`, where all of them are found too.
"""

import math
from typing import NamedTuple

import torch
from torch import Tensor

from reparam import checks

__all__ = ["GateProbs", "gumbel_sinkhorn", "gumbel_top_k", "hard_concrete", "hard_concrete_probs"]


class GateProbs(NamedTuple):
    """How likely a Hard Concrete gate is exactly 0, strictly between, and exactly 1."""

    zero: Tensor
    open: Tensor
    one: Tensor


def gumbel_top_k(logits: Tensor, g: Tensor, *, k: int) -> Tensor:
    r"""Draw ``k`` different categories in order: perturb the logits, keep the largest ``k``.

    .. math:: \text{the } k \text{ largest of } \ell_i + g_i, \text{ best first}

    The order has the Plackett-Luce law: a category is drawn from the softmax, removed, and the
    next is drawn from the softmax of the rest. With the same noise the first index is the
    category of ``gumbel_max``, and a smaller ``k`` gives the head of the same list.

    Args:
        logits: ``[..., n]`` unnormalised log-probabilities :math:`\ell`; ``-inf`` is never drawn.
        g: ``[..., n]`` Gumbel(0, 1) noise, see :func:`reparam.noise.gumbel`.
        k: how many, from 1 to the number of finite logits in each row.

    Returns:
        ``[..., k]`` indices (int64), best first; a tie goes to the lower index.

    Raises:
        TypeError: an argument is not a floating-point tensor; ``k`` is not a whole number.
        ValueError: shapes or devices differ; a row of logits has no finite largest entry or
            fewer than ``k`` finite entries.

    Source: Yellott (1977); Kool, van Hoof & Welling (2019), Stochastic Beams.
    """
    checks.logits("gumbel_top_k", "logits", logits)
    checks.same_shape("gumbel_top_k", logits=logits, g=g)
    checks.numbers("gumbel_top_k", g=g)
    checks.count("gumbel_top_k", "k", k)
    if k > logits.shape[-1]:
        raise ValueError(f"gumbel_top_k: k must be at most n = {logits.shape[-1]}, got {k}")
    possible = logits.detach().isfinite().sum(-1)
    if not torch.compiler.is_compiling() and (possible < k).any():
        row = (possible < k).nonzero()[0].tolist()
        raise ValueError(
            f"gumbel_top_k: k must be at most the number of finite logits in every row, got k = {k} "
            f"and {possible[tuple(row)].item()} finite in row {row}"
        )
    # topk promises nothing about ties; a stable sort keeps the first index first, as argmax does.
    return (logits + g).detach().sort(dim=-1, descending=True, stable=True).indices[..., :k]


def _gate_limits(function: str, beta: float | Tensor, gamma: float, zeta: float) -> tuple[float, float]:
    """Return the logits of s at which the stretched s reaches 0 and 1."""
    checks.positive(function, "beta", beta)
    checks.number(function, "gamma", gamma)
    checks.number(function, "zeta", zeta)
    if not gamma < 0:
        raise ValueError(f"{function}: gamma must be < 0, got {gamma!r}")
    if not zeta > 1:
        raise ValueError(f"{function}: zeta must be > 1, got {zeta!r}")
    return math.log(-gamma) - math.log(zeta), math.log1p(-gamma) - math.log(zeta - 1)


def hard_concrete(log_alpha: Tensor, u: Tensor, *, beta: float | Tensor, gamma: float, zeta: float) -> Tensor:
    r"""Draw a gate in [0, 1] that is exactly 0 and exactly 1 with positive probability.

    .. math:: s = \mathrm{sigmoid}\big((\log u - \log(1 - u) + \log \alpha) / \beta\big), \qquad
        z = \min(1, \max(0, \gamma + (\zeta - \gamma) s))

    A binary Concrete variable is stretched beyond both ends of [0, 1] and cut there. The
    gradient is that of :math:`s` inside and 0 on the cuts.

    Args:
        log_alpha: ``[...]`` location, one per gate; the larger, the more open.
        u: ``[...]`` uniform noise strictly in (0, 1), one per gate, see :func:`reparam.noise.uniform`.
        beta: temperature, one finite number ``> 0``.
        gamma: lower end of the stretch, ``< 0``.
        zeta: upper end of the stretch, ``> 1``.

    Returns:
        ``[...]`` gates, in the dtype of ``log_alpha``.

    Raises:
        TypeError: an argument is not a floating-point tensor; an option is not one number.
        ValueError: shapes or devices differ; ``log_alpha`` is not finite; ``u`` or an option
            leaves its range.

    Source: Louizos, Welling & Kingma (2018), eq. 10-11.
    """
    low, high = _gate_limits("hard_concrete", beta, gamma, zeta)
    checks.same_shape("hard_concrete", log_alpha=log_alpha, u=u)
    checks.numbers("hard_concrete", log_alpha=log_alpha)
    checks.open_interval("hard_concrete", "u", u)
    wide = torch.promote_types(log_alpha.dtype, torch.float32)
    t = (u.to(wide).log() - torch.log1p(-u.to(wide)) + log_alpha.to(wide)) / beta
    # gamma + (zeta - gamma) sigmoid(t) = -gamma (e^(t - low) - 1) sigmoid(-t), without the cancellation
    # near 0; from t = low downwards it is 0 exactly, from t = high upwards 1 exactly.
    inside = t.clamp(low, high)
    z = (-gamma * torch.expm1(inside - low) * torch.sigmoid(-inside)).clamp_max(1.0)
    return torch.where(t >= high, torch.ones_like(z), z).to(log_alpha.dtype)


def hard_concrete_probs(log_alpha: Tensor, *, beta: float | Tensor, gamma: float, zeta: float) -> GateProbs:
    r"""Return the exact probabilities that a Hard Concrete gate is 0, strictly between, and 1.

    .. math::
        P(z = 0) = \mathrm{sigmoid}\Big(\beta \log \frac{-\gamma}{\zeta} - \log \alpha\Big), \qquad
        P(z = 1) = \mathrm{sigmoid}\Big(\log \alpha - \beta \log \frac{1 - \gamma}{\zeta - 1}\Big)

    They are differentiable; ``open + one`` is the probability of a gate that is not 0, whose
    sum over the gates is the expected number of them, the penalty of an L0-regularised network.

    Args:
        log_alpha: ``[...]`` location, one per gate.
        beta: temperature, one finite number ``> 0``.
        gamma: lower end of the stretch, ``< 0``.
        zeta: upper end of the stretch, ``> 1``.

    Returns:
        ``zero``, ``open`` and ``one``, each ``[...]``; each accurate on its own, however small.

    Raises:
        TypeError: ``log_alpha`` is not a floating-point tensor; an option is not one number.
        ValueError: ``log_alpha`` is not finite; an option leaves its range.

    Source: Louizos, Welling & Kingma (2018), eq. 12.
    """
    low, high = _gate_limits("hard_concrete_probs", beta, gamma, zeta)
    checks.numbers("hard_concrete_probs", log_alpha=log_alpha)
    above, one = log_alpha - beta * low, log_alpha - beta * high
    # sigmoid(a) - sigmoid(b) = sigmoid(a) sigmoid(-b) (1 - e^(b - a)), a product of positive factors.
    between = -torch.expm1(torch.as_tensor(beta * (low - high), dtype=log_alpha.dtype))
    return GateProbs(
        torch.sigmoid(-above), torch.sigmoid(above) * torch.sigmoid(-one) * between, torch.sigmoid(one)
    )


def gumbel_sinkhorn(scores: Tensor, g: Tensor, *, tau: float | Tensor, n_iters: int) -> Tensor:
    r"""Relax a noisy matching to a matrix whose rows and columns sum to 1.

    .. math:: Y = \mathrm{Sinkhorn}\big((X + G) / \tau\big)

    Sinkhorn takes the exponential of each entry, then divides rows by their sums and columns by
    theirs, ``n_iters`` times, here in log space. As ``tau`` falls and ``n_iters`` grows, ``Y``
    tends to the permutation matrix ``P`` with the largest ``<X + G, P>`` for the same noise.
    Columns are normalised last and sum to 1 to rounding. The row sums ``r`` are on their way:

    .. math:: \frac1n \sum_i |r_i - 1| \le \sqrt{\frac{w / \tau + 2 \log n}{m}}, \qquad
        w = \max (X + G) - \min (X + G), \quad m = \text{n\_iters}

    Args:
        scores: ``[..., n, n]`` how well row ``i`` fits column ``j``, finite.
        g: ``[..., n, n]`` Gumbel(0, 1) noise, see :func:`reparam.noise.gumbel`.
        tau: temperature, one finite number ``> 0``.
        n_iters: number of iterations, ``>= 1``.

    Returns:
        ``[..., n, n]`` nonnegative matrices, in the dtype of ``scores``.

    Raises:
        TypeError: an argument is not a floating-point tensor; an option is not one number.
        ValueError: shapes or devices differ; the last two sizes differ or are 0; a score is not
            finite; an option leaves its range.

    Source: Mena, Belanger, Linderman & Snoek (2018); the bound is of Altschuler, Weed & Rigollet (2017).
    """
    checks.positive("gumbel_sinkhorn", "tau", tau)
    checks.count("gumbel_sinkhorn", "n_iters", n_iters)
    checks.tensor("gumbel_sinkhorn", "scores", scores)
    if scores.ndim < 2 or not scores.shape[-1] == scores.shape[-2] >= 1:
        raise ValueError(
            f"gumbel_sinkhorn: scores must have shape [..., n, n] with n >= 1, got shape {tuple(scores.shape)}"
        )
    checks.same_shape("gumbel_sinkhorn", scores=scores, g=g)
    checks.numbers("gumbel_sinkhorn", scores=scores, g=g)
    gap = (scores + g).to(torch.promote_types(scores.dtype, torch.float32))
    # The first step divides each row by its sum, so a constant in a row changes nothing: with the largest
    # entry at 0, only small entries can overflow, and a column that is -inf throughout would be NaN.
    gap = gap - gap.detach().amax(-1, keepdim=True)
    floor = -1e30 * (tau.item() if isinstance(tau, Tensor) else tau)
    log_y = gap.clamp_min(max(floor, torch.finfo(gap.dtype).min)) / tau
    for _ in range(n_iters):
        log_y = log_y.log_softmax(-1)
        log_y = log_y.log_softmax(-2)
    return log_y.exp().to(scores.dtype)
