"""The index at the back of the book, made from what is in the chapters.

``{back-index} terms`` (or ``symbols``, ``widgets``, ``functions``) stands for an alphabetical list whose entries
link to the sections where a thing is defined (first) and first used on each page. Terms come from the glossary,
symbols from the table on the notation page, widgets and functions from the code cells of the notebooks.
"""

import ast
from collections.abc import Iterator
from importlib import import_module
from typing import NamedTuple

import nbformat
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.docutils import SphinxDirective

from reparam import widgets

from .deck import chapters_in_order
from .glossary import first_uses, section_of

__all__ = ["functions_of", "setup", "widgets_of"]

KINDS = ("terms", "symbols", "widgets", "functions")
NOTATION = "chapters/notation"
EVERYWHERE = {"Quiz", "Cards", "Deck"}


class Entry(NamedTuple):
    """A thing, how it is written, and where it is found: ``(page, section id)``, its definition first."""

    key: str
    shown: str
    places: list[tuple[str, str]]


def functions_of(cells: list[str]) -> Iterator[tuple[int, str]]:
    """Yield ``(cell, "module.name")`` for each use of a function or class of the package in a notebook."""
    modules, names = {}, {}
    for k, source in enumerate(cells):
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "reparam":
                for alias in node.names:
                    if node.module == "reparam":
                        modules[alias.asname or alias.name] = alias.name
                    elif node.module != "reparam.widgets":
                        module = node.module.removeprefix("reparam.")
                        names[alias.asname or alias.name] = f"{module}.{alias.name}"
            elif isinstance(node, ast.Attribute) and getattr(node.value, "id", "") in modules:
                module = modules[node.value.id]
                thing = getattr(import_module(f"reparam.{module}"), node.attr, None)
                if callable(thing):
                    yield k, f"{module}.{node.attr}"
            elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in names:
                yield k, names[node.id]


def widgets_of(cells: list[str]) -> Iterator[tuple[int, str]]:
    """Yield ``(cell, class)`` for each widget that a notebook shows."""
    known = set(widgets.__all__) - EVERYWHERE
    for k, source in enumerate(cells):
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in known:
                yield k, node.func.id


def in_notebook(env: BuildEnvironment, page: str, doctree: nodes.document, what) -> dict[str, str]:
    """Return the section in which each thing is first seen in a notebook's shown cells."""
    cells = nbformat.read(env.doc2path(page), as_version=4).cells
    sources = [
        "\n".join(line for line in cell.source.splitlines() if not line.startswith("%"))
        if cell.cell_type == "code"
        else ""
        for cell in cells
    ]
    sections = {
        box["cell_index"]: section_of(box)
        for box in doctree.findall(nodes.container)
        if box.get("nb_element") == "cell_code"
    }
    found: dict[str, str] = {}
    for k, name in what(sources):
        if k in sections:
            found.setdefault(name, sections[k])
    return found


def symbols(env: BuildEnvironment) -> list[Entry]:
    """Return the rows of the notation page's tables whose first column is a formula."""
    if NOTATION not in env.all_docs:
        return []
    found = []
    for row in env.get_doctree(NOTATION).findall(nodes.row):
        first, *_, meaning = (entry.astext().strip() for entry in row)
        formulas = [node.astext() for node in row[0].findall(nodes.math)]
        if formulas and first:
            shown = ", ".join(f"${tex}$" for tex in formulas)
            found.append(Entry(meaning.lower(), shown + " " + meaning, [(NOTATION, section_of(row))]))
    return found


def collect(app: Sphinx, env: BuildEnvironment) -> None:
    """Gather the entries of each kind once all pages are read and the glossary is known."""
    terms = {term.anchor: Entry(term.names[0].lower(), term.names[0], []) for term in env.book_terms}
    for term in env.book_terms:
        slugs = env.metadata.get(term.home[0], {}).get("myst_slugs", {})
        if term.home[1] in slugs:
            terms[term.anchor].places.append((term.home[0], slugs[term.home[1]][1]))
    code: dict[str, dict[str, Entry]] = {"widgets": {}, "functions": {}}
    for page in chapters_in_order(env):
        if page == env.config.root_doc or not env.doc2path(page).endswith(".ipynb"):
            continue  # the title page and the pages at the back use many terms and explain none
        doctree = env.get_doctree(page)
        for use in first_uses(doctree, env.book_terms):
            places = terms[use.term.anchor].places
            if page not in [at for at, _ in places]:
                places.append((page, use.section))
        for kind, what in (("widgets", widgets_of), ("functions", functions_of)):
            for name, section in in_notebook(env, page, doctree, what).items():
                entry = code[kind].setdefault(name, Entry(name.lower(), name, []))
                entry.places.append((page, section))
    found = {"terms": list(terms.values()), "symbols": symbols(env)}
    found |= {kind: list(entries.values()) for kind, entries in code.items()}
    env.book_index = {kind: sorted(entries) for kind, entries in found.items()}


class BackIndexDirective(SphinxDirective):
    """``{back-index} kind``: a box that is filled when the page is written."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        if self.arguments[0] not in KINDS:
            raise self.error(f"back-index: must be one of {', '.join(KINDS)}, got {self.arguments[0]!r}")
        return [nodes.container("", classes=["back-index"], kind=self.arguments[0])]


def label(env: BuildEnvironment, page: str, section: str) -> tuple[str, str]:
    """Return what stands for a place (its number, or the page's title) and its full name."""
    numbers = env.toc_secnumbers.get(page, {})
    number = numbers.get(f"#{section}") or numbers.get("")
    title = env.titles[page].astext()
    heading = next(
        (text for _, at, text in env.metadata[page].get("myst_slugs", {}).values() if at == section), ""
    )
    return ".".join(map(str, number)) if number else title, title if heading in (
        "",
        title,
    ) else f"{title}: {heading}"


def on_resolved(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Fill the boxes of one page."""
    env = app.env
    for box in list(doctree.findall(lambda node: isinstance(node, nodes.container) and "kind" in node)):
        items = []
        for entry in env.book_index[box["kind"]]:
            item = nodes.list_item("", nodes.paragraph())
            code = box["kind"] in ("widgets", "functions")
            for k, piece in enumerate(entry.shown.split("$")):
                kind = nodes.math if k % 2 else nodes.literal if code else nodes.inline
                item[0] += kind(piece, piece)
            for page, section in entry.places:
                short, full = label(env, page, section)
                uri = app.builder.get_relative_uri(docname, page) + f"#{section}"
                item[0] += [
                    nodes.Text(" "),
                    nodes.reference("", short, internal=True, refuri=uri, reftitle=full),
                ]
            items.append(item)
        box += nodes.bullet_list("", *items)


def setup(app: Sphinx) -> None:
    """Collect after the glossary, fill after its links."""
    app.add_directive("back-index", BackIndexDirective)
    app.connect("env-updated", collect, priority=600)
    app.connect("doctree-resolved", on_resolved, priority=600)
