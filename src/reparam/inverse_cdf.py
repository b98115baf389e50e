"""Send uniform noise through the inverse of a cumulative distribution function: the oldest reparameterisation.

Each function is ``(parameters..., u) -> sample``, every argument ``[...]`` of one shape; all of
them are found in :mod:`reparam.samplers` too.
"""

import torch
from torch import Tensor

from reparam import checks

__all__ = ["exponential", "gumbel", "laplace", "logistic"]


def _check_inverse_cdf(function: str, loc: Tensor, scale: Tensor, u: Tensor) -> None:
    checks.same_shape(function, loc=loc, scale=scale, u=u)
    checks.scale(function, "scale", scale, zero=True)
    checks.open_interval(function, "u", u)
    checks.numbers(function, loc=loc)


def logistic(loc: Tensor, scale: Tensor, u: Tensor) -> Tensor:
    r"""Send uniform noise through the inverse of the logistic cdf.

    .. math:: z = \mu + s \log \frac{u}{1 - u}, \qquad F(z) = \frac{1}{1 + e^{-(z - \mu) / s}}

    Args:
        loc: ``[...]`` mean :math:`\mu`.
        scale: ``[...]`` :math:`s \ge 0`; the standard deviation is :math:`\pi s / \sqrt 3`.
        u: ``[...]`` uniform noise strictly in (0, 1), see :func:`reparam.noise.uniform`.

    Returns:
        ``[...]`` a sample, exact in both tails.

    Raises:
        TypeError: an argument is not a floating-point tensor.
        ValueError: shapes or devices differ; ``scale`` is negative or not finite; ``u`` leaves (0, 1).
    """
    _check_inverse_cdf("logistic", loc, scale, u)
    return loc + scale * (u.log() - torch.log1p(-u))


def laplace(loc: Tensor, scale: Tensor, u: Tensor) -> Tensor:
    r"""Send uniform noise through the inverse of the Laplace cdf.

    .. math:: z = \mu + s \cdot \begin{cases} \log 2u & u \le 1/2 \\ -\log 2(1 - u) & u > 1/2 \end{cases}

    Arguments and errors are those of :func:`logistic`; the standard deviation is :math:`\sqrt 2 s`.
    """
    _check_inverse_cdf("laplace", loc, scale, u)
    # 2 u and 2 (1 - u) are exact where they are used: from 1/2 on, 1 - u loses nothing.
    tail = torch.where(u > 0.5, 1 - u, u)
    return loc + scale * torch.copysign((2 * tail).log(), u - 0.5)


def exponential(rate: Tensor, u: Tensor) -> Tensor:
    r"""Send uniform noise through the inverse of the exponential cdf.

    .. math:: z = -\frac{\log(1 - u)}{\lambda}, \qquad F(z) = 1 - e^{-\lambda z}

    Args:
        rate: ``[...]`` :math:`\lambda > 0`; the mean is :math:`1 / \lambda`.
        u: ``[...]`` uniform noise strictly in (0, 1), see :func:`reparam.noise.uniform`.

    Returns:
        ``[...]`` a sample, exact in both tails.

    Raises:
        TypeError: an argument is not a floating-point tensor.
        ValueError: shapes or devices differ; ``rate`` is not positive and finite; ``u`` leaves (0, 1).
    """
    checks.same_shape("exponential", rate=rate, u=u)
    checks.scale("exponential", "rate", rate, zero=False)
    checks.open_interval("exponential", "u", u)
    return -torch.log1p(-u) / rate


def gumbel(loc: Tensor, scale: Tensor, u: Tensor) -> Tensor:
    r"""Send uniform noise through the inverse of the Gumbel cdf.

    .. math:: z = \mu - s \log(-\log u), \qquad F(z) = \exp\big(-e^{-(z - \mu) / s}\big)

    Arguments and errors are those of :func:`logistic`; here :math:`\mu` is the mode. The formula is exact,
    but a float32 uniform is a multiple of 6e-8, which ends the right tail at 16.6;
    :func:`reparam.noise.gumbel` has no such end.
    """
    _check_inverse_cdf("gumbel", loc, scale, u)
    return loc - scale * (-u.log()).log()
