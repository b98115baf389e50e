"""terms: a log-likelihood is a sum over pixels, and targets are what they should be."""

import math

import pytest
import torch

from reparam import noise, terms

F64 = torch.float64


def test_log_bernoulli_is_a_sum_over_pixels(gen):
    x = noise.uniform((4, 7), generator=gen, dtype=F64)
    logits = 3 * noise.normal((4, 7), generator=gen, dtype=F64)
    got = terms.log_bernoulli(x, logits)
    p = logits.sigmoid()
    assert torch.allclose(got, (x * p.log() + (1 - x) * (1 - p).log()).sum(-1), rtol=1e-12)
    two = terms.log_bernoulli(torch.cat([x, x], -1), torch.cat([logits, logits], -1))
    assert torch.allclose(two, 2 * got, rtol=1e-14)


def test_saturated_pixels_keep_their_gradient():
    logits = torch.tensor([[1e4, -1e4]], requires_grad=True)
    value = terms.log_bernoulli(torch.tensor([[0.0, 1.0]]), logits)
    assert value.item() == -2e4
    (grad,) = torch.autograd.grad(value.sum(), logits)
    assert grad.tolist() == [[-1.0, 1.0]]


def test_bad_targets_are_refused():
    logits = torch.zeros(2, 3)
    with pytest.raises(TypeError, match=r"x must be floating point in \[0, 1\], got uint8; divide by 255\?"):
        terms.log_bernoulli(torch.ones(2, 3, dtype=torch.uint8), logits)
    for bad, got in (
        (255.0, "from 255.0 to 255.0"),
        (-0.1, "from -0.1"),
        (math.nan, "from nan"),
        (1.001, "to 1.00"),
    ):
        with pytest.raises(
            ValueError, match=rf"x must lie in \[0, 1\], got values .*{got}.*; divide by 255\?"
        ):
            terms.log_bernoulli(torch.full((2, 3), bad), logits)
    with pytest.raises(ValueError, match=r"x and logits must have the same shape, got \(2, 3\) and \(2, 1\)"):
        terms.log_bernoulli(torch.zeros(2, 3), torch.zeros(2, 1))
    with pytest.raises(TypeError, match="logits must be a tensor"):
        terms.log_bernoulli(torch.zeros(2, 3), 0.0)
    assert terms.log_bernoulli(torch.zeros(0, 3), torch.zeros(0, 3)).shape == (0,)
