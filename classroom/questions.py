"""Write question sheets, a different one for each student, and one answer key.

``python classroom/questions.py --seed 7 --students 20 --out sheets`` writes ``student-01.md``, ``student-01.html``, …,
``print.html`` with all sheets (one a page), ``key.md``, ``key.html`` and ``moodle.xml``. All students get the same
questions with different numbers. The same seed gives the same files.
"""

import argparse
import html
import random
import re
import shutil
import sys
from functools import lru_cache
from pathlib import Path

import bank

ROOT = Path(__file__).resolve().parent.parent
LETTERS = "ABCDEF"
PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title><link rel="stylesheet" href="katex/katex.min.css"><style>
body {{ max-width: 46rem; margin: 2rem auto; padding: 0 1rem; font: 17px/1.5 Georgia, serif; }}
:root {{ color: #25221d; background: #fff; }} .katex {{ font-size: 1.05em; }}
li {{ margin: 0.15rem 0; }} ol > li {{ break-inside: avoid; margin-bottom: 1.1rem; }}
ul {{ list-style: none; padding-left: 0.6rem; }} table {{ border-collapse: collapse; }}
td, th {{ border: 1px solid #bbb; padding: 0.15rem 0.5rem; text-align: left; }}
.wide {{ overflow-x: auto; }} section + section {{ break-before: page; margin-top: 3rem; }}
@media print {{ body {{ margin: 0; font-size: 11.5pt; }} section + section {{ margin-top: 0; }} }}
</style></head><body>
{body}
</body></html>
"""


def choose(seed: object, count: int, chapters: list[str]) -> list[str]:
    """Return the names of ``count`` templates, spread over the chapters, in the order of the book."""
    names = [name for name, (_, chapter, _) in bank.TEMPLATES.items() if not chapters or chapter in chapters]
    if not 1 <= count <= len(names):
        raise ValueError(f"choose: count must be 1 to {len(names)} for these chapters, got {count}")
    shuffled = random.Random(f"{seed}/choose").sample(names, len(names))
    taught = [bank.TEMPLATES[name][1] for name in shuffled]
    repeats = {name: taught[:i].count(taught[i]) for i, name in enumerate(shuffled)}
    first = sorted(shuffled, key=repeats.get)[:count]  # one of each chapter before a second of any
    return [name for name in bank.TEMPLATES if name in first]


def options(question: bank.Question, seed: object) -> list[bank.Slip]:
    """Return the answer and the slips in an order of their own; the answer has an empty word."""
    shown = [(question.answer, ""), *question.slips]
    return random.Random(f"{seed}/{question.name}/order").sample(shown, len(shown))


def sheet(questions: list[bank.Question], seed: object, title: str, *, choices: bool) -> str:
    """Return one student's sheet as Markdown."""
    lines = [f"## {title}", "", "Name: ________________________", ""]
    for i, question in enumerate(questions, 1):
        lines += [f"{i}. {question.text}", ""]
        shown = zip(LETTERS, options(question, seed), strict=False)
        lines += [f"   - **{letter}** {bank.number(value)}" for letter, (value, _) in shown if choices]
        lines += [] if choices else ["   Answer: ____________"]
        lines.append("")
    return "\n".join(lines)


def letter(question: bank.Question, seed: object) -> str:
    """Return the letter of the right option."""
    return LETTERS[[word for _, word in options(question, seed)].index("")]


def key(sheets: dict[str, list[bank.Question]], title: str) -> str:
    """Return the answer key as Markdown: one table to mark with, then every answer with its working and slips."""
    first = next(iter(sheets.values()))
    lines = [
        f"# {title}: answers",
        "",
        "| Sheet | " + " | ".join(str(i + 1) for i in range(len(first))) + " |",
    ]
    lines.append("|---" * (len(first) + 1) + "|")
    for seed, questions in sheets.items():
        marks = [f"**{letter(q, seed)}** {bank.number(q.answer)}" for q in questions]
        lines.append(f"| {seed.split('/')[1]} | " + " | ".join(marks) + " |")
    lines += ["", "## Where each question is taught", ""]
    lines += [f"{i}. {q.name.replace('_', ' ')}: {q.part}, `{q.chapter}`" for i, q in enumerate(first, 1)]
    for seed, questions in sheets.items():
        lines += ["", f"## Sheet {seed.split('/')[1]}", ""]
        for i, question in enumerate(questions, 1):
            lines += [
                f"{i}. **{letter(question, seed)}, {bank.number(question.answer)}.** {question.working}",
                "",
            ]
            shown = zip(LETTERS, options(question, seed), strict=False)
            lines += [
                f"   - **{mark}** {bank.number(value)}: {word}" for mark, (value, word) in shown if word
            ]
            lines.append("")
    return "\n".join(lines)


@lru_cache(1)
def _markdown():
    from markdown_it import MarkdownIt
    from mdit_py_plugins.dollarmath import dollarmath_plugin

    sys.path.insert(0, str(ROOT / "book"))
    from press.node import ask

    def formula(tex: str, options: dict) -> str:
        return ask(do="math", tex=tex, display=options["display_mode"], macros={})

    return (
        MarkdownIt("commonmark").enable("table").use(dollarmath_plugin, renderer=formula, double_inline=True)
    )


def page(title: str, *texts: str) -> str:
    """Return a printable HTML page with one section for each Markdown text; formulas are drawn by KaTeX."""
    body = "\n".join(f'<section class="wide">{_markdown().render(text)}</section>' for text in texts)
    return PAGE.format(title=html.escape(title), body=body)


def moodle(sheets: dict[str, list[bank.Question]]) -> str:
    """Return Moodle XML: a category for each template, so that Moodle can give everyone a random one of it."""

    def text(tag: str, value: str) -> str:
        formulas = re.sub(r"\$(.+?)\$", r"\\(\1\\)", value)
        return f'<{tag} format="markdown"><text><![CDATA[{formulas}]]></text></{tag}>'

    parts = []
    for questions in zip(*sheets.values(), strict=True):
        category = f"$course$/Gradients Through Noise/{questions[0].name}"
        parts.append(f'<question type="category"><category><text>{category}</text></category></question>')
        for seed, q in zip(sheets, questions, strict=True):
            answers = [
                f'<answer fraction="{grade}"><text>{bank.number(value)}</text>{text("feedback", word)}</answer>'
                for grade, value, word in [(100, q.answer, q.working), *((0, *slip) for slip in q.slips)]
            ]
            name = f"<name><text>{q.name} {seed}</text></name>"
            flags = "<single>true</single><shuffleanswers>1</shuffleanswers>"
            parts.append(
                f'<question type="multichoice">{name}{text("questiontext", q.text)}{flags}{"".join(answers)}</question>'
            )
    return '<?xml version="1.0" encoding="UTF-8"?>\n<quiz>\n' + "\n".join(parts) + "\n</quiz>\n"


def draw_sheets(seed: object, students: int, names: list[str]) -> dict[str, list[bank.Question]]:
    """Return ``{f"{seed}/{student}": questions}``."""
    seeds = [f"{seed}/{student:02}" for student in range(1, students + 1)]
    return {one: [bank.draw(name, one) for name in names] for one in seeds}


def write(folder: Path, sheets: dict[str, list[bank.Question]], title: str, *, choices: bool) -> None:
    """Write every file into ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    texts = {
        one: sheet(questions, one, f"{title}, sheet {one.split('/')[1]}", choices=choices)
        for one, questions in sheets.items()
    }
    for one, text in texts.items():
        path = folder / f"student-{one.split('/')[1]}"
        path.with_suffix(".md").write_text(text, encoding="utf-8")
        path.with_suffix(".html").write_text(page(title, text), encoding="utf-8")
    answers = key(sheets, title)
    (folder / "print.html").write_text(page(title, *texts.values()), encoding="utf-8")
    (folder / "key.md").write_text(answers, encoding="utf-8")
    (folder / "key.html").write_text(page(f"{title}: answers", answers), encoding="utf-8")
    (folder / "moodle.xml").write_text(moodle(sheets), encoding="utf-8")
    katex = ROOT / "book" / "node_modules" / "katex" / "dist"
    (folder / "katex" / "fonts").mkdir(parents=True, exist_ok=True)
    shutil.copy(katex / "katex.min.css", folder / "katex")
    for font in (katex / "fonts").glob("*.woff2"):
        shutil.copy(font, folder / "katex" / "fonts")


def main() -> None:
    """Read the command line and write the sheets."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seed", default="1", help="any text; the same seed gives the same files")
    parser.add_argument("--students", type=int, default=20)
    parser.add_argument("--count", type=int, default=6, help="questions on a sheet")
    parser.add_argument(
        "--chapters", nargs="*", default=[], help="only what these chapters teach; see --list"
    )
    parser.add_argument("--names", nargs="*", help="exactly these questions; see --list")
    parser.add_argument("--open", action="store_true", help="a line for the answer instead of choices")
    parser.add_argument("--title", default="Gradients Through Noise")
    parser.add_argument("--out", type=Path, default=Path("sheets"))
    parser.add_argument(
        "--list", action="store_true", help="print every question's name and chapter, and stop"
    )
    arguments = parser.parse_args()
    if arguments.list:
        for name, (_, chapter, function) in bank.TEMPLATES.items():
            print(f"{name:26} {chapter:24} {function.__doc__}")
        return
    try:
        names = arguments.names or choose(arguments.seed, arguments.count, arguments.chapters)
        sheets = draw_sheets(arguments.seed, arguments.students, names)
    except ValueError as error:
        parser.error(str(error))
    write(arguments.out, sheets, arguments.title, choices=not arguments.open)
    print(f"{len(sheets)} sheets of {len(names)} questions: {arguments.out}/print.html and key.html")


if __name__ == "__main__":
    main()
