"""``{poll}``: a quiz of a chapter, with its answer and what to say to each wrong one, for whoever teaches.

The directive names a chapter and the first words of the question; the text comes from the chapter's own quiz, so
the two cannot drift apart. Words that no quiz of the chapter starts with are a warning, fatal in a strict build.
"""

import ast
import json
import re
from functools import lru_cache
from pathlib import Path

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

__all__ = ["quizzes", "setup"]

LOGGER = logging.getLogger(__name__)
HEADING = re.compile(r"^#{1,3} (.+)$", re.MULTILINE)


def value_of(node: ast.expr) -> object:
    """Return the value of a literal; some answers are written as a quotient, ``1 / 32``."""
    return eval(ast.unparse(node), {"__builtins__": {}})


@lru_cache(64)
def quizzes(path: Path) -> list[dict]:
    """Return the quizzes of a notebook in order: the keywords of ``Quiz``, with ``question`` and ``section``."""
    found, section = [], ""
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            section = (HEADING.findall(source) or [section])[-1]
        if cell["cell_type"] != "code" or "Quiz(" not in source:
            continue
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "Quiz":
                quiz = {word.arg: value_of(word.value) for word in node.keywords}
                found.append({"question": value_of(node.args[0]), "section": section, **quiz})
    return found


def marked(text: str) -> str:
    """Return the quiz's small markup as MyST: subscripts and powers become roles, outside of code."""
    parts = text.split("`")
    parts[::2] = [
        re.sub(r"([_^])\{([^}]*)\}", lambda m: f"{{{'sub' if m[1] == '_' else 'sup'}}}`{m[2]}`", part)
        .replace("||", r"\|\|")
        .replace("**", r"\*\*")
        for part in parts[::2]
    ]
    return "`".join(parts)


def lines(quiz: dict) -> list[str]:
    """Return the poll as MyST lines."""
    text = [
        f"**{marked(quiz['question'])}**" if "`" not in quiz["question"] else marked(quiz["question"]),
        "",
    ]
    for choice, right, word in quiz.get("choices", []):
        text.append(f"- {marked(choice)} {'**Right.** ' if right else '→ '}{marked(word)}")
    if "answer" in quiz:
        text.append(f"- **{quiz['answer']:g}** {marked(quiz['explanation'])}")
        text += [f"- {value:g} → {marked(word)}" for value, word in quiz.get("hints", {}).items()]
    return text


class Poll(SphinxDirective):
    """``{poll} chapter`` with the first words of the question as its content."""

    required_arguments = 1
    has_content = True

    def run(self) -> list[nodes.Node]:
        """Return the poll as an admonition that names its section of the chapter."""
        start = " ".join(self.content).strip()
        path = Path(self.env.srcdir) / "chapters" / f"{self.arguments[0]}.ipynb"
        self.env.note_dependency(str(path))
        quiz = next((q for q in quizzes(path) if q["question"].startswith(start)), None)
        if quiz is None:
            LOGGER.warning(
                "poll: no quiz of %s starts with %r", path.stem, start, location=self.get_location(),
                type="book", subtype="poll",
            )  # fmt: skip
            return []
        box = nodes.admonition(classes=["poll"])
        box += nodes.title("", "", nodes.Text(f"Poll, from “{re.sub(r'[*`$]', '', quiz['section'])}”"))
        self.state.nested_parse(StringList(lines(quiz), source=str(path)), self.content_offset, box)
        return [box]


def setup(app: Sphinx) -> None:
    """Register the directive."""
    app.add_directive("poll", Poll)
