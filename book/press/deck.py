"""The deck: the cards of all chapters on one page, and the same cards as a file for Anki.

``{deck}`` stands for a :class:`reparam.widgets.Deck` of every ``Cards([...])`` that a chapter of the table of
contents holds. The chapters are the only source: their notebooks are read, not run.
"""

import ast
import json
from pathlib import Path

import nbformat
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.docutils import SphinxDirective

from reparam.widgets import Deck

from .anki import write_package
from .widgets import STATE_TYPE

__all__ = ["ANKI", "cards_of", "chapters_in_order", "setup"]

ANKI = "gradients-through-noise.apkg"
MODEL = "deck"


def cards_of(path: Path) -> list[tuple[str, str]]:
    """Return the ``(front, back)`` pairs of a notebook's ``Cards``."""
    found = []
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type != "code" or "Cards(" not in cell.source:
            continue
        for node in ast.walk(ast.parse(cell.source)):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Cards":
                given = (
                    node.args[0] if node.args else next(k.value for k in node.keywords if k.arg == "cards")
                )
                found += ast.literal_eval(given)
    return found


def chapters_in_order(env: BuildEnvironment, docname: str | None = None) -> list[str]:
    """Return the pages of the book in the order of the table of contents."""
    docname = docname or env.config.root_doc
    below = env.toctree_includes.get(docname, [])
    return [docname, *(page for child in below for page in chapters_in_order(env, child))]


def decks(env: BuildEnvironment) -> dict[str, list[tuple[str, str]]]:
    """Return chapter titles and their cards."""
    pages = [(page, Path(env.doc2path(page))) for page in chapters_in_order(env)]
    found = {env.titles[page].astext(): cards_of(path) for page, path in pages if path.suffix == ".ipynb"}
    return {title: cards for title, cards in found.items() if cards}


class DeckDirective(SphinxDirective):
    """``{deck}``: a view of a widget whose state is added when the page is written."""

    def run(self) -> list[nodes.Node]:
        self.env.metadata[self.env.docname]["deck"] = True
        view = json.dumps({"version_major": 2, "version_minor": 0, "model_id": MODEL})
        script = f'<script type="application/vnd.jupyter.widget-view+json">{view}</script>'
        return [nodes.raw("", script, format="html")]


def on_page(app: Sphinx, pagename: str, templatename: str, context: dict, doctree) -> None:
    """Add the state of the deck's widget to its page, as MyST-NB does for a notebook."""
    if not app.env.metadata.get(pagename, {}).get("deck"):
        return
    chapters = decks(app.env)
    state = Deck(chapters, title=app.env.titles[pagename].astext()).get_state()
    model = {"model_name": "AnyModel", "model_module": "anywidget", "state": state}
    keep = {key: value for key, value in state.items() if key not in ("layout", "comm")}
    body = json.dumps({"state": {MODEL: model | {"state": keep}}})
    app.add_js_file(None, type=STATE_TYPE, body=body)
    write_package(chapters, Path(app.outdir) / "_static" / ANKI, title=app.config.project)


def setup(app: Sphinx) -> None:
    """Run before the widgets are placed."""
    app.add_directive("deck", DeckDirective)
    app.connect("html-page-context", on_page, priority=560)
