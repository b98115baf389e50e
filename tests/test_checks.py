"""checks: one sentence with the function, the argument, what it got and what is allowed; silence otherwise."""

import math
from fractions import Fraction

import numpy as np
import pytest
import torch

from reparam import checks


@pytest.mark.parametrize(
    "good", [1, 0.5, 1e-37, 1e300, np.float32(0.1), torch.tensor(0.5), torch.tensor(2.0).double()]
)
def test_positive_accepts(good):
    assert checks.positive("f", "tau", good) is None


@pytest.mark.parametrize(
    ("bad", "error"),
    [
        (0, ValueError), (-0.0, ValueError), (-1, ValueError), (math.inf, ValueError), (math.nan, ValueError),
        (1e-39, ValueError), (10**400, ValueError), (True, TypeError), ("1", TypeError), (None, TypeError),
        (1j, TypeError), (torch.tensor([1.0]), TypeError), (torch.tensor(1), TypeError),
        (torch.tensor(0.0), ValueError),
    ],
    ids=lambda v: repr(v)[:20],
)  # fmt: skip
def test_positive_refuses(bad, error):
    with pytest.raises(error, match=r"^f: tau must be one finite number > 0, got "):
        checks.positive("f", "tau", bad)


def test_count():
    for good in (1, np.int64(3)):
        assert checks.count("f", "n", good) is None
    assert checks.count("f", "n", 0, at_least=0) is None
    for bad, error in (
        (0, ValueError),
        (-1, ValueError),
        (True, TypeError),
        (1.0, TypeError),
        ("1", TypeError),
    ):
        with pytest.raises(error, match=rf"^f: n must be a whole number >= 1, got {bad!r}"):
            checks.count("f", "n", bad)
    with pytest.raises(TypeError):
        checks.count("f", "n", Fraction(3, 2))


def test_tensor():
    assert checks.tensor("f", "x", torch.zeros(0)) is None
    with pytest.raises(TypeError, match=r"^f: x must be a tensor, got list; try torch.tensor\(\[1\]\)"):
        checks.tensor("f", "x", [1])
    with pytest.raises(TypeError, match=r"^f: x must be a tensor, got ndarray; try a tensor"):
        checks.tensor("f", "x", np.zeros(2))
    with pytest.raises(
        TypeError, match=r"^f: x must have a floating-point dtype, got torch.int64; try x.float\(\)"
    ):
        checks.tensor("f", "x", torch.tensor([1]))


def test_logits_accepts_what_has_a_largest_entry():
    for good in (
        torch.zeros(1),
        torch.zeros(0, 3),
        torch.tensor([[0.0, -math.inf]]),
        torch.zeros(2, 3).half(),
    ):
        assert checks.logits("f", "logits", good) is None


def test_a_long_row_is_shortened():
    row = torch.zeros(1000)
    row[3] = math.nan
    with pytest.raises(ValueError, match="nan") as caught:
        checks.logits("f", "logits", row)
    assert len(str(caught.value)) < 400


def test_finite():
    assert checks.finite("f", a=torch.zeros(3), b=torch.zeros(0)) is None
    with pytest.raises(checks.NotFiniteError, match=r"^f: not finite: b, c; lower the learning rate"):
        checks.finite("f", a=torch.zeros(2), b=torch.tensor([1.0, math.nan]), c=torch.tensor(math.inf))
    with pytest.raises(FloatingPointError):
        checks.finite("f", a=torch.tensor(-math.inf))


def test_unit_interval():
    for good in (torch.tensor([0.0, 1.0]), torch.zeros(0), torch.rand(3, generator=torch.Generator()).half()):
        assert checks.unit_interval("f", "x", good) is None
    for bad in (1.0001, -1e-9, math.nan, math.inf):
        with pytest.raises(ValueError, match=r"^f: x must lie in \[0, 1\], got values from"):
            checks.unit_interval("f", "x", torch.tensor([0.5, bad]))


def test_checks_do_not_break_a_trace():
    # While torch.compile traces, values are unknown: only the checks of types and shapes run.
    explain = torch.compiler.is_compiling
    torch.compiler.is_compiling = lambda: True
    try:
        nan = torch.full((2, 2), math.nan)
        checks.logits("f", "x", nan)
        checks.scale("f", "x", nan, zero=False)
        checks.unit_interval("f", "x", nan)
        checks.finite("f", x=nan)
        checks.positive("f", "x", torch.tensor(math.nan))
        with pytest.raises(TypeError):
            checks.logits("f", "x", [1.0])
    finally:
        torch.compiler.is_compiling = explain


def test_open_interval():
    for good in (torch.tensor([1e-45, 1 - 2.0**-24]), torch.zeros(0), torch.tensor(0.5)):
        assert checks.open_interval("f", "u", good) is None
    for bad in (0.0, 1.0, -0.1, math.nan, math.inf):
        with pytest.raises(ValueError, match=r"^f: u must lie strictly in \(0, 1\), got values from"):
            checks.open_interval("f", "u", torch.tensor([0.5, bad]))
    with pytest.raises(TypeError, match=r"^f: u must be a tensor, got float"):
        checks.open_interval("f", "u", 0.5)


def test_numbers_names_the_first_that_is_none():
    checks.numbers("f", a=torch.tensor([6e4, 6e4], dtype=torch.float16))  # whose sum overflows
    for value, said in ((math.nan, "nan"), (-math.inf, "-inf")):
        with pytest.raises(ValueError, match=rf"f: b must be finite, got {said} at \[1, 0\]"):
            checks.numbers("f", a=torch.ones(1), b=torch.tensor([[1.0], [value]]))
    with pytest.raises(TypeError, match="f: b must be a tensor, got list"):
        checks.numbers("f", b=[1.0])


def test_number():
    checks.number("f", "a", -3)
    checks.number("f", "a", 0, at_least=0)
    for bad in (True, "1", None, torch.tensor(1.0)):
        with pytest.raises(TypeError, match="f: a must be one finite number >= 0, got"):
            checks.number("f", "a", bad, at_least=0)
    for bad in (math.nan, math.inf, -1):
        with pytest.raises(ValueError, match="f: a must be one finite number >= 0, got"):
            checks.number("f", "a", bad, at_least=0)


def test_one_of():
    assert checks.one_of("f", "way", "b", ("a", "b")) is None
    for bad in ("c", None, 1):
        with pytest.raises(ValueError, match=rf"^f: way must be one of a, b, got {bad!r}"):
            checks.one_of("f", "way", bad, ("a", "b"))


def test_pixels():
    assert checks.pixels("f", "x", torch.ones(2, 3), torch.float32) is None
    for bad, error, says in (
        (torch.full((2, 3), 255.0), ValueError, r"must lie in \[0, 1\].*divide by 255\?"),
        (
            torch.ones(2, 3).double(),
            TypeError,
            "must have the model's dtype torch.float32, got torch.float64",
        ),
        (torch.ones(3), ValueError, r"must have shape \[N, D\] with N >= 1, got shape \(3,\)"),
        (torch.ones(0, 3), ValueError, r"must have shape \[N, D\] with N >= 1, got shape \(0, 3\)"),
    ):
        with pytest.raises(error, match=f"^f: x {says}"):
            checks.pixels("f", "x", bad, torch.float32)
