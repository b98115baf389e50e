"""What to subtract from the costs of a score-function estimate, so that it keeps its mean and loses variance.

Costs are ``[S, ...]``, draws first. A baseline must not look at the draw it is subtracted
from; pass these to ``score_function(..., baseline=...)``. ``coefficient`` does the same for a whole gradient.
"""

import torch
from torch import Tensor

from reparam import checks

__all__ = ["coefficient", "leave_one_out", "optimal"]


def leave_one_out(cost: Tensor) -> Tensor:
    r"""Return for each draw the mean cost of the *other* draws.

    .. math:: b_s = \frac{1}{S - 1} \sum_{t \ne s} f(z_t)

    The draws are independent, so :math:`b_s` knows nothing of draw :math:`s` and the estimate stays
    unbiased. The mean of *all* draws would shrink it by :math:`(S - 1) / S`.

    Args:
        cost: ``[S, ...]`` costs of ``S >= 2`` draws of one distribution.

    Returns:
        ``[S, ...]``, detached.

    Raises:
        TypeError: ``cost`` is not a floating-point tensor.
        ValueError: there are fewer than two draws.

    Source: Kool, van Hoof & Welling (2019).
    """
    checks.tensor("leave_one_out", "cost", cost)
    if cost.ndim == 0 or len(cost) < 2:
        raise ValueError(
            f"leave_one_out: cost must have shape [S, ...] with S >= 2 draws, got shape {tuple(cost.shape)}"
        )
    checks.numbers("leave_one_out", cost=cost)
    cost = cost.detach()
    return (cost.sum(0) - cost) / (len(cost) - 1)


def optimal(cost: Tensor, score: Tensor) -> Tensor:
    r"""Estimate the constant that leaves the least variance.

    .. math:: b^\star = \frac{\mathbb E[f\, \lVert s \rVert^2]}{\mathbb E[\lVert s \rVert^2]},
        \qquad s = \nabla_\theta \log p_\theta(z)

    Estimate it on *other* draws than those it will be subtracted from.

    Args:
        cost: ``[S]`` costs.
        score: ``[S]`` or ``[S, P]`` scores of the same draws; with ``P`` parameters the sum of
            their variances is what becomes least.

    Returns:
        the number :math:`b^\star`, 0-dimensional and detached.

    Raises:
        TypeError: an argument is not a floating-point tensor.
        ValueError: the draws do not match, or every score is 0.

    Source: Greensmith, Bartlett & Baxter (2004).
    """
    checks.tensor("optimal", "cost", cost)
    checks.tensor("optimal", "score", score)
    if cost.ndim != 1 or score.ndim not in (1, 2) or len(cost) != len(score):
        raise ValueError(
            f"optimal: cost must have shape [S] and score [S] or [S, P], got {tuple(cost.shape)} "
            f"and {tuple(score.shape)}"
        )
    checks.numbers("optimal", cost=cost, score=score)
    weight = score.detach().double().reshape(len(score), -1).square().sum(-1)
    if not (total := weight.sum()) > 0:
        raise ValueError(f"optimal: score must not be 0 at every one of the {len(score)} draws")
    return (torch.dot(cost.detach().double(), weight) / total).to(cost.dtype)


def coefficient(estimate: Tensor, control: Tensor) -> Tensor:
    r"""Return the multiple of a control variate that leaves the least variance when added, for each parameter.

    .. math:: c^\star = -\frac{\mathrm{Cov}(g, h)}{\mathrm{Var}(h)} = \arg\min_c \mathrm{Var}(g + c\,h)

    With :math:`g` the total derivative of the ELBO and :math:`h` the score of :math:`q`, ``c = 0`` is the total
    derivative and ``c = 1`` the path derivative. A :math:`c^\star` below one half says that dropping the score
    raises the variance.

    Args:
        estimate: ``[S, ...]`` gradients :math:`g`, one a draw.
        control: ``[S, ...]`` control variates :math:`h` of the same draws, of mean 0.

    Returns:
        ``[...]``, detached; 0 where the control variate does not vary.

    Raises:
        TypeError: an argument is not a floating-point tensor.
        ValueError: shapes differ, or there are fewer than two draws.

    Source: Roeder, Wu & Duvenaud (2017), section 2; Ranganath, Gerrish & Blei (2014).
    """
    checks.same_shape("coefficient", estimate=estimate, control=control)
    if control.ndim == 0 or len(control) < 2:
        raise ValueError(
            f"coefficient: control must have shape [S, ...] with S >= 2 draws, got shape {tuple(control.shape)}"
        )
    checks.numbers("coefficient", estimate=estimate, control=control)
    g, h = estimate.detach().double(), control.detach().double()
    h = h - h.mean(0)
    variance = h.square().sum(0)
    return torch.where(variance > 0, -(g * h).sum(0) / variance, 0.0).to(estimate.dtype)
