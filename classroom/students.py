"""An nbgrader course of the chapters' exercises: ``python classroom/students.py --out _build/classroom [chapter ...]``.

``assignment`` holds the exercises of a chapter: what students get is made from it, and what only the instructor
has, the solutions and the tests on other inputs, is marked in it. ``course`` writes a folder that nbgrader
understands and, where nbgrader is installed, the release as well. Whole chapters without solutions, for a class
that is not graded, come with the site (``press.editions``).
"""

import argparse
import hashlib
import os
import re
import sys
from functools import cache
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "book"))

from press.exercises import ANSWER, Task, has_exercises, new_cell, pieces  # noqa: E402

CHAPTERS = ROOT / "chapters"
POINTS = {"Warm-up": 1, "Core": 3, "Stretch": 5}
SEEN = (
    1  # of the points of a checked exercise: the test that students can run; the others are for hidden inputs
)
CONFIG = """c = get_config()
c.CourseDirectory.course_id = "gradients-through-noise"
c.ClearSolutions.code_stub = {"python": "..."}
c.ClearSolutions.text_stub = "%s"
c.ExecutePreprocessor.timeout = 120
"""


@cache
def titles() -> dict[str, str]:
    """Return what the labels of theorems and the like stand for, from all chapters."""
    found = {}
    for path in CHAPTERS.glob("*.ipynb"):
        for cell in nbformat.read(path, as_version=4).cells:
            found |= {
                label: f"“{title}”"
                for title, label in re.findall(r":::\{prf:\w+\} *(.*)\n:label: (\S+)", cell.source)
                if title
            }
    return found


def plain(text: str, names: dict[str, str]) -> str:
    """Return Markdown that needs no Sphinx: references become words, links to pages their text."""
    text = re.sub(r"\{prf:ref\}`([\w-]+)`", lambda m: names.get(m[1], "the theorem of the chapter"), text)
    text = re.sub(r"\{eq\}`[\w-]+`", "the equation of the chapter", text)
    text = re.sub(r"\{numref\}`[\w-]+`", "the figure of the chapter", text)
    text = re.sub(r" ?\{cite:p\}`[^`]+`", "", text)
    text = re.sub(r"\{cite:t\}`([a-z]+)(\d+)[^`]*`", lambda m: f"{m[1].title()} et al. ({m[2]})", text)
    text = re.sub(r"\[\]\((?:\.\./)?([\w-]+)\.ipynb\)", lambda m: f"“{m[1].replace('-', ' ')}”", text)
    return re.sub(r"\{ref\}`[\w-]+`", "the section of the chapter", text)


def _graded(cell: NotebookNode, name: str, *, points: int = 0, solution: bool = False) -> NotebookNode:
    """Mark a cell for nbgrader: a solution to write, or a locked cell with points."""
    about = {"grade_id": name, "grade": points > 0, "solution": solution, "locked": not solution}
    cell.metadata["nbgrader"] = about | {"schema_version": 3, "task": False, "cell_type": cell.cell_type}
    if points:
        cell.metadata["nbgrader"]["points"] = points
    return cell


def hidden_seed(seed: int, name: str) -> int:
    """Return the seed of the hidden inputs of one exercise; 0 is the one that students see."""
    return 1 + int.from_bytes(hashlib.sha256(f"{seed}:{name}".encode()).digest()[:4])


def _tasks_for_nbgrader(task: Task, names: dict[str, str], seed: int) -> list[NotebookNode]:
    points = POINTS[task.level]
    question = f"### Exercise: {task.title}\n\n{task.text}\n\n*{points} point{'s' if points > 1 else ''}.*"
    cells = [_graded(new_cell(new_markdown_cell, plain(question, names), task.name), f"{task.name}-text")]
    if not task.skeleton:
        answer = new_cell(new_markdown_cell, plain(task.solution, names), f"{task.name}:answer")
        return [*cells, _graded(answer, task.name, points=points, solution=True)]
    head, _ = task.skeleton.split("    ...\n", 1)
    body = re.search(rf"^def {task.function}\(.*?\):\n(.*?)(?=^\S|\Z)", task.code, re.M | re.S)[1].rstrip()
    answer = f"{head}    ### BEGIN SOLUTION\n{body}\n    ### END SOLUTION"
    call = f'check("{task.name}", {task.function}'
    hidden = (
        "# The same on other inputs; what is tested is hidden until your work is graded.\n"
        "### BEGIN HIDDEN TESTS\nfrom reparam.exercises import check\n\n"
        f"{call}, seed={hidden_seed(seed, task.name)})\n### END HIDDEN TESTS"
    )
    tests = ((f"{call})", "seen", SEEN), (hidden, "hidden", points - SEEN))
    cells.append(_graded(new_cell(new_code_cell, answer, task.name), task.name, solution=True))
    for source, kind, worth in tests:
        cell = new_cell(new_code_cell, source, f"{task.name}:{kind}")
        cells.append(_graded(cell, f"{task.name}-{kind}", points=worth))
    return cells


def assignment(notebook: NotebookNode, *, seed: int) -> NotebookNode:
    """Return the instructor's notebook of a chapter's exercises, with solutions and hidden tests marked."""
    names, parts = titles(), pieces(notebook)
    title = next(re.search(r"^# (.+)$", p.source, re.M)[1] for p in parts if p.cell_type == "markdown")
    imports = next(p.source for p in parts if not isinstance(p, Task) and "from reparam" in p.source)
    lines = [line for line in imports.splitlines() if line.startswith(("import ", "from "))]
    start = "\n".join(line for line in lines if not re.search(r"matplotlib|widgets", line))
    opening = (
        f"# Exercises: {title}\n\nRead the chapter first. `check` compares your function with the truth."
    )
    cells = [new_cell(new_markdown_cell, opening, "opening"), new_cell(new_code_cell, start, "imports")]
    for piece in parts:
        if isinstance(piece, Task):
            cells += _tasks_for_nbgrader(piece, names, seed)
    return new_notebook(cells=cells, metadata=notebook.metadata)


def chapters() -> list[str]:
    """Return the names of the chapters that have exercises."""
    return sorted(p.stem for p in CHAPTERS.glob("*.ipynb") if has_exercises(p))


def course(out: Path, slugs: list[str], *, seed: int) -> None:
    """Write ``nbgrader_config.py`` and ``source/<chapter>/<chapter>.ipynb`` into a folder."""
    out.mkdir(parents=True, exist_ok=True)
    (out / "nbgrader_config.py").write_text(CONFIG % ANSWER)
    for slug in slugs:
        path = out / "source" / slug / f"{slug}.ipynb"
        path.parent.mkdir(parents=True, exist_ok=True)
        chapter = nbformat.read(CHAPTERS / f"{slug}.ipynb", as_version=4)
        nbformat.write(assignment(chapter, seed=seed), path)


def nbgrader_api(out: Path):
    """Return nbgrader's programming interface to a course."""
    from nbgrader.apps import NbGraderAPI  # installed for `make classroom`, not for the book
    from traitlets.config import PyFileConfigLoader

    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"  # it calls alembic
    config = PyFileConfigLoader("nbgrader_config.py", path=str(out)).load_config()
    config.CourseDirectory.root = str(out.resolve())
    return NbGraderAPI(config=config)


def release(out: Path, slugs: list[str]) -> bool:
    """Let nbgrader make what students get, in ``release/``; return whether it could for all."""
    api = nbgrader_api(out)
    results = {slug: api.generate_assignment(slug, force=True, create=True) for slug in slugs}
    for slug, result in results.items():
        if not result["success"]:
            print(f"{slug}: {result.get('error') or result.get('log')}", file=sys.stderr)
    return all(result["success"] for result in results.values())


def main(arguments: list[str]) -> int:
    """Write the course and its release."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("chapters", nargs="*", help="names of chapters; all when left out")
    parser.add_argument("--out", type=Path, required=True, help="the folder of the course")
    parser.add_argument("--seed", type=int, default=1, help="draws the hidden inputs; keep yours to yourself")
    options = parser.parse_args(arguments)
    unknown = set(options.chapters) - set(chapters())
    if unknown:
        parser.error(f"no chapter with exercises is called {', '.join(sorted(unknown))}")
    slugs = options.chapters or chapters()
    course(options.out, slugs, seed=options.seed)
    return 0 if release(options.out, slugs) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
