r"""Chapters' Markdown for places that know only plain Markdown: JupyterLab, Colab, an editor.

:func:`plain` keeps the author's lines and rewrites what MyST alone understands. Directives become
bold heads or ``<details>``, roles become the number or the name they stand for, our TeX macros are
spelled out, labels of formulas become ``\tag``. What it does not know it refuses, with the name.
"""

import base64
import io
import re
import runpy
import sys
from collections import defaultdict
from functools import cache
from pathlib import Path

import matplotlib.pyplot as plt

from reparam import plots

from .labels import Book
from .myst import Directive, directive, parse

__all__ = ["plain"]

CONTROL = re.compile(r"\\(?:[a-zA-Z]+|.)", re.DOTALL)
TITLED = re.compile(r"(.*?)\s*<([^<>]+)>", re.DOTALL)
NOTES = {"note", "tip", "hint", "important", "warning", "caution", "attention", "danger", "error", "seealso"}
BREAK = "\n\n"
SILENT = {"bibliography", "index", "tableofcontents", "exercise-end", "solution-end"}


@cache
def drawn(program: Path) -> bytes:
    """Run a drawing's program and return it as PNG: Colab shows no SVG in a text cell."""
    with plt.rc_context():
        plots.use_book_style()
        sys.path.insert(0, str(program.parent))
        figure = runpy.run_path(str(program))["draw"]()
        sys.path.remove(str(program.parent))
        data = io.BytesIO()
        figure.savefig(data, format="png", dpi=130, metadata={"Software": None})
        plt.close(figure)
    return data.getvalue()


def formula(tex: str, macros: dict[str, str]) -> str:
    r"""Spell out the book's macros: ``\E[f]`` becomes ``\operatorname{\mathbb{E}}[f]``."""
    return CONTROL.sub(lambda word: macros.get(word[0], word[0]), tex)


def picture(alt: str, path: str, book: Book) -> str:
    """Return a picture that carries its own bytes."""
    if re.match(r"\w+:", path):
        return f"![{alt}]({path})"
    file = (book.folder / path).resolve()
    data = drawn(file.with_suffix(".py")) if file.suffix == ".svg" else file.read_bytes()
    kind = "jpeg" if file.suffix == ".jpg" else "png"
    return f"![{alt}](data:image/{kind};base64,{base64.b64encode(data).decode()})"


def citation(keys: str, book: Book, *, textual: bool) -> str:
    """Return ``Gumbel (1954)`` or ``(Gumbel, 1954)``, linked to the source where it has an address."""
    shown = []
    for key in keys.split(","):
        source = book.sources[key.strip()]
        words = f"{source.authors} ({source.year})" if textual else f"{source.authors}, {source.year}"
        shown.append(f"[{words}]({source.url})" if source.url else words)
    return ", ".join(shown) if textual else f"({'; '.join(shown)})"


def role(name: str, content: str, book: Book) -> str:
    """Return what one role shows."""
    titled = TITLED.fullmatch(content)
    title, target = (titled[1], titled[2]) if titled else ("", content)
    if name.startswith("cite"):
        return citation(content, book, textual=name.endswith(":t"))
    if name in ("eq", "prf:ref", "ref", "numref"):
        shown = book.labels[target]
        return title.replace("%s", shown.split()[-1]) if "%s" in title else title or shown
    if name == "doc":
        return title or f"*{book.titles[target.split('/')[-1]]}*"
    if name in ("term", "abbr"):
        return title or content
    if name == "math":
        return f"${formula(content, book.macros)}$"
    raise ValueError(f"press.plain: no plain form of the role {{{name}}}`{content}` is known")


def link(source: str, token, book: Book, *, links: bool) -> tuple[str, str, str] | None:
    """Return ``(before, text, after)`` for a link to a chapter or a heading, ``None`` for any other."""
    path, _, anchor = token.attrs["href"].partition("#")
    stem = Path(path).stem
    if path and stem not in book.titles:
        return None
    start, label = token.meta["span"][0], token.meta["label"]
    words = source[start + 1 : label]
    name = book.labels.get(anchor) or book.titles.get(stem, "")
    if not path:
        return "", words or name, ""
    if links and path.endswith(".ipynb"):
        return "[", words or name, f"]({path})"
    return ("", words, "") if words else ("*", name, "*")


def inline(token, book: Book, *, links: bool) -> str:
    """Return one paragraph's source with its roles, formulas, links and pictures rewritten."""
    source = token.content
    edits = []
    for child in token.children or ():
        if "span" not in (child.meta or {}):
            continue
        start, end = child.meta["span"]
        if child.type == "math_inline":
            edits.append((start, end, f"${formula(child.content, book.macros)}$"))
        elif child.type == "myst_role":
            edits.append((start, end, role(child.meta["name"], child.content, book)))
        elif child.type == "image":
            edits.append((start, end, picture(child.content, child.attrs["src"], book)))
        elif child.type == "link_open" and (parts := link(source, child, book, links=links)):
            before, words, after = parts
            label = child.meta["label"]
            empty = label == start + 1
            edits.append((start, start + 1, before + (words if empty else "")))
            edits.append((label, end, after))
    for start, end, new in sorted(edits, reverse=True):
        source = source[:start] + new + source[end:]
    return source


def display(tex: str, label: str, book: Book) -> str:
    """Return a displayed formula, with the number that the site gives it."""
    number = f" \\tag{{{book.labels[label].strip('()')}}}" if label in book.labels else ""
    return f"$$\n{formula(tex, book.macros).strip()}{number}\n$$"


def headed(head: str, body: str) -> str:
    """Return a bold head, run into the first paragraph where the body starts with one."""
    start = BREAK if re.match(r"\$\$|[-*#`~<|!]|\d+[.)]|\\begin", body) else " "
    return f"**{head}**{start}{body}"


def folded(summary: str, body: str) -> str:
    """Return a block that opens on a click."""
    return f"<details>\n<summary>{summary}</summary>\n\n{body}\n\n</details>"


def block(found: Directive, book: Book, *, links: bool) -> str:
    """Return one directive as plain Markdown."""
    kind = found.name.removeprefix("prf:").removesuffix("-start")
    if found.name in SILENT:
        return ""
    if kind == "math":
        return display(found.body or found.argument, found.label, book)
    if kind in ("code-block", "code", "sourcecode"):
        return f"```{found.argument}\n{found.body}\n```"
    title = plain(found.argument, book, links=links)
    body = plain(found.body, book, links=links)
    if kind == "figure":
        caption = f"*{book.labels[found.label]}.* {body}" if found.label in book.labels else body
        return f"{picture(found.options.get('alt', ''), found.argument, book)}\n\n{caption}"
    if kind == "solution":
        name = f"Solution to {book.labels[found.argument]}"
        return headed(f"{name}.", body) if found.name.endswith("-start") else folded(name, body)
    if kind == "proof":
        return f"*Proof.* {body}{BREAK if body.endswith('$$') else ' '}∎"
    if found.name.startswith("prf:") or kind == "exercise":
        name = book.labels[found.label]
        return headed(f"{name} ({title})." if title else f"{name}.", body)
    if kind in NOTES or kind == "admonition":
        title = title or kind.capitalize()
        if "dropdown" in found.options.get("class", ""):
            return folded(title, body)
        return headed(f"{title}.", body)
    if kind == "glossary":
        return body
    raise ValueError(f"press.plain: no plain form of the directive {{{found.name}}} is known")


def replace(lines: list[str], row: int, cursor: dict[int, int], old: str, new: str) -> None:
    """Put a paragraph's new source in place of the old, line by line; ``row`` is where to start looking."""
    for before, after in zip(old.split("\n"), new.split("\n"), strict=True):
        while (place := lines[row].find(before, cursor[row])) < 0:
            row += 1
        lines[row] = lines[row][:place] + after + lines[row][place + len(before) :]
        cursor[row] = place + len(after)


def plain(text: str, book: Book, *, links: bool) -> str:
    """Rewrite one cell's Markdown.

    Args:
        text: MyST Markdown.
        book: what its labels, chapters, sources and macros stand for.
        links: whether sibling chapters lie beside this one; if not, links to them become text.

    Returns:
        Markdown without directives, roles, targets and macros of ours.

    Raises:
        ValueError: a directive or a role has no known plain form.
        KeyError: a label, a chapter or a source does not exist.
    """
    lines = text.split("\n")
    blocks: list[tuple[int, int, list[str]]] = []
    cursor: dict[int, int] = defaultdict(int)
    cell = False
    for token in parse(text):
        cell = token.type in ("th_open", "td_open") or (cell and token.type == "inline")
        if token.type == "inline" and token.content:
            old, new = token.content, inline(token, book, links=links)
            if cell:  # the parser has taken away the backslash that a bar needs in a table
                old, new = old.replace("|", r"\|"), new.replace("|", r"\|")
            replace(lines, token.map[0], cursor, old, new)
        elif token.type in ("myst_target", "myst_line_comment"):
            blocks.append((*token.map, []))
        elif token.type == "amsmath":  # Jupyter knows these environments by themselves
            blocks.append((*token.map, formula(token.content, book.macros).split("\n")))
        elif token.type in ("math_block", "math_block_label"):
            blocks.append((*token.map, display(token.content, token.info, book).split("\n")))
        elif token.type == "dt_open":
            row = token.map[0]
            lines[row] = f"**{lines[row]}**"
        elif token.type == "dl_open":
            for row in range(*token.map):
                lines[row] = re.sub(r"^(\s*):(\s)", r"\1-\2", lines[row])
        elif found := directive(token):
            blocks.append((*token.map, block(found, book, links=links).split("\n")))
    for start, end, new in reversed(blocks):
        indent = re.match(r"\s*", lines[start])[0]
        lines[start:end] = [indent + line if line else line for line in new]
    return "\n".join(lines).strip("\n")
