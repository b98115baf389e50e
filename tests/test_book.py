"""What every chapter promises the reader, held by reading the notebooks (they run elsewhere)."""

import ast
import importlib.util
import itertools
import re
import statistics
import tomllib
from pathlib import Path

import nbformat
import pytest

from reparam import palette, widgets

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS = sorted((ROOT / "chapters").glob("*.ipynb"))
LESSONS = [path for path in NOTEBOOKS if path.stem not in ("index", "notation")]

_spec = importlib.util.spec_from_file_location("notebooks", ROOT / "book" / "notebooks.py")
notebooks = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(notebooks)


def read(path):
    return nbformat.read(path, as_version=4)


def prose(path):
    return "\n\n".join(cell.source for cell in read(path).cells if cell.cell_type == "markdown")


def code_cells(path):
    return [cell for cell in read(path).cells if cell.cell_type == "code"]


def code(path):
    return "\n\n".join(cell.source for cell in code_cells(path))


def lines(cell):
    return sum(bool(line.strip()) for line in cell.source.splitlines())


def name(path):
    return path.stem


def test_there_are_chapters():
    assert len(LESSONS) >= 3


@pytest.mark.parametrize("path", NOTEBOOKS, ids=name)
def test_a_notebook_is_committed_clean(path):
    assert notebooks.dumps(notebooks.clean(read(path))) == path.read_text(), (
        "run: python book/notebooks.py record"
    )


@pytest.mark.parametrize("path", NOTEBOOKS, ids=name)
def test_printed_numbers_are_recorded(path):
    for cell in code_cells(path):
        if "nbval-check-output" in cell.metadata.get("tags", []):
            assert "print(" in cell.source, f"a checked cell prints nothing:\n{cell.source}"
            assert cell.outputs, f"not recorded:\n{cell.source}"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=name)
def test_cells_are_thin(path):
    counts = [lines(cell) for cell in code_cells(path)]
    assert max(counts) <= 20
    assert statistics.median(counts) <= 6


@pytest.mark.parametrize("path", NOTEBOOKS, ids=name)
def test_shown_code_fits_the_page(path):
    for cell in code_cells(path):
        if "remove-input" not in cell.metadata.get("tags", []):
            shown = [line for line in cell.source.splitlines() if not line.startswith("from ")]
            assert max(map(len, shown)) <= 88, cell.source


@pytest.mark.parametrize("path", NOTEBOOKS, ids=name)
def test_no_hidden_state(path):
    text = code(path)
    assert "import *" not in text
    assert "manual_seed(" not in re.sub(r"Generator\(\w*\)\.manual_seed", "", text), (
        "seed a generator, not the world"
    )
    assert "%" not in "".join(line[:1] for line in text.splitlines()), "no magics"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=name)
def test_every_figure_has_caption_and_alternative_text(path):
    for cell in code_cells(path):
        if "plt.subplots" in cell.source:
            about = cell.metadata.get("mystnb", {})
            assert len(about.get("image", {}).get("alt", "")) > 40, cell.source
            assert about.get("figure", {}).get("caption"), cell.source
    for directive in re.findall(r"```\{figure\}.*?```", prose(path), re.S):
        assert re.search(r":alt: .{40,}", directive), directive


@pytest.mark.parametrize("path", LESSONS, ids=name)
def test_a_lesson_has_its_rhythm(path):
    text, program = prose(path), code(path)
    assert "**The question.**" in text
    assert 'kind="predict"' in program, "no prediction"
    assert re.search(r"^## Break it", text, re.M), "nothing is broken"
    assert re.search(r"^## The answer", text, re.M)
    assert re.search(r"^## Check yourself", text, re.M)
    assert "Cards(" in program
    pictures = "|".join(sorted(set(widgets.__all__) - {"Quiz", "Cards", "Deck"}))
    assert re.search(rf"^(?:\w+ = )?({pictures})\(", program, re.M), "no live widget"
    assert program.count("assert ") >= 5, "claims without checks"


@pytest.mark.parametrize("path", LESSONS, ids=name)
def test_every_exercise_has_a_folded_solution(path):
    text = prose(path)
    exercises = re.findall(r":::\{exercise\}.*?\n:label: (\S+)", text)
    solutions = re.findall(r":::\{solution(?:-start)?\} (\S+)\n:label: \S+\n:class: dropdown\n", text)
    assert len(exercises) >= 2
    assert exercises == solutions
    assert text.count(":::{solution-start}") == text.count("\n:::{solution-end}\n:::")


@pytest.mark.parametrize("path", LESSONS, ids=name)
def test_exercises_have_three_levels_and_fold_all_of_a_solution(path):
    blocks = re.findall(r":::\{exercise\}[^\n]*\n:label: \S+\n\n(.*?)\n:::", prose(path), re.S)
    levels = [re.match(r"\*\*(Warm-up|Core|Stretch)\.\*\* ", block)[1] for block in blocks]
    assert levels == sorted(levels, key=["Warm-up", "Core", "Stretch"].index)
    assert set(levels) == {"Warm-up", "Core", "Stretch"}
    assert any(level == "Core" and "check(" in block for level, block in zip(levels, blocks, strict=True))
    section, folded = False, False
    for cell in read(path).cells:
        if cell.cell_type == "markdown":
            section = "## Exercises" in cell.source or (section and not re.search("^## ", cell.source, re.M))
            for gate in re.findall(r":::\{solution-(start|end)\}", cell.source):
                folded = gate == "start"
        assert not (section and cell.cell_type == "code") or folded, f"shown below a fold:\n{cell.source}"


@pytest.mark.parametrize("path", LESSONS, ids=name)
def test_a_prediction_comes_before_its_result(path):
    cells = code_cells(path)
    predictions = [i for i, cell in enumerate(cells) if 'kind="predict"' in cell.source]
    for i in predictions:
        assert any("assert " in cell.source for cell in cells[i + 1 : i + 5]), cells[i].source


def questions(path):
    """Build each quiz of a chapter from its own words; a question needs nothing else of the notebook."""
    for cell in code_cells(path):
        for node in ast.walk(ast.parse(cell.source)) if "Quiz(" in cell.source else ():
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "Quiz":
                yield eval(ast.unparse(node), {"__builtins__": {}, "Quiz": widgets.Quiz})


@pytest.mark.parametrize("path", NOTEBOOKS, ids=name)
def test_questions_have_one_answer_and_a_word_on_each_mistake(path):
    for quiz in questions(path):
        if quiz.choices:
            assert sum(choice["correct"] for choice in quiz.choices) == 1, quiz.question
            assert len({choice["text"] for choice in quiz.choices}) == len(quiz.choices), quiz.question
            continue
        assert quiz.explanation, quiz.question
        assert quiz.hints, quiz.question
        reach = quiz.tolerance * (abs(quiz.answer) if quiz.relative else 1)
        wrong = sorted(value for value, _ in quiz.hints)
        assert all(abs(value - quiz.answer) > reach for value in wrong), f"a hint is right: {quiz.question}"
        gaps = [b - a for a, b in itertools.pairwise(wrong)]
        assert all(gap > reach for gap in gaps), f"two hints answer one number: {quiz.question}"


def test_every_chapter_is_in_the_table_of_contents():
    contents = (ROOT / "_toc.yml").read_text()
    for path in NOTEBOOKS:
        assert f"chapters/{path.stem}" in contents


def test_every_drawing_has_its_program_and_the_palette_of_today():
    programs = {path.stem for path in (ROOT / "figures").glob("*.py")}
    drawings = {path.stem: path.read_text() for path in (ROOT / "figures").glob("*.svg")}
    assert drawings.keys() == programs
    for stem, drawing in drawings.items():
        stale = set(re.findall(r"#[0-9a-f]{6}\b", drawing)) - set(palette.LIGHT.values())
        assert not stale, f"{stem}.svg has colours that the palette lacks; run: python figures/{stem}.py"


def test_one_version_everywhere():
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert f'__version__ = "{version}"' in (ROOT / "src/reparam/__init__.py").read_text()
    assert f"version: {version}" in (ROOT / "CITATION.cff").read_text()
    assert f"## {version}" in (ROOT / "CHANGELOG.md").read_text()
