"""orders: every law against a second, slower or older way to the same number, and every bad input."""

import itertools
import math
from fractions import Fraction

import pytest
import torch
from torch.autograd import gradcheck

from reparam import noise, oracles, orders

F64 = torch.float64
INF = math.inf


@pytest.mark.parametrize(("n", "k"), [(1, 1), (4, 1), (4, 2), (5, 5), (7, 3)])
def test_ordered_subsets_are_all_there_once(n, k):
    listed = orders.ordered_subsets(n, k)
    assert listed.dtype == torch.int64
    assert listed.tolist() == sorted(listed.tolist())
    want = [list(o) for o in itertools.product(range(n), repeat=k) if len(set(o)) == k]
    assert listed.tolist() == want


@pytest.mark.parametrize("n", [1, 2, 3, 5])
def test_permutations_are_all_the_doubly_stochastic_zero_one_matrices(n):
    listed = orders.permutations(n)
    assert listed.dtype == F64
    assert listed.shape == (math.factorial(n), n, n)
    assert set(listed.unique().tolist()) <= {0.0, 1.0}
    assert torch.equal(listed.sum(1), torch.ones_like(listed[:, 0]))
    assert torch.equal(listed.sum(2), torch.ones_like(listed[:, 0]))
    assert len(listed.flatten(1).unique(dim=0)) == len(listed)
    assert torch.equal(listed.argmax(-1), orders.ordered_subsets(n, n))


# Plackett-Luce


@pytest.mark.parametrize("k", [1, 2, 3, 4])
def test_plackett_luce_in_fractions(k):
    weights = [Fraction(3), Fraction(1), Fraction(5, 2), Fraction(1, 3)]
    logits = torch.tensor([float(w) for w in weights], dtype=F64).log()
    total = Fraction(0)
    for order in itertools.permutations(range(4), k):
        p, left = Fraction(1), sum(weights)
        for i in order:
            p, left = p * weights[i] / left, left - weights[i]
        got = orders.plackett_luce(logits, torch.tensor(order)).exp().item()
        assert abs(got - float(p)) < 1e-15
        total += p
    assert total == 1


def test_plackett_luce_is_a_law_and_its_head_is_the_shorter_law(gen):
    logits = noise.normal((5,), generator=gen, dtype=F64)
    pairs, full = orders.ordered_subsets(5, 2), orders.ordered_subsets(5, 5)
    p2 = orders.plackett_luce(logits.expand(20, 5), pairs).exp()
    p5 = orders.plackett_luce(logits.expand(120, 5), full).exp()
    heads = torch.stack([p5[(full[:, :2] == pair).all(-1)].sum() for pair in pairs])
    assert abs(p5.sum() - 1) < 1e-14
    assert torch.allclose(heads, p2, rtol=0, atol=1e-14)
    one = orders.plackett_luce(logits.expand(5, 5), torch.arange(5)[:, None]).exp()
    assert torch.allclose(one, logits.softmax(0), rtol=0, atol=1e-15)
    shifted = orders.plackett_luce((logits + 300).expand(20, 5), pairs).exp()
    assert torch.allclose(shifted, p2, rtol=1e-12)


def test_plackett_luce_with_impossible_categories():
    logits = torch.tensor([0.3, -INF, 1.0], dtype=F64, requires_grad=True)
    order = torch.tensor([[0, 2], [1, 0], [0, 1], [2, 0]])
    log_p = orders.plackett_luce(logits.expand(4, 3), order)
    assert log_p.tolist()[1:3] == [-INF, -INF]
    assert abs(log_p.exp().sum() - 1) < 1e-15
    (grad,) = torch.autograd.grad(log_p[0], logits, retain_graph=True)
    p = logits.detach().softmax(0)
    assert torch.allclose(grad, torch.tensor([1.0, 0.0, 0.0], dtype=F64) - p, atol=1e-15)
    (grad,) = torch.autograd.grad(log_p[1], logits)
    assert grad.tolist() == [0.0, 0.0, 0.0]
    everything = orders.plackett_luce(logits, torch.tensor([0, 2, 1]))
    assert everything == -INF, "nothing possible is left for the third place"


def test_plackett_luce_gradients(gen):
    logits = noise.normal((3, 5), generator=gen, dtype=F64).requires_grad_()
    order = torch.tensor([[0, 4, 2], [1, 2, 3], [4, 3, 0]])
    assert gradcheck(lambda x: orders.plackett_luce(x, order), (logits,))


BAD_ORDERS = [
    (torch.tensor([0, 0]), ValueError, r"must not repeat an index, got \[0, 0\] in row \[\]"),
    (torch.tensor([0, 3]), ValueError, "indices from 0 to 2, got values from 0 to 3"),
    (torch.tensor([-1, 0]), ValueError, "indices from 0 to 2, got values from -1 to 0"),
    (torch.tensor([[0, 1]]), ValueError, r"leading sizes of logits and 1 <= k <= 3, got \(1, 2\)"),
    (torch.tensor([0, 1, 2, 0]), ValueError, "1 <= k <= 3"),
    (torch.zeros(0, dtype=torch.int64), ValueError, "1 <= k <= 3"),
    (torch.tensor([0.0, 1.0]), TypeError, "must be an int64 tensor, got torch.float32"),
    ([0, 1], TypeError, "must be an int64 tensor, got list"),
]


@pytest.mark.parametrize(("order", "error", "message"), BAD_ORDERS, ids=[m for *_, m in BAD_ORDERS])
def test_bad_orders(order, error, message):
    with pytest.raises(error, match=f"^plackett_luce: order .*{message}"):
        orders.plackett_luce(torch.zeros(3), order)


def test_bad_plackett_luce_logits():
    with pytest.raises(ValueError, match=r"^plackett_luce: logits needs a finite largest entry"):
        orders.plackett_luce(torch.tensor([math.nan, 0.0]), torch.tensor([0]))


# Permanents and matchings


def test_permanents_that_are_known():
    assert orders.permanent(torch.eye(6)) == 1
    for n in (1, 4, 8):
        ones = orders.permanent(torch.ones(n, n))
        assert abs(ones - math.factorial(n)) < 1e-11 * math.factorial(n)
    # Zeros on the diagonal leave the permutations that move everything: 44 of 5.
    assert abs(orders.permanent(1 - torch.eye(5)) - 44) < 1e-11
    assert orders.permanent(torch.tensor([[1.0, 2.0], [3.0, 4.0]])) == 10
    assert orders.permanent(torch.tensor([[2.0, 3.0], [0.0, 0.0]])) == 0


@pytest.mark.parametrize("n", [1, 2, 5, 6])
def test_permanent_by_enumeration(n, gen):
    matrix = noise.normal((n, n), generator=gen, dtype=F64)
    rows = torch.arange(n)
    products = torch.stack([matrix[rows, sigma].prod() for sigma in orders.ordered_subsets(n, n)])
    assert abs(orders.permanent(matrix) - products.sum()) < 1e-12 * products.abs().sum() + 1e-13 * 2**n


def test_the_gibbs_law(gen):
    scores = 2 * noise.normal((4, 4), generator=gen, dtype=F64)
    matrices, log_p = orders.permutations(4), orders.matching_log_probs(scores)
    assert abs(log_p.exp().sum() - 1) < 1e-14
    # Ryser's formula knows nothing of the list of permutations.
    total = orders.permanent(scores.exp())
    want = torch.einsum("ij,pij->p", scores, matrices) - total.log()
    assert torch.allclose(log_p, want, rtol=0, atol=1e-11)
    two = torch.tensor([[1.0, 0.2], [-0.3, 0.6]], dtype=F64)
    cross = two[0, 0] + two[1, 1] - two[0, 1] - two[1, 0]
    assert torch.allclose(orders.matching_marginals(two)[0, 0], torch.sigmoid(cross), rtol=0, atol=1e-15)


def test_marginals_are_the_slope_of_the_log_permanent(gen):
    scores = noise.normal((5, 5), generator=gen, dtype=F64).requires_grad_()
    (slope,) = torch.autograd.grad(orders.permanent(scores.exp()).log(), scores)
    marginals = orders.matching_marginals(scores)
    assert torch.allclose(marginals, slope, rtol=0, atol=1e-12)
    for axis in (0, 1):
        assert torch.allclose(marginals.sum(axis), torch.ones(5, dtype=F64), rtol=0, atol=1e-14)
    assert gradcheck(orders.matching_marginals, (scores,))


def test_shifting_a_row_or_a_column_changes_no_matching(gen):
    scores = noise.normal((4, 4), generator=gen, dtype=F64)
    shifted = scores + 100 * torch.arange(4)[:, None] - 30 * torch.arange(4)
    assert torch.allclose(
        orders.matching_log_probs(scores), orders.matching_log_probs(shifted), rtol=0, atol=1e-11
    )


def test_two_by_two_perturbed_matchings_are_not_gibbs():
    # For n = 2 the winner depends on the sum of two logistic variables; its law, by quadrature.
    cross = 2.0

    def stays(u):
        return torch.sigmoid(cross + torch.logit(u))[:, 0]

    ends = [10.0**-k for k in range(1, 15)] + [1 - 10.0**-k for k in range(1, 11)]
    p = oracles.uniform_expectation(stays, breaks=ends)
    w = math.exp(-cross)
    assert abs(p.value - (1 - w * (cross - 1 + w) / (1 - w) ** 2)) < 1e-12, "the closed form"
    scores = torch.tensor([[1.0, 0.0], [0.0, 1.0]], dtype=F64)
    assert abs(p.value - orders.matching_marginals(scores)[0, 0]) > 0.05


BAD = [
    (orders.ordered_subsets, (3, 4), ValueError, "k must be at most n = 3, got 4"),
    (orders.ordered_subsets, (0, 1), ValueError, "n must be a whole number >= 1, got 0"),
    (orders.ordered_subsets, (3, 0), ValueError, "k must be a whole number >= 1, got 0"),
    (orders.ordered_subsets, (3, 1.5), TypeError, "k must be a whole number >= 1, got 1.5"),
    (orders.ordered_subsets, (True, 1), TypeError, "n must be a whole number >= 1, got True"),
    (orders.ordered_subsets, (40, 5), ValueError, "at most 1048576 orders are listed, got n = 40 and k = 5"),
    (orders.permutations, (0,), ValueError, "n must be a whole number >= 1, got 0"),
    (orders.permutations, (10,), ValueError, "n must be at most 9, got 10"),
    (orders.permutations, (10**9,), ValueError, "n must be at most 9, got 1000000000"),
    (orders.permanent, (torch.zeros(2, 3),), ValueError, r"matrix must have shape \[n, n\]"),
    (orders.permanent, (torch.zeros(0, 0),), ValueError, r"matrix must have shape \[n, n\]"),
    (orders.permanent, (torch.zeros(13, 13),), ValueError, "matrix must have at most 12 columns, got 13"),
    (orders.permanent, (torch.tensor([[INF]]),), ValueError, "matrix must be finite"),
    (orders.permanent, ([[1.0]],), TypeError, "matrix must be a tensor, got list"),
    (orders.matching_log_probs, (torch.zeros(10, 10),), ValueError, "n must be at most 9, got 10"),
    (orders.matching_marginals, (torch.tensor([[math.nan]]),), ValueError, "scores must be finite"),
]


@pytest.mark.parametrize(("function", "args", "error", "message"), BAD, ids=[m for *_, m in BAD])
def test_bad_arguments(function, args, error, message):
    with pytest.raises(error, match=rf"^\w+: .*{message}"):
        function(*args)
