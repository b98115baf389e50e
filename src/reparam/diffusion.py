"""Diffusion as a hierarchy of Gaussian nodes: one level of noise, and the exact denoiser of a mixture.

A level is named by its log signal-to-noise ratio. Data and their mixtures have shape ``[..., D]``;
the noise is an argument, as everywhere. Nothing here is learned: these are the closed forms that a
trained denoiser is held against.
"""

from numbers import Real

import torch
from torch import Tensor
from torch.nn import functional as F

from reparam import checks, samplers

__all__ = ["diffuse", "mixture_denoiser", "signal"]


def signal(log_snr: float | Tensor) -> tuple[Tensor, Tensor]:
    r"""Return how much of the data and how much noise a level holds, with squares that sum to 1.

    .. math:: \alpha = \sqrt{\mathrm{sigmoid}(\lambda)}, \quad \sigma = \sqrt{\mathrm{sigmoid}(-\lambda)},
        \qquad \log (\alpha^2 / \sigma^2) = \lambda

    Args:
        log_snr: :math:`\lambda`, one finite number (float64 results) or a tensor of any shape.

    Returns:
        ``alpha`` and ``sigma``, each of the shape of ``log_snr``.

    Raises:
        TypeError: ``log_snr`` is neither a number nor a floating-point tensor.
        ValueError: ``log_snr`` is not finite.

    Source: Kingma, Salimans, Poole & Ho (2021), section 3.1, with :math:`\alpha^2 + \sigma^2 = 1`.
    """
    if isinstance(log_snr, Real) and not isinstance(log_snr, bool):
        log_snr = torch.tensor(float(log_snr), dtype=torch.float64)
    checks.tensor("signal", "log_snr", log_snr)
    if not log_snr.detach().isfinite().all():
        raise ValueError(f"signal: log_snr must be finite, got {log_snr.detach().flatten()[:8].tolist()}")
    # Half the log-sigmoid: the root of a sigmoid would underflow first.
    return (F.logsigmoid(log_snr) / 2).exp(), (F.logsigmoid(-log_snr) / 2).exp()


def diffuse(x: Tensor, eps: Tensor, *, log_snr: float | Tensor) -> Tensor:
    r"""Add noise to data: a Gaussian node whose mean and width are not learned.

    .. math:: x_\lambda = \alpha x + \sigma \epsilon

    Args:
        x: ``[..., D]`` data.
        eps: ``[..., D]`` standard normal noise, see :func:`reparam.noise.normal`.
        log_snr: :math:`\lambda`, one number, or a tensor ``[..., 1]`` with one for each row.

    Returns:
        ``[..., D]`` a sample of :math:`\mathcal N(\alpha x, \sigma^2)`, in the dtype of ``x``.

    Raises:
        TypeError: ``x`` or ``eps`` is not a floating-point tensor.
        ValueError: their shapes differ; ``log_snr`` is not finite or fits no row of ``x``.

    Source: Ho, Jain & Abbeel (2020), eq. 4.
    """
    checks.same_shape("diffuse", x=x, eps=eps)
    checks.numbers("diffuse", x=x, eps=eps)
    alpha, sigma = _of_rows("diffuse", x, log_snr)
    return samplers.normal(alpha * x, sigma.expand_as(x), eps)


def mixture_denoiser(
    x: Tensor, logits: Tensor, means: Tensor, stds: Tensor, *, log_snr: float | Tensor
) -> Tensor:
    r"""Return :math:`\mathbb E[\epsilon \mid x_\lambda = x]` for data drawn from a mixture of Gaussians.

    .. math:: \sum_k r_k(x)\, \frac{\sigma\,(x - \alpha m_k)}{v_k}, \qquad v_k = \alpha^2 s_k^2 + \sigma^2,
        \qquad r_k(x) \propto \pi_k\, \mathcal N(x; \alpha m_k, v_k)

    No predictor of the noise has a smaller squared error. It is :math:`-\sigma` times the slope of the
    log-density of :math:`x_\lambda`. A finite data set is the mixture with ``stds`` equal to 0.

    Args:
        x: ``[..., D]`` noisy data.
        logits: ``[K]`` log-weights of the components, up to a constant.
        means: ``[K, D]`` :math:`m_k`.
        stds: ``[K, D]`` :math:`s_k \ge 0`, independent coordinates.
        log_snr: :math:`\lambda`, one number, or a tensor ``[..., 1]`` with one for each row.

    Returns:
        ``[..., D]`` in the dtype of ``x``.

    Raises:
        TypeError: an argument is not a floating-point tensor.
        ValueError: shapes disagree; a standard deviation is negative; ``log_snr`` as in :func:`diffuse`.

    Source: Vincent (2011); Efron (2011), Tweedie's formula.
    """
    checks.logits("mixture_denoiser", "logits", logits)
    checks.same_shape("mixture_denoiser", means=means, stds=stds)
    checks.scale("mixture_denoiser", "stds", stds, zero=True)
    checks.tensor("mixture_denoiser", "x", x)
    if x.ndim == 0 or means.shape != (*logits.shape, x.shape[-1]) or logits.ndim != 1:
        raise ValueError(
            "mixture_denoiser: x, logits and means must have shapes [..., D], [K] and [K, D], got "
            f"{tuple(x.shape)}, {tuple(logits.shape)} and {tuple(means.shape)}"
        )
    checks.numbers("mixture_denoiser", x=x, means=means)
    wide = x.to(torch.promote_types(x.dtype, torch.float32))
    means, stds = means.to(wide.dtype), stds.to(wide.dtype)
    alpha, sigma = (t.unsqueeze(-2) for t in _of_rows("mixture_denoiser", wide, log_snr))
    variance = alpha**2 * stds**2 + sigma**2
    standard = (x.unsqueeze(-2) - alpha * means) / variance.sqrt()
    log_r = logits - 0.5 * (standard**2 + variance.log()).sum(-1)
    r = log_r.softmax(-1).unsqueeze(-1)
    return (r * sigma * standard / variance.sqrt()).sum(-2).to(x.dtype)


def _of_rows(function: str, x: Tensor, log_snr: float | Tensor) -> tuple[Tensor, Tensor]:
    """Return ``alpha`` and ``sigma`` of every row, ``[..., 1]``, in the dtype of ``x``."""
    alpha, sigma = (t.to(x.dtype) for t in signal(log_snr))
    if alpha.ndim and alpha.shape != (*x.shape[:-1], 1):
        raise ValueError(
            f"{function}: log_snr must be one number or have shape {(*x.shape[:-1], 1)}, one for each row of x, "
            f"got {tuple(alpha.shape)}"
        )
    return tuple(t.expand(*x.shape[:-1], 1) if not t.ndim else t for t in (alpha, sigma))
