"""What a student gets has every question and no answer; in nbgrader's course the tests are of other inputs."""

import ast
import builtins
import importlib.util
import re
import sys
from pathlib import Path

import nbformat
import pytest

PATH = Path(__file__).resolve().parent.parent / "classroom" / "students.py"
_spec = importlib.util.spec_from_file_location("students", PATH)
students = importlib.util.module_from_spec(_spec)
sys.modules["students"] = students
_spec.loader.exec_module(students)

from press import exercises  # noqa: E402, found once students is loaded

CHAPTERS = students.chapters()


def chapter(slug):
    return nbformat.read(students.CHAPTERS / f"{slug}.ipynb", as_version=4)


def tasks(slug):
    return [piece for piece in exercises.pieces(chapter(slug)) if isinstance(piece, exercises.Task)]


@pytest.mark.parametrize("slug", CHAPTERS)
def test_a_student_gets_every_question_and_no_answer(slug):
    notebook = exercises.student(chapter(slug))
    nbformat.validate(notebook)
    text = "\n\n".join(cell.source for cell in notebook.cells)
    assert ":::{solution" not in text
    for task in tasks(slug):
        assert task.text in text
        assert task.skeleton in text
        assert task.solution
        assert task.solution not in text
        body = [line for line in task.code.splitlines() if line.startswith("    ")]
        assert bool(body) == bool(task.skeleton), "a skeleton and its solution come together"
        assert not body or "\n".join(body) not in text


@pytest.mark.parametrize("slug", CHAPTERS)
def test_the_rest_of_the_chapter_is_as_it_was(slug):
    whole = chapter(slug).cells
    kept = exercises.student(chapter(slug)).cells
    first = next(i for i, cell in enumerate(whole) if ":::{exercise}" in cell.source)
    last = next(i for i, cell in enumerate(reversed(whole)) if ":::{" in cell.source)
    assert kept[:first] == whole[:first]
    assert kept[len(kept) - last :] == whole[len(whole) - last :]


def names(cells, kind):
    """Return the names that code cells bind (``ast.Store``) or read (``ast.Load``)."""
    nodes = [node for cell in cells if cell.cell_type == "code" for node in ast.walk(ast.parse(cell.source))]
    found = {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, kind)}
    if kind is ast.Store:
        found |= {node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.ClassDef)}
        found |= {node.arg for node in nodes if isinstance(node, ast.arg)}
        found |= {(node.asname or node.name).split(".")[0] for node in nodes if isinstance(node, ast.alias)}
    return found


@pytest.mark.parametrize("slug", CHAPTERS)
def test_nothing_that_stays_needs_what_a_solution_defined(slug):
    kept = exercises.student(chapter(slug)).cells
    assert names(kept, ast.Load) <= names(kept, ast.Store) | set(dir(builtins))


@pytest.mark.parametrize("slug", CHAPTERS)
def test_an_assignment_marks_answers_and_hidden_tests(slug):
    notebook = students.assignment(chapter(slug), seed=3)
    nbformat.validate(notebook)
    marks = [cell.metadata.nbgrader for cell in notebook.cells if "nbgrader" in cell.metadata]
    assert len({mark.grade_id for mark in marks}) == len(marks)
    assert sum(mark.get("points", 0) for mark in marks) == sum(students.POINTS[t.level] for t in tasks(slug))
    for cell in notebook.cells:
        assert not re.search(r"\{[\w:]+\}`|^:::", cell.source, re.M), (
            "markup that a plain notebook cannot show"
        )
        if "seed=" in cell.source and cell.cell_type == "code":
            start, rest = cell.source.split("### BEGIN HIDDEN TESTS")
            assert "seed=" not in start
            assert rest.endswith("### END HIDDEN TESTS")
    hidden = [students.hidden_seed(seed, task.name) for task in tasks(slug) for seed in (3, 4)]
    assert len(set(hidden)) == len(hidden)
    assert 0 not in hidden, "the inputs that students see"
    checked = [task for task in tasks(slug) if task.skeleton]
    assert checked
    answers = [c.source for c in notebook.cells if c.get("metadata", {}).get("nbgrader", {}).get("solution")]
    for task in checked:
        (answer,) = [a for a in answers if a.startswith(f"def {task.function}(")]
        outside = re.sub(r" *### BEGIN SOLUTION\n.*?\n *### END SOLUTION", "    ...", answer, flags=re.S)
        assert task.skeleton.startswith(outside)
        exec(answer, {})  # the marks do not break the function


def test_a_chapter_that_is_not_there_is_named(capsys, tmp_path):
    with pytest.raises(SystemExit):
        students.main(["--out", str(tmp_path), "temprature"])
    assert "temprature" in capsys.readouterr().err
