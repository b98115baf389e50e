"""Inverse cdfs: exact in their tails, with the density and the scale they promise, and firm about bad noise."""

import math

import mpmath as mp
import pytest
import torch

from reparam import densities, inverse_cdf, noise, oracles

F64 = torch.float64


QUANTILES = {
    "logistic": lambda u: mp.log(u / (1 - u)),
    "laplace": lambda u: mp.log(2 * u) if u < 0.5 else -mp.log(2 * (1 - u)),
    "exponential": lambda u: -mp.log1p(-u),
    "gumbel": lambda u: -mp.log(-mp.log(u)),
}
EXTREME = {
    F64: [1e-300, 1e-17, 1e-9, 0.01, 0.3, 0.5, 0.51, 0.75, 0.99, 1 - 1e-9, 1 - 2.0**-53],
    torch.float32: [1.2e-38, 1e-9, 0.01, 0.3, 0.5, 0.51, 0.75, 0.99, 1 - 2.0**-24],
}


def _standard(name, u):
    one = torch.ones_like(u)
    if name == "exponential":
        return inverse_cdf.exponential(one, u)
    return getattr(inverse_cdf, name)(torch.zeros_like(u), one, u)


@pytest.mark.parametrize("dtype", EXTREME, ids=str)
@pytest.mark.parametrize("name", QUANTILES)
def test_inverse_cdfs_are_exact_in_their_tails(name, dtype):
    u = torch.tensor(EXTREME[dtype], dtype=dtype)
    for uk, zk in zip(u.tolist(), _standard(name, u).tolist(), strict=True):
        with mp.workdps(40):
            want = QUANTILES[name](mp.mpf(uk))
        # A few roundings; where the logistic and the Gumbel pass 0, they are roundings of numbers of size 1.
        size = abs(want) if name in ("exponential", "laplace") else max(abs(want), 1)
        assert abs(zk - want) <= 4 * torch.finfo(dtype).eps * size, uk


@pytest.mark.parametrize("name", QUANTILES)
def test_inverse_cdfs_have_their_densities(name):
    # The cdf, by quadrature of the package's density from the far left, gives the noise back.
    u = torch.tensor([0.01, 0.2, 0.5, 0.7, 0.99], dtype=F64)
    args = (1.7,) if name == "exponential" else (-0.4, 1.7)
    z = getattr(inverse_cdf, name)(*[torch.full_like(u, a) for a in args], u)

    def mass(v):  # t = z - (1 - v) / v, dt = dv / v^2, in pieces at the kink and at the edge
        t = z - (1 - v) / v
        params = [torch.full_like(t, a) for a in args]
        return torch.exp(getattr(densities, name)(*params, t)) / v**2

    edge = 0.0 if name == "exponential" else args[0]
    breaks = [float(1 / (1 + zk - edge)) for zk in z.tolist() if zk > edge]
    below = oracles.uniform_expectation(mass, nodes=200, breaks=breaks)
    assert below.error.max() < 1e-9
    assert torch.allclose(below.value, u, rtol=0, atol=1e-9)


@pytest.mark.parametrize("name", QUANTILES)
def test_inverse_cdfs_stretch_and_shift(name, gen):
    u = noise.uniform((100,), generator=gen, dtype=F64)
    standard = _standard(name, u)
    if name == "exponential":
        rate = torch.full_like(u, 2.5)
        assert torch.allclose(inverse_cdf.exponential(rate, u), standard / 2.5, rtol=1e-15)
        rate.requires_grad_()
        (grad,) = torch.autograd.grad(inverse_cdf.exponential(rate, u).sum(), rate)
        assert torch.allclose(grad, -standard / 2.5**2, rtol=1e-14)
        return
    sample = getattr(inverse_cdf, name)
    loc, scale = torch.full_like(u, -1.3), torch.full_like(u, 2.5)
    assert torch.equal(sample(loc, scale, u), loc + scale * standard)
    for p in (loc, scale):
        p.requires_grad_()
    by_loc, by_scale = torch.autograd.grad(sample(loc, scale, u).sum(), (loc, scale))
    assert torch.equal(by_loc, torch.ones_like(u))
    assert torch.allclose(by_scale, standard, rtol=1e-15)
    assert torch.equal(sample(loc, torch.zeros_like(u), u), loc)


@pytest.mark.parametrize("bad", [0.0, 1.0, -0.5, 1.5, math.nan])
@pytest.mark.parametrize("name", QUANTILES)
def test_noise_outside_the_open_interval(name, bad):
    with pytest.raises(ValueError, match=rf"^{name}: u must lie strictly in \(0, 1\), got values from"):
        _standard(name, torch.tensor([0.5, bad]))


def test_bad_inverse_cdf_arguments():
    one, half = torch.ones(2), torch.full((2,), 0.5)
    for name in ("logistic", "laplace", "gumbel"):
        sample = getattr(inverse_cdf, name)
        with pytest.raises(ValueError, match=rf"^{name}: scale must be finite and >= 0"):
            sample(one, -one, half)
        with pytest.raises(ValueError, match=rf"^{name}: loc and u must have the same shape"):
            sample(one, one, half[:1])
    for bad in (0.0, -1.0, math.inf):
        with pytest.raises(ValueError, match=r"^exponential: rate must be finite and > 0"):
            inverse_cdf.exponential(bad * one, half)
    with pytest.raises(TypeError, match=r"^exponential: u must be a tensor, got float"):
        inverse_cdf.exponential(one, 0.5)
