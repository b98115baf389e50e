"""Small repairs to a page's HTML that need no JavaScript and no change to the chapters.

* Blocks of class ``dropdown`` become ``<details>``: they fold and open without JavaScript.
* The number of a chapter reads "Chapter 1", not "Chapter 1.".
* MyST-NB's folded cells lose an ``aria-label`` that contradicts their visible label.
* The bibliography is no ARIA list: its entries already have a role of their own.
* Ids that sphinx-proof and sphinx-exercise repeat within a page are dropped; nothing links to them.
"""

import re

from bs4 import BeautifulSoup
from sphinx.application import Sphinx

__all__ = ["setup", "tidy"]

REPEATED = re.compile(r'(<(?:section|div)\b[^>]*?) id="(?:proof|[a-z]+-content)"')
CHAPTER = re.compile(r'(<h1><span class="section-number">\d+)\.\s*')


def fold(body: str) -> str:
    """Rewrite every ``div.dropdown`` that has an admonition title as ``details > summary``."""
    soup = BeautifulSoup(body, "html.parser")
    for block in soup.select("div.admonition.dropdown"):
        title = block.find(class_="admonition-title", recursive=False)
        if title is None:
            continue
        block.name, title.name = "details", "summary"
        block["class"] = [name for name in block["class"] if name != "dropdown"] + ["fold"]
        for link in title.find_all("a"):  # a click on a summary should open it, not lead away
            link.unwrap()
    return str(soup)


def tidy(body: str) -> str:
    """Return the repaired body of one page."""
    body = body.replace(' aria-label="Toggle hidden content"', "").replace(
        '<div role="list" class="citation-list">', "<div>"
    )
    body = CHAPTER.sub(r"\1", REPEATED.sub(r"\1", body))
    return fold(body) if "dropdown" in body else body


def on_page(app: Sphinx, pagename: str, templatename: str, context: dict, doctree) -> None:
    """Repair one page."""
    if context.get("body"):
        context["body"] = tidy(context["body"])


def setup(app: Sphinx) -> None:
    """Run on each page, before the widgets are placed."""
    app.connect("html-page-context", on_page, priority=550)
