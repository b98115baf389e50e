"""Exact laws of orders and matchings, for sizes at which all of them can be listed.

An order is a list of distinct indices, best first; a matching is a permutation matrix, row
``i`` going to column ``j`` where the entry is 1. Lists are refused above 2**20 entries.
"""

import math
from itertools import permutations as _permutations

import torch
from torch import Tensor
from torch.nn import functional as F

from reparam import checks

__all__ = [
    "matching_log_probs",
    "matching_marginals",
    "ordered_subsets",
    "permanent",
    "permutations",
    "plackett_luce",
]

MOST_ORDERS = 2**20
MOST_COLUMNS = 12


def ordered_subsets(n: int, k: int) -> Tensor:
    r"""List all ordered choices of ``k`` different indices out of ``n``.

    Args:
        n: how many there are, ``>= 1``.
        k: how many are chosen, from 1 to ``n``.

    Returns:
        ``[n! / (n - k)!, k]`` indices (int64), in lexicographic order.

    Raises:
        TypeError: an argument is not a whole number.
        ValueError: ``k`` exceeds ``n``; there are more than 2**20 of them.
    """
    checks.count("ordered_subsets", "n", n)
    checks.count("ordered_subsets", "k", k)
    if k > n:
        raise ValueError(f"ordered_subsets: k must be at most n = {n}, got {k}")
    if math.perm(n, k) > MOST_ORDERS:
        raise ValueError(
            f"ordered_subsets: at most {MOST_ORDERS} orders are listed, got n = {n} and k = {k}, "
            f"which have {math.perm(n, k)}"
        )
    return torch.tensor(list(_permutations(range(n), k)))


def permutations(n: int) -> Tensor:
    r"""List all permutation matrices of size ``n``.

    Args:
        n: size, ``>= 1``; 9 is the largest that is listed.

    Returns:
        ``[n!, n, n]`` float64 matrices of 0 and 1, in the order of ``ordered_subsets(n, n)``.

    Raises:
        TypeError: ``n`` is not a whole number.
        ValueError: ``n`` is below 1 or too large.
    """
    checks.count("permutations", "n", n)
    if math.factorial(min(n, 20)) > MOST_ORDERS:
        raise ValueError(f"permutations: n must be at most 9, got {n}")
    return F.one_hot(ordered_subsets(n, n), n).double()


def plackett_luce(logits: Tensor, order: Tensor) -> Tensor:
    r"""Return the log-probability of drawing ``order`` one after another without replacement.

    .. math:: \log p(o) = \sum_{i=1}^k \Big( \ell_{o_i} - \log \sum_{j \notin \{o_1, \dots, o_{i-1}\}} e^{\ell_j} \Big)

    Args:
        logits: ``[..., n]`` unnormalised log-probabilities :math:`\ell`.
        order: ``[..., k]`` distinct indices (int64), first drawn first, with the leading sizes of ``logits``.

    Returns:
        ``[...]`` nats, differentiable in ``logits``; ``-inf`` for an order that holds a category
        of probability zero.

    Raises:
        TypeError: ``logits`` is not a floating-point tensor, or ``order`` not an int64 tensor.
        ValueError: a row of logits has no finite largest entry; the leading sizes differ; an
            index is out of range or occurs twice in a row.

    Source: Plackett (1975).
    """
    checks.logits("plackett_luce", "logits", logits)
    if not isinstance(order, Tensor) or order.dtype != torch.int64:
        got = order.dtype if isinstance(order, Tensor) else type(order).__name__
        raise TypeError(f"plackett_luce: order must be an int64 tensor, got {got}")
    n = logits.shape[-1]
    if order.ndim == 0 or order.shape[:-1] != logits.shape[:-1] or not 1 <= order.shape[-1] <= n:
        raise ValueError(
            f"plackett_luce: order must have shape [..., k] with the leading sizes of logits and "
            f"1 <= k <= {n}, got {tuple(order.shape)} for logits of shape {tuple(logits.shape)}"
        )
    if ((order < 0) | (order >= n)).any():
        raise ValueError(
            f"plackett_luce: order must hold indices from 0 to {n - 1}, got values from "
            f"{order.min().item()} to {order.max().item()}"
        )
    repeated = (F.one_hot(order, n).sum(-2) > 1).any(-1)
    if repeated.any():
        row = repeated.nonzero()[0].tolist()
        raise ValueError(
            f"plackett_luce: order must not repeat an index, got {order[tuple(row)].tolist()} in row {row}"
        )
    # An impossible order takes a detour over equal logits: logsumexp of nothing has a NaN gradient.
    possible = logits.detach().gather(-1, order).isfinite().all(-1)
    left = torch.where(possible[..., None], logits, 0.0)
    log_p = torch.zeros_like(left[..., 0])
    for index in order.split(1, -1):
        log_p = log_p + (left.gather(-1, index) - left.logsumexp(-1, keepdim=True)).squeeze(-1)
        left = left.scatter(-1, index, -math.inf)
    return torch.where(possible, log_p, -math.inf)


def _square(function: str, name: str, value: Tensor) -> int:
    checks.tensor(function, name, value)
    if value.ndim != 2 or not value.shape[0] == value.shape[1] >= 1:
        raise ValueError(
            f"{function}: {name} must have shape [n, n] with n >= 1, got shape {tuple(value.shape)}"
        )
    checks.numbers(function, **{name: value})
    return len(value)


def permanent(matrix: Tensor) -> Tensor:
    r"""Return the permanent by Ryser's formula, a sum over the :math:`2^n` sets of columns.

    .. math:: \mathrm{per}(A) = \sum_\sigma \prod_i a_{i \sigma(i)}
        = \sum_{S} (-1)^{n - |S|} \prod_i \sum_{j \in S} a_{ij}

    Args:
        matrix: ``[n, n]`` finite, ``n`` at most 12.

    Returns:
        a float64 scalar, differentiable in ``matrix``.

    Raises:
        TypeError: ``matrix`` is not a floating-point tensor.
        ValueError: it is not square, not finite or too large.

    Source: Ryser (1963).
    """
    n = _square("permanent", "matrix", matrix)
    if n > MOST_COLUMNS:
        raise ValueError(f"permanent: matrix must have at most {MOST_COLUMNS} columns, got {n}")
    sets = (torch.arange(1, 2**n)[:, None] >> torch.arange(n)) & 1
    signs = 1.0 - 2.0 * ((n - sets.sum(-1)) % 2).double()
    return (signs * (sets.double() @ matrix.double().T).prod(-1)).sum()


def matching_log_probs(scores: Tensor) -> Tensor:
    r"""Return the Gibbs law of matchings, :math:`\log p(P) = \langle X, P \rangle - \log \mathrm{per}(e^X)`.

    Args:
        scores: ``[n, n]`` finite scores :math:`X`, ``n`` at most 9.

    Returns:
        ``[n!]`` float64 log-probabilities in the order of :func:`permutations`, differentiable.

    Raises:
        TypeError: ``scores`` is not a floating-point tensor.
        ValueError: it is not square, not finite or too large.
    """
    n = _square("matching_log_probs", "scores", scores)
    return torch.tensordot(permutations(n), scores.double(), dims=2).log_softmax(0)


def matching_marginals(scores: Tensor) -> Tensor:
    r"""Return how likely each pair is matched under the Gibbs law, :math:`\sum_P p(P)\, P`.

    Arguments and errors are those of :func:`matching_log_probs`.

    Returns:
        ``[n, n]`` float64; rows and columns sum to 1.
    """
    log_p = matching_log_probs(scores)
    return torch.tensordot(log_p.exp(), permutations(len(scores)), dims=1)
