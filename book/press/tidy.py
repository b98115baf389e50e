"""Small repairs to a page's HTML that need no JavaScript and no change to the chapters.

* Blocks of class ``dropdown`` become ``<details>``: they fold and open without JavaScript.
* The number of a chapter reads "Chapter 1", not "Chapter 1.".
* MyST-NB's folded cells lose an ``aria-label`` that contradicts their visible label.
* The bibliography is no ARIA list: its entries already have a role of their own.
* Ids that sphinx-proof and sphinx-exercise repeat within a page are dropped; nothing links to them.
"""

import re

from sphinx.application import Sphinx

__all__ = ["setup", "tidy"]

REPEATED = re.compile(r'(<(?:section|div)\b[^>]*?) id="(?:proof|[a-z]+-content)"')
BLOCK = re.compile(
    r'<div\b(?P<attributes>[^>]*)>(?:\s*<p class="admonition-title">(?P<title>.*?)</p>)?|</div>', re.DOTALL
)
CLASS = re.compile(r'\bclass="([^"]*)"')
LINK = re.compile(r"</?a\b[^>]*>")
CHAPTER = re.compile(r'(<h1><span class="section-number">\d+)\.\s*')


def fold(body: str) -> str:
    """Rewrite every ``div.admonition.dropdown`` that begins with its title as ``details > summary``."""
    folds = []  # one entry for each block that is open here: does it fold?

    def rewrite(tag: re.Match) -> str:
        if tag[0] == "</div>":
            return "</details>" if folds.pop() else tag[0]
        classes = CLASS.search(tag["attributes"])
        names = classes[1].split() if classes else []
        folds.append(tag["title"] is not None and {"admonition", "dropdown"} <= set(names))
        if not folds[-1]:
            return tag[0]
        names = [name for name in names if name != "dropdown"] + ["fold"]
        attributes = tag["attributes"].replace(classes[0], f'class="{" ".join(names)}"')
        title = LINK.sub("", tag["title"])  # a click on a summary should open it, not lead away
        return f'<details{attributes}><summary class="admonition-title">{title}</summary>'

    return BLOCK.sub(rewrite, body)


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
