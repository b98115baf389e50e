"""The exercises that check themselves: what is right passes, and each known slip is told by its own hint."""

import math
import re

import nbformat
import pytest
import torch
from test_book import LESSONS, prose

from reparam import exercises
from reparam.exercises import EXERCISES, NotYetError, given
from reparam.exercises.verdict import Exercise

DOUBLE = Exercise(
    inputs=lambda g: (given.normal(g, 3),),
    truth=lambda x: 2 * x,
    matched="twice the input, by hand",
    slips={"This is the square.": lambda x: x**2},
)
SEEDS = (0, 1, 20_261_121)


@pytest.fixture
def double(monkeypatch):
    monkeypatch.setitem(EXERCISES, "double", DOUBLE)
    return lambda answer: exercises.check("double", answer)


def told(ask, answer):
    with pytest.raises(NotYetError) as caught:
        ask(answer)
    return str(caught.value)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("name", EXERCISES)
def test_every_slip_is_told_by_its_own_hint(name, seed):
    exercise = EXERCISES[name]
    assert exercise.slips
    for hint, slip in exercise.slips.items():
        with pytest.raises(NotYetError) as caught:
            exercises.check(name, slip, seed=seed)
        assert str(caught.value) == hint
        assert re.fullmatch(r"[A-Z].*[.?]", hint), "a hint is a sentence"


def solutions(path):
    """Return each checked function of a chapter by name, as the folded solutions define it."""
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type == "code" and "\ncheck(" in cell.source:
            call = re.search(r'^check\("([\w-]+)", (\w+)\)$', cell.source, re.M)
            yield call[1], call[2], cell.source


SOLVED = {name: (path, answer, code) for path in LESSONS for name, answer, code in solutions(path)}


def test_every_exercise_is_asked_in_one_chapter():
    assert SOLVED.keys() == EXERCISES.keys()


@pytest.mark.parametrize("name", SOLVED)
def test_the_solution_has_the_form_that_the_exercise_asks_for(name):
    path, answer, code = SOLVED[name]
    assert answer == name.replace("-", "_")
    block = re.search(rf":::\{{exercise\}}[^\n]*\n:label: ex-{name}\n.*?\n:::", prose(path), re.S)[0]
    skeleton = re.search(r"```python\n(.*?)```", block, re.S)[1]
    first = re.search(r"^def .*:", skeleton, re.M)[0]
    assert first in code.splitlines()
    assert f'\n    ...\n\ncheck("{name}", {answer})\n' in skeleton
    assert ":::{solution-start} ex-" + name in prose(path), "the solution's code must be folded"


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("name", SOLVED)
def test_the_solution_is_right_on_other_inputs_too(name, seed):
    _, answer, code = SOLVED[name]
    names = {"check": exercises.check, "torch": torch, "math": math, "F": torch.nn.functional}
    exec(code, names)
    exercises.check(name, names[answer], seed=seed)


@pytest.mark.parametrize("name", EXERCISES)
def test_what_is_right_does_not_depend_on_the_call(name):
    first, second = EXERCISES[name].truth_at(0), EXERCISES[name].truth_at(0)
    other = EXERCISES[name].truth_at(1)
    for part, value in first.items():
        assert torch.equal(value, second[part])
        assert value.isfinite().all()
    numbers = {part: value for part, value in first.items() if value.dtype != torch.bool}
    assert not numbers or any(not torch.equal(value, other[part]) for part, value in numbers.items())


def test_a_right_answer_prints_the_number_that_it_matched(double, capsys):
    double(lambda x: x + x)
    right = ", ".join(f"{v:.4f}" for v in DOUBLE.truth_at(0)["The answer"])
    assert capsys.readouterr().out == f"Right. twice the input, by hand: {right}\n"


def test_a_wrong_answer_is_told_where_but_not_what(double):
    assert told(double, lambda x: x**2) == "This is the square."
    assert "shape (1,), expected (3,)" in told(double, lambda x: x[:1])
    said = told(double, lambda x: torch.cat([2 * x[:2], 9 + x[2:]]))
    assert "1 of 3 numbers differ" in said
    assert "at [2], too large" in said
    assert f"{DOUBLE.truth_at(0)['The answer'][2]:.3g}" not in said
    assert "is None: the function needs a body" in told(double, lambda x: None)
    assert "must be a tensor, got str" in told(double, lambda x: "six")
    assert "not a number at [0]" in told(double, lambda x: x * torch.nan)
    assert "keep the dtype" in told(double, lambda x: (2 * x).half())
    assert "draws noise of its own" in told(double, lambda x: 2 * x + torch.rand(3))


def test_an_error_of_the_reader_is_shown_as_it_is(double):
    with pytest.raises(ZeroDivisionError):
        double(lambda x: 1 / 0)


def test_an_answer_may_spoil_its_inputs(double):
    double(lambda x: x.mul_(2))


def test_the_message_of_a_notebook_has_no_traceback():
    assert NotYetError("The sign.")._render_traceback_() == ["Not yet. The sign."]


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(KeyError, match="nearly-hard"):
        exercises.check("nearly-soft", lambda: None)
    with pytest.raises(TypeError, match="must be a function"):
        exercises.check("nearly-hard", 0.3)
