"""A chapter's exercises, apart from what answers them: what a student gets, and what only the teacher has.

:func:`pieces` takes a chapter to bits; :func:`student` puts it together again without the solutions, with a cell
for each answer. ``editions`` writes that for the site, ``classroom/students.py`` makes nbgrader's course of the bits.
"""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

__all__ = ["ANSWER", "Task", "has_exercises", "new_cell", "pieces", "student"]

ANSWER = "*Your answer.*"
BLOCK = re.compile(r"^:::\{(exercise|solution|solution-start|solution-end)\} *(.*?)\n(.*?)^:::$", re.M | re.S)


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


def has_exercises(chapter: Path) -> bool:
    """Say whether a chapter asks anything."""
    return ":::{exercise}" in chapter.read_text(encoding="utf-8")


def new_cell(make, source: str, place: str) -> NotebookNode:
    """Return a cell whose name is always the same for one source in one place."""
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
        out[-1].solution = f"{out[-1].solution}\n\n{text}".strip()
    elif text.strip():
        out.append(new_cell(new_markdown_cell, text.strip(), "text"))


def student(notebook: NotebookNode) -> NotebookNode:
    """Return the chapter for a student: every exercise with a cell for its answer, and no solution.

    A function that is not written yet fails its check; its cell is tagged, so that *Run All* goes on past it.
    """
    cells = []
    for piece in pieces(notebook):
        if not isinstance(piece, Task):
            cells.append(piece)
            continue
        question = f":::{{exercise}} {piece.title}\n:label: ex-{piece.name}\n\n{piece.text}\n:::"
        cells.append(new_cell(new_markdown_cell, question, piece.name))
        make, room = (new_code_cell, piece.skeleton) if piece.skeleton else (new_markdown_cell, ANSWER)
        cells.append(new_cell(make, room, f"{piece.name}:answer"))
        if piece.skeleton:
            cells[-1].metadata["tags"] = ["raises-exception"]
    return new_notebook(cells=cells, metadata=notebook.metadata)
