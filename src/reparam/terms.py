"""What every objective is made of: the terms of a bound, and the log-likelihood of pixels.

All axes before the last pass through, and the last one, pixels, is summed.
"""

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from reparam import checks

__all__ = ["Elbo", "expand_pixels", "log_bernoulli"]


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
        ``[B]`` nats, summed over pixels; half precision is summed in float32.

    Raises:
        TypeError: an argument is not a floating-point tensor.
        ValueError: shapes differ, or a target lies outside [0, 1].
        NotFiniteError: a logit is NaN, or the sum is infinite.
    """
    checks.unit_interval("log_bernoulli", "x", x)
    checks.same_shape("log_bernoulli", x=x, logits=logits)
    each = F.binary_cross_entropy_with_logits(logits, x, reduction="none")
    log_p = -each.sum(-1, dtype=torch.promote_types(each.dtype, torch.float32))
    if not torch.compiler.is_compiling() and not log_p.detach().isfinite().all():
        raise checks.NotFiniteError(
            "log_bernoulli: not finite: logits, and with them the reconstruction; lower the learning rate?"
        )
    return log_p


def expand_pixels(function: str, x: Tensor, logits: Tensor) -> Tensor:
    """Return ``x [..., B, D]`` once for every draw of the ``logits [S, ..., B, D]``, without a copy.

    Raises:
        TypeError, ValueError: in the name of ``function``, if ``x`` is no tensor or does not fit the logits.
    """
    checks.tensor(function, "x", x)
    if x.shape != logits.shape[logits.ndim - x.ndim :]:
        raise ValueError(
            f"{function}: x must have the last axes of the decoder's logits {tuple(logits.shape)}, "
            f"got shape {tuple(x.shape)}"
        )
    return x.expand_as(logits)
