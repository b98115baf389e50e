"""Noise levels and the exact denoiser, held against the slope of the density, quadrature and identities."""

import math

import pytest
import torch

from reparam import densities, diffusion, noise, oracles, samplers

F64 = torch.float64
MEANS = torch.tensor([[-1.2, 0.5], [0.8, -0.3], [0.1, 2.0]], dtype=F64)
STDS = torch.tensor([[0.2, 0.7], [0.4, 0.1], [1.0, 0.0]], dtype=F64)
LOGITS = torch.tensor([0.3, -1.0, 0.5], dtype=F64)


def log_density(x, log_snr):
    """Of the mixture after diffusing, from the package's densities."""
    alpha, sigma = diffusion.signal(log_snr)
    loc = (alpha * MEANS).expand(len(x), *MEANS.shape)
    scale = (alpha**2 * STDS**2 + sigma**2).sqrt().expand_as(loc)
    each = densities.normal(loc, scale, x[:, None].expand_as(loc)).sum(-1)
    return (LOGITS.log_softmax(0) + each).logsumexp(-1)


def test_signal_and_noise_share_one_unit_of_variance():
    log_snr = torch.tensor([-700.0, -9.0, 0.0, 1e-8, 9.0, 700.0], dtype=F64)
    alpha, sigma = diffusion.signal(log_snr)
    assert torch.allclose(alpha**2 + sigma**2, torch.ones_like(alpha), rtol=1e-15)
    assert torch.allclose(2 * (alpha.log() - sigma.log()), log_snr, rtol=1e-14, atol=1e-15)
    one = diffusion.signal(0)
    assert one[0].dtype == F64
    assert one[0].item() == pytest.approx(0.5**0.5, rel=1e-15)
    assert diffusion.signal(torch.zeros(3, 1))[1].dtype == torch.float32


def test_diffusing_is_a_gaussian_node(gen):
    x, eps = noise.normal((2, 5, 3), generator=gen, dtype=F64)
    alpha, sigma = diffusion.signal(1.3)
    expected = samplers.normal(alpha * x, sigma.expand_as(x), eps)
    assert torch.equal(diffusion.diffuse(x, eps, log_snr=1.3), expected)
    assert torch.equal(diffusion.diffuse(x, 0 * eps, log_snr=1.3), alpha * x)
    rows = torch.tensor([[-2.0], [-1.0], [0.0], [3.0], [9.0]], dtype=F64)
    together = diffusion.diffuse(x, eps, log_snr=rows)
    for k, log_snr in enumerate(rows.flatten().tolist()):
        assert torch.allclose(together[k], diffusion.diffuse(x[k], eps[k], log_snr=log_snr), rtol=1e-15)


@pytest.mark.parametrize("log_snr", [-9.0, -1.0, 0.0, 2.5, 9.0])
def test_the_denoiser_is_the_slope_of_the_log_density(log_snr, gen):
    x = noise.normal((7, 2), generator=gen, dtype=F64).requires_grad_()
    (slope,) = torch.autograd.grad(log_density(x, log_snr).sum(), x)
    sigma = diffusion.signal(log_snr)[1]
    denoised = diffusion.mixture_denoiser(x, LOGITS, MEANS, STDS, log_snr=log_snr)
    assert torch.allclose(denoised, -sigma * slope, rtol=1e-10, atol=1e-13)


@pytest.mark.parametrize("log_snr", [-3.0, 0.0, 1.5])
@pytest.mark.parametrize("test", [torch.ones_like, torch.sin, lambda x: x**2], ids=["1", "sin", "square"])
def test_what_is_left_of_the_noise_is_uncorrelated_with_every_function_of_the_sample(log_snr, test):
    # A finite data set: x = alpha m_k + sigma eps, integrated over eps, added over k.
    points = torch.tensor([-1.5, 0.2, 0.9], dtype=F64)
    weights = LOGITS.softmax(0)
    alpha, sigma = diffusion.signal(log_snr)

    def left(x, m):
        eps = (x - alpha * m) / sigma
        args = LOGITS, points[:, None], torch.zeros(3, 1, dtype=F64)
        best = diffusion.mixture_denoiser(x[:, None], *args, log_snr=log_snr)[:, 0]
        return (eps - best) * test(x)

    total, error = 0.0, 0.0
    for weight, m in zip(weights, points, strict=True):
        part = oracles.normal_expectation(lambda x, m=m: left(x, m), (alpha * m).item(), sigma.item())
        total, error = total + weight * part.value, error + part.error
    assert error < 1e-10
    assert abs(total) < 1e-10


def test_one_standard_normal_loses_its_noise_in_proportion(gen):
    # Data N(0, 1) stay N(0, 1) at every level, and the best guess is sigma x.
    x = noise.normal((6, 1), generator=gen, dtype=F64)
    zero = torch.zeros(1, 1, dtype=F64)
    for log_snr in (-5.0, 0.0, 4.0):
        got = diffusion.mixture_denoiser(x, zero[0], zero, zero + 1, log_snr=log_snr)
        assert torch.allclose(got, diffusion.signal(log_snr)[1] * x, rtol=1e-14)


def test_every_row_may_have_its_own_level(gen):
    x = noise.normal((4, 5, 2), generator=gen, dtype=F64)
    log_snr = torch.linspace(-6, 6, 20, dtype=F64).reshape(4, 5, 1)
    together = diffusion.mixture_denoiser(x, LOGITS, MEANS, STDS, log_snr=log_snr)
    for i in range(4):
        for j in range(5):
            alone = diffusion.mixture_denoiser(x[i, j], LOGITS, MEANS, STDS, log_snr=log_snr[i, j, 0].item())
            assert torch.allclose(together[i, j], alone, rtol=1e-12)


def test_single_precision_at_the_ends(gen):
    x = noise.normal((4, 2), generator=gen)
    args = (LOGITS.float(), MEANS.float(), 0 * STDS.float())
    for log_snr in (-80.0, 80.0):
        got = diffusion.mixture_denoiser(x, *args, log_snr=log_snr)
        assert got.dtype == torch.float32
        assert got.isfinite().all()


def test_bad_arguments():
    x = torch.zeros(3, 2, dtype=F64)
    for bad, error, message in (
        (math.nan, ValueError, "signal: log_snr must be finite, got"),
        (math.inf, ValueError, "signal: log_snr must be finite"),
        (True, TypeError, "signal: log_snr must be a tensor, got bool"),
        ("0", TypeError, "signal: log_snr must be a tensor, got str"),
        (
            torch.zeros(3, dtype=F64),
            ValueError,
            r"log_snr must be one number or have shape \(3, 1\).*got \(3,\)",
        ),
        (torch.zeros(1, 1, dtype=F64), ValueError, r"log_snr must be one number or have shape \(3, 1\)"),
    ):
        with pytest.raises(error, match=message):
            diffusion.diffuse(x, x, log_snr=bad)
    with pytest.raises(ValueError, match="diffuse: x and eps must have the same shape"):
        diffusion.diffuse(x, x[:1], log_snr=0)
    with pytest.raises(
        ValueError, match=r"x, logits and means must have shapes .*\(3, 2\), \(2,\) and \(3, 2\)"
    ):
        diffusion.mixture_denoiser(x, LOGITS[:2], MEANS, STDS, log_snr=0)
    with pytest.raises(ValueError, match="mixture_denoiser: x, logits and means must have shapes"):
        diffusion.mixture_denoiser(x[:, :1], LOGITS, MEANS, STDS, log_snr=0)
    with pytest.raises(
        ValueError, match="mixture_denoiser: stds must be finite and >= 0, got values from -1"
    ):
        diffusion.mixture_denoiser(x, LOGITS, MEANS, STDS - 1, log_snr=0)
    with pytest.raises(ValueError, match="mixture_denoiser: means and stds must have the same shape"):
        diffusion.mixture_denoiser(x, LOGITS, MEANS, STDS[:2], log_snr=0)


def test_the_cleanest_level_in_half_precision():
    x = torch.tensor([[90.0, -40.0]], dtype=torch.float16)
    zeros = torch.zeros(2, 2, dtype=torch.float16)
    for stds in (zeros, zeros + 5000):
        out = diffusion.mixture_denoiser(x, zeros[0], zeros, stds, log_snr=30.0)
        assert out.dtype == torch.float16
        assert not out.isnan().any()
