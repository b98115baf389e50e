"""What every objective is made of: the terms of a bound, and the log-likelihood of pixels.

All axes before the last pass through, and the last one, pixels, is summed.
"""

from typing import NamedTuple

from torch import Tensor
from torch.nn import functional as F

from reparam import checks

__all__ = ["Elbo", "log_bernoulli"]


class Elbo(NamedTuple):
    """The bound and its two parts, each ``[B]`` nats per example."""

    elbo: Tensor
    reconstruction: Tensor
    kl: Tensor


def log_bernoulli(x: Tensor, logits: Tensor) -> Tensor:
    r"""Return :math:`\log p(x) = \sum_d x_d \log \sigma(\ell_d) + (1 - x_d) \log \sigma(-\ell_d)`.

    Args:
        x: ``[B, D]`` targets in [0, 1].
        logits: ``[B, D]`` log-odds of each pixel.

    Returns:
        ``[B]`` nats, summed over pixels.

    Raises:
        TypeError: an argument is not a floating-point tensor.
        ValueError: shapes differ, or a target lies outside [0, 1].
    """
    checks.unit_interval("log_bernoulli", "x", x)
    checks.same_shape("log_bernoulli", x=x, logits=logits)
    return -F.binary_cross_entropy_with_logits(logits, x, reduction="none").sum(-1)
