"""The tests' own measuring instrument: it sees a planted bias of 2 %, and nothing where there is none."""

import pytest
import torch
from montecarlo import UnderPoweredError, assert_counts, assert_mean, moments

TRUTH = torch.tensor([3.0, -4.0], dtype=torch.float64)


def _draw(shift):
    return lambda n, g: TRUTH + shift + torch.randn(n, 2, generator=g, dtype=torch.float64)


def test_an_unbiased_mean_passes(stream):
    assert_mean(_draw(0.0), TRUTH, stream)


def test_a_bias_of_two_per_cent_is_caught(stream):
    with pytest.raises(AssertionError, match="biased"):
        assert_mean(_draw(torch.tensor([0.1, 0.0])), TRUTH, stream)


def test_too_noisy_a_statistic_is_refused(stream):
    with pytest.raises(UnderPoweredError, match="draws"):
        assert_mean(lambda n, g: 1e3 * torch.randn(n, 2, generator=g).double(), TRUTH, stream)


def test_heavy_skew_is_refused(stream):
    with pytest.raises(UnderPoweredError, match="skewness"):
        assert_mean(
            lambda n, g: torch.randn(n, generator=g).double().mul(4).exp(), torch.tensor(1e6).double(), stream
        )


def test_a_zero_truth_needs_a_scale(stream):
    with pytest.raises(ValueError, match="scale"):
        assert_mean(_draw(0.0), torch.zeros(2), stream)


def test_moments_of_a_known_law(gen):
    n = 400_000  # exponential: mean 1, sd 1 (its own se is sqrt(2/n)), skewness 2
    mean, sd, skew = moments(
        lambda m, g: torch.empty(m, dtype=torch.float64).exponential_(generator=g), n, gen, 1.0
    )
    assert abs(mean - 1) < 6 / n**0.5
    assert abs(sd - 1) < 6 * (2 / n) ** 0.5
    assert abs(skew - 2) < 0.2


def test_counts(gen):
    n = 100_000
    assert_counts((torch.rand(n, generator=gen) < 0.3).sum(), n, 0.3)
    with pytest.raises(AssertionError, match="counts"):
        assert_counts(int(0.32 * n), n, 0.3)
    with pytest.raises(UnderPoweredError):
        assert_counts(1, n, 1e-5)
