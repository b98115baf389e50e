"""Notebooks for students, from the chapters: ``python classroom/students.py --out _build/classroom [chapter ...]``.

``student`` is a whole chapter with room for the answers: exercises become cells, solutions are gone.
``assignment`` holds the exercises alone, for nbgrader: what students get is made from it, and what
only the instructor has, the solutions and the tests on other inputs, is marked in it. ``course``
writes a folder that nbgrader understands and, where nbgrader is installed, the release as well.
"""

import argparse
import hashlib
import os
import re
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

CHAPTERS = Path(__file__).resolve().parent.parent / "chapters"
POINTS = {"Warm-up": 1, "Core": 3, "Stretch": 5}
SEEN = (
    1  # of the points of a checked exercise: the test that students can run; the others are for hidden inputs
)
ANSWER = "*Your answer.*"
BLOCK = re.compile(r"^:::\{(exercise|solution|solution-start|solution-end)\} *(.*?)\n(.*?)^:::$", re.M | re.S)
CONFIG = """c = get_config()
c.CourseDirectory.course_id = "gradients-through-noise"
c.ClearSolutions.code_stub = {"python": "..."}
c.ClearSolutions.text_stub = "%s"
c.ExecutePreprocessor.timeout = 120
"""


@dataclass
class Task:
    """One exercise: what it asks, and what only the instructor should have."""

    title: str
    name: str
    level: str
    text: str
    skeleton: str
    solution: str = ""
    code: str = ""

    @property
    def function(self) -> str:
        """Return the name of the function that is asked for."""
        return self.name.replace("-", "_")


def _cell(make, source: str, place: str) -> NotebookNode:
    return make(source, id=hashlib.sha256(f"{place}:{source}".encode()).hexdigest()[:8])


def _task(title: str, body: str) -> Task:
    label, text = re.match(r":label: ex-(\S+)\n(.*)", body, re.S).groups()
    level = re.match(r"\s*\*\*([\w-]+)\.\*\* ", text)[1]
    skeleton = re.search(r"^```python\n(.*?)\n```$", text, re.M | re.S)
    if skeleton:
        text = text.replace(skeleton[0], "")
    return Task(title, label, level, text.strip(), skeleton[1] if skeleton else "")


def pieces(notebook: NotebookNode) -> list[NotebookNode | Task]:
    """Return a chapter as cells and tasks in their order; what was in solutions is in the tasks only."""
    out, folded = [], False
    for cell in notebook.cells:
        if cell.cell_type == "code":
            if not folded:
                out.append(cell)
            elif f'check("{out[-1].name}"' in cell.source:
                out[-1].code = cell.source
            continue
        if not folded and not BLOCK.search(cell.source):
            out.append(cell)
            continue
        at = 0
        for block in BLOCK.finditer(cell.source):
            _add(out, cell.source[at : block.start()], folded)
            at, (kind, title, body) = block.end(), block.groups()
            if kind == "exercise":
                out.append(_task(title, body))
            elif kind == "solution":
                out[-1].solution = body.split(":class: dropdown")[1].strip()
            else:
                folded = kind == "solution-start"
        _add(out, cell.source[at:], folded)
    return out


def _add(out: list, text: str, folded: bool) -> None:
    if text.strip() and folded:
        out[-1].solution = text.strip()
    elif text.strip():
        out.append(_cell(new_markdown_cell, text.strip(), "text"))


def _question(task: Task) -> str:
    return f"### Exercise: {task.title}\n\n{task.text}"


def student(notebook: NotebookNode) -> NotebookNode:
    """Return the chapter for a student: every exercise with a cell for its answer, and no solution."""
    cells = []
    for piece in pieces(notebook):
        if not isinstance(piece, Task):
            cells.append(piece)
            continue
        cells.append(_cell(new_markdown_cell, _question(piece), piece.name))
        make, room = (new_code_cell, piece.skeleton) if piece.skeleton else (new_markdown_cell, ANSWER)
        cells.append(_cell(make, room, f"{piece.name}:answer"))
    return new_notebook(cells=cells, metadata=notebook.metadata)


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
    question = f"{_question(task)}\n\n*{points} point{'s' if points > 1 else ''}.*"
    cells = [_graded(_cell(new_markdown_cell, plain(question, names), task.name), f"{task.name}-text")]
    if not task.skeleton:
        answer = _cell(new_markdown_cell, plain(task.solution, names), f"{task.name}:answer")
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
    cells.append(_graded(_cell(new_code_cell, answer, task.name), task.name, solution=True))
    for source, kind, worth in tests:
        cell = _cell(new_code_cell, source, f"{task.name}:{kind}")
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
    cells = [_cell(new_markdown_cell, opening, "opening"), _cell(new_code_cell, start, "imports")]
    for piece in parts:
        if isinstance(piece, Task):
            cells += _tasks_for_nbgrader(piece, names, seed)
    return new_notebook(cells=cells, metadata=notebook.metadata)


def chapters() -> list[str]:
    """Return the names of the chapters that have exercises."""
    return sorted(p.stem for p in CHAPTERS.glob("*.ipynb") if ":::{exercise}" in p.read_text())


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
