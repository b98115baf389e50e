"""schedules: their ends, their middles and their joints, all against arithmetic done by hand."""

import itertools
import math

import pytest

from reparam import schedules

SHARES = [k / 16 for k in range(17)]  # exact in binary


def test_ends_and_middles():
    assert [schedules.constant(0.3)(p) for p in SHARES] == [0.3] * 17
    assert [schedules.linear(1, 3)(p) for p in (0, 0.25, 0.5, 1)] == [1, 1.5, 2, 3]
    assert [schedules.exponential(8, 2)(p) for p in (0, 0.5, 1)] == pytest.approx([8, 4, 2])
    assert [schedules.cosine(4, 2)(p) for p in (0, 0.5, 1)] == pytest.approx([4, 3, 2])


def test_shapes_are_what_their_names_say():
    values = [schedules.exponential(1.0, 0.3)(p) for p in SHARES]
    ratios = [b / a for a, b in itertools.pairwise(values)]
    assert ratios == pytest.approx([0.3 ** (1 / 16)] * 16)
    falls = [schedules.cosine(1, 0)(p) for p in SHARES]
    assert all(a > b for a, b in itertools.pairwise(falls))
    assert [a + b for a, b in zip(falls, reversed(falls), strict=True)] == pytest.approx([1] * 17)
    assert schedules.cosine(1, 0)(1 / 3) == pytest.approx(0.75)  # (1 + cos 60 degrees) / 2


def test_then_joins_without_a_gap():
    warm = schedules.then(schedules.linear(0, 1), schedules.exponential(1, 0.25), at=0.25)
    assert [warm(p) for p in (0, 0.125, 0.25, 0.625, 1)] == pytest.approx([0, 0.5, 1, 0.5, 0.25])
    three = schedules.then(
        schedules.constant(1), schedules.then(schedules.constant(2), schedules.constant(3), at=0.5), at=0.5
    )
    assert [three(p) for p in (0, 0.49, 0.5, 0.74, 0.75, 1)] == [1, 1, 2, 2, 3, 3]


def test_burda_is_the_published_schedule():
    # One epoch a part: 1 epoch at 1e-3, 3 at 7e-4, 9 at 5e-4, ... 2187 at 1e-4 (their rates carry one decimal).
    rate = schedules.burda()
    epochs = [round(1e4 * rate(epoch / 3280), 6) for epoch in range(3280)]
    lengths = {value: epochs.count(value) for value in dict.fromkeys(epochs)}
    assert lengths == {10: 1, 7.2: 3, 5.2: 9, 3.7: 27, 2.7: 81, 1.9: 243, 1.4: 729, 1.0: 2187}
    assert epochs == sorted(epochs, reverse=True)
    assert rate(1.0) == 1e-4


def test_parse_reads_what_the_functions_build():
    for text, want in (
        ("0.5", schedules.constant(0.5)),
        ("1e-3", schedules.constant(1e-3)),
        ("constant:2", schedules.constant(2)),
        ("linear:0:1", schedules.linear(0, 1)),
        ("exponential:1.0:0.3", schedules.exponential(1, 0.3)),
        ("cosine:4e-3:0", schedules.cosine(4e-3, 0)),
        ("burda", schedules.burda()),
        ("linear:0:1@0.1, 1", schedules.then(schedules.linear(0, 1), schedules.constant(1), at=0.1)),
    ):
        assert [schedules.parse(text)(p) for p in SHARES] == [want(p) for p in SHARES]


def test_parts_end_at_shares_of_the_whole_run():
    schedule = schedules.parse("linear:0:1@0.25,constant:1@0.75,linear:1:3")
    assert [schedule(p) for p in (0, 0.125, 0.25, 0.5, 0.74)] == pytest.approx([0, 0.5, 1, 1, 1])
    assert [schedule(p) for p in (0.75, 0.875, 1)] == pytest.approx([1, 2, 3])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "a schedule is a number or one of constant:VALUE, linear:START:END"),
        ("exponential", "a schedule is a number or one of .*got 'exponential'"),
        ("exponential:1:2:3", "a schedule is a number or one of"),
        ("step:1:2", "a schedule is a number or one of .*burda; got 'step:1:2'"),
        ("exponential:1:x", "expected a number in 'exponential:1:x', got 'x'"),
        ("fast", "a schedule is a number or one of .*got 'fast'"),
        ("exponential:1:0", "exponential: end must be one finite number > 0, got 0.0"),
        ("cosine:nan:0", "cosine: start must be one finite number, got nan"),
        ("inf", "constant: value must be one finite number, got inf"),
        ("linear:0:1,1", "expected a number in 'linear:0:1', got ''"),
        ("1@0,2", "'1@0' must end at a share of the run between 0 and 1"),
        ("1@0.5,2@0.5,3", "'2@0.5' must end at a share of the run between 0.5 and 1"),
        ("1@0.5,2@1,3", "'2@1' must end"),
        ("1@nan,3", "'1@nan' must end"),
    ],
)
def test_text_that_cannot_be_read(text, message):
    with pytest.raises(ValueError, match=message):
        schedules.parse(text)


def test_bad_arguments():
    with pytest.raises(TypeError, match="parse: text must be a string, got 0"):
        schedules.parse(0)
    for build in (schedules.linear, schedules.cosine, schedules.exponential):
        for bad, error in (
            (math.inf, ValueError),
            (math.nan, ValueError),
            ("1", TypeError),
            (True, TypeError),
        ):
            with pytest.raises(error, match=f"^{build.__name__}: start must be one finite number"):
                build(bad, 1)
            with pytest.raises(error, match=f"^{build.__name__}: end must be one finite number"):
                build(1, bad)
    for bad in (0, 1, -0.1, math.nan):
        with pytest.raises(ValueError, match="then: at must"):
            schedules.then(schedules.constant(0), schedules.constant(1), at=bad)
