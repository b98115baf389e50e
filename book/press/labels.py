"""What a label stands for outside the site: the number, title or source that the site shows for it.

Numbers are counted as Sphinx counts them, chapter by chapter in the order of ``_toc.yml``;
``tests/site/editions.test.mjs`` holds them against the built pages.
"""

import re
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import nbformat
import yaml
from pybtex.database import parse_file
from pybtex.plugin import find_plugin
from pybtex.richtext import Text

from .myst import Directive, tokens

__all__ = ["Book", "Source", "read_book"]


class Source(NamedTuple):
    """A reference: authors as cited, year, full entry as text, and where to find it."""

    authors: str
    year: str
    entry: str
    url: str


class Book(NamedTuple):
    """All that a chapter's text may refer to; ``folder`` is where its pictures are looked for."""

    folder: Path
    macros: dict[str, str]
    titles: dict[str, str]
    chapters: dict[str, str]
    labels: dict[str, str]
    sources: dict[str, Source]


def read_sources(path: Path) -> dict[str, Source]:
    """Return the bibliography, formatted as on the site."""
    style, backend = (
        find_plugin("pybtex.style.formatting", "plain")(),
        find_plugin("pybtex.backends", "plaintext")(),
    )
    database = parse_file(str(path))
    found = {}
    for item in style.format_entries(database.entries.values()):
        entry = database.entries[item.key]
        names = [
            str(Text.from_latex(" ".join((*p.prelast_names, *p.last_names)))) for p in entry.persons["author"]
        ]
        authors = f"{names[0]} et al." if len(names) > 2 else " and ".join(names)
        fields = entry.fields
        url = f"https://doi.org/{fields['doi']}" if "doi" in fields else fields.get("url", "")
        text = re.sub(r" (?:doi:|URL: )\S+$", "", " ".join(item.text.render(backend).split()))
        found[item.key] = Source(authors, fields.get("year", ""), text, url)
    return found


def chapters_in_order(root: Path) -> dict[str, str]:
    """Return ``{stem: number}`` of all notebooks in reading order; the number is empty before and after the parts."""
    contents = yaml.safe_load((root / "_toc.yml").read_text())
    found, count = {Path(contents["root"]).name: ""}, 0
    for part in contents["parts"]:
        for chapter in part["chapters"]:
            count += bool(part.get("numbered"))
            found[Path(chapter["file"]).name] = str(count) if part.get("numbered") else ""
    return {stem: number for stem, number in found.items() if (root / "chapters" / f"{stem}.ipynb").exists()}


def read_chapter(notebook: nbformat.NotebookNode, number: str) -> tuple[str, dict[str, str]]:
    """Return a chapter's title and ``{label: what the site calls it}``."""
    title, labels, counts, pending = "", {}, Counter(), []
    dot = f"{number}." if number else ""

    def count(kind: str) -> str:
        counts[kind] += 1
        return f"{dot}{counts[kind]}"

    for cell in notebook.cells:
        figure = cell.metadata.get("mystnb", {}).get("figure", {})
        if figure.get("caption"):
            labels[figure.get("name", "")] = f"Figure {count('figure')}"
        heading = False
        for item in tokens(cell.source) if cell.cell_type == "markdown" else ():
            if isinstance(item, Directive):
                kind = item.name.removeprefix("prf:").removesuffix("-start")
                if kind in ("exercise", "figure") or (item.name.startswith("prf:") and kind != "proof"):
                    labels[item.label] = f"{kind.capitalize()} {count(kind)}"
                elif kind == "solution":
                    labels[item.label] = f"Solution to {labels[item.argument]}"
            elif item.type == "math_block_label":
                labels[item.info] = f"({count('equation')})"
            elif item.type == "myst_target":
                pending.append(item.content)
            elif item.type == "inline" and heading:
                title = title or item.content
                labels |= dict.fromkeys(pending, f"*{item.content}*")
                pending.clear()
            heading = not isinstance(item, Directive) and item.type == "heading_open"
    labels.pop("", None)  # what has no label still counts
    return title, labels


def read_book(root: Path) -> Book:
    """Read the whole book once."""
    config = yaml.safe_load((root / "_config.yml").read_text())
    titles, labels, chapters = {}, {}, chapters_in_order(root)
    for stem, number in chapters.items():
        notebook = nbformat.read(root / "chapters" / f"{stem}.ipynb", as_version=4)
        titles[stem], found = read_chapter(notebook, number)
        labels |= found
    for page in (root / "chapters").glob(
        "*.md"
    ):  # pages without a notebook: links to them become their titles
        if found := re.search(r"^# (.*)", page.read_text(), re.MULTILINE):
            titles[page.stem] = found[1]
    sources = read_sources(root / config["bibtex_bibfiles"][0])
    return Book(
        root / "chapters", config["sphinx"]["config"]["book_macros"], titles, chapters, labels, sources
    )
