"""The press: a Sphinx extension that turns the chapters into our website.

One idea per file: ``mathematics`` (formulas drawn at build time), ``widgets`` (live pictures and
their still versions), ``stylesheet`` (one CSS file and its typefaces), ``tidy`` (solutions that fold
without JavaScript), ``polls`` (a chapter's quiz on a page for teachers), ``glossary`` (quiet links from the
first use of a term), ``backindex`` (the index), ``deck`` (the cards of all chapters, also for ``anki``), ``menu``
(where else a page runs). After the build, ``finish`` trims the site (``fonts``, ``images``) and writes the
notebooks (``editions``, from ``exercises``, ``myst``, ``labels`` and ``plain``), ``links`` checks it and ``weight``
weighs it.
"""

from sphinx.application import Sphinx

from . import backindex, deck, glossary, mathematics, menu, polls, stylesheet, tidy, widgets

__all__ = ["setup"]


def setup(app: Sphinx) -> dict:
    """Register every part with Sphinx."""
    app.add_config_value("comments_config", {}, "env")  # set by Jupyter Book for an extension we leave out
    for part in (stylesheet, mathematics, menu, tidy, glossary, backindex, deck, widgets, polls):
        part.setup(app)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": False}
