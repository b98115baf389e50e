"""Formulas drawn by KaTeX while the book is built; a reader's browser runs no maths code.

A formula that KaTeX refuses is a Sphinx warning at its place in the text, so a strict build fails.
Macros come from ``book_macros`` in ``_config.yml``.
"""

import html
import re

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number

from .node import NodeError, ask

__all__ = ["draw", "setup"]

LOGGER = logging.getLogger(__name__)
# Sphinx numbers these blocks itself; KaTeX would number every row a second time.
NUMBERED = re.compile(r"\\(begin|end)\{(align|alignat|equation|gather|multline)\}")


def draw(translator, node: nodes.Element, *, display: bool) -> str:
    """Return the HTML of one formula, or its source in ``<code>`` after a warning."""
    tex = NUMBERED.sub(r"\\\1{\2*}", node.astext()).replace("multline*", "gather*")
    if display and not tex.lstrip().startswith(r"\begin{"):
        parts = [part for part in tex.split("\n\n") if part.strip()]
        if len(parts) > 1:
            tex = r"\begin{gathered}" + r"\\".join(parts) + r"\end{gathered}"
        elif r"\\" in tex and r"\begin" not in tex:
            tex = r"\begin{split}" + tex + r"\end{split}"
    macros = translator.builder.config.book_macros
    try:
        return ask(do="math", tex=tex, display=display, macros=macros)
    except NodeError as error:
        LOGGER.warning("formula: %s", error, location=node, type="book", subtype="formula")
        return f"<code>{html.escape(tex)}</code>"


def visit_inline(self, node: nodes.math) -> None:
    """Write an inline formula."""
    self.body.append(f'<span class="math">{draw(self, node, display=False)}</span>')
    raise nodes.SkipNode


def visit_display(self, node: nodes.math_block) -> None:
    """Write a display formula with its number; a wide one scrolls inside its own box."""
    self.body.append(self.starttag(node, "div", CLASS="math"))
    self.body.append(f'<div class="formula">{draw(self, node, display=True)}</div>')
    if node["number"]:
        self.body.append(f'<span class="eqno">({get_node_equation_number(self, node)})')
        self.add_permalink_ref(node, "Link to this equation")
        self.body.append("</span>")
    self.body.append("</div>\n")
    raise nodes.SkipNode


def setup(app: Sphinx) -> None:
    """Register the renderer under the name ``katex``."""
    app.add_config_value("book_macros", {}, "env")
    app.add_html_math_renderer("katex", (visit_inline, None), (visit_display, None))
