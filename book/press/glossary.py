"""The glossary at work: on every page the first use of each term links to its entry, and search finds its home.

``chapters/glossary.md`` is the only source. An entry is one or more names, a first sentence without formulas
(shown when the pointer rests on a link), and at its end a link to the section that defines the term, its *home*.
Names match in any case, in the plural, with British or American spelling; a name such as ``RELAX`` as written.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import logging

__all__ = [
    "Term",
    "Use",
    "first_uses",
    "link_uses",
    "pattern",
    "read_terms",
    "section_of",
    "setup",
    "spellings",
]

LOGGER = logging.getLogger(__name__)
# Where no link belongs, between a paragraph and the page, and between a word and its paragraph.
AROUND = (
    nodes.table,
    nodes.figure,
    nodes.caption,
    nodes.footnote,
    nodes.citation,
    addnodes.glossary,
    nodes.title,
)
INSIDE = (nodes.reference, addnodes.pending_xref, nodes.literal, nodes.math, nodes.raw, nodes.problematic)


class Term(NamedTuple):
    """One entry: its names, its place in the glossary, its first sentence, and where the book defines it."""

    names: tuple[str, ...]
    anchors: tuple[str, ...]  # one for each name
    sentence: str
    home: tuple[str, str]  # document, heading slug

    @property
    def anchor(self) -> str:
        """Return where the entry begins."""
        return self.anchors[0]


class Use(NamedTuple):
    """The first use of a term on a page."""

    term: Term
    text: nodes.Text
    start: int
    end: int
    section: str


def section_of(node: nodes.Node) -> str:
    """Return the id of the section that holds a node (an exercise, too, keeps its text in a section node)."""
    while node.parent is not None:
        if isinstance(node, nodes.section) and isinstance(node.parent, (nodes.section, nodes.document)):
            return node["ids"][0]
        node = node.parent
    return ""


def read_terms(doctree: nodes.document) -> list[Term]:
    """Return the entries of a page's glossary; a fault of an entry is a warning."""
    terms = []
    for item in doctree.findall(nodes.definition_list_item):
        if not isinstance(item.parent.parent, addnodes.glossary):
            continue
        names = [node.astext() for node in item.findall(nodes.term)]
        paragraph = next(item.findall(nodes.paragraph))
        before = next((k for k, node in enumerate(paragraph) if isinstance(node, nodes.math)), None)
        opening = "".join(node.astext() for node in paragraph[:before])
        sentence = re.match(r"[^.]+\.(?=\s)", " ".join(opening.split()) + " ")
        links = [ref for ref in paragraph.findall(addnodes.pending_xref) if ref.get("reftargetid")]
        if not sentence or not links:
            LOGGER.warning(
                "glossary: %s needs a first sentence without formulas, and a link to a section at its end",
                names[0], location=item, type="book", subtype="glossary",
            )  # fmt: skip
            continue
        home = (links[-1]["reftarget"], links[-1]["reftargetid"])
        anchors = tuple(node["ids"][0] for node in item.findall(nodes.term))
        terms.append(Term(tuple(names), anchors, sentence[0], home))
    return terms


def spellings(name: str) -> set[str]:
    """Return the ways in which a reader may type a name, in small letters."""
    plain = name.lower().replace("’", "'")
    ways = {plain, plain.replace("-", " "), plain.replace("-", ""), re.sub(r" \(.*\)", "", plain)}
    ways |= {re.sub(r"is(?=e|ing|ation)", "iz", way) for way in ways}
    ways |= {way.replace("reparameter", "reparametr") for way in ways}
    return ways | {way + "s" for way in ways if not way.endswith("s")}


def pattern(terms: list[Term]) -> tuple[re.Pattern, dict[str, Term]]:
    """Return an expression that finds any name, the longest first, and the term of each of its groups."""
    alternatives, owners = [], {}
    names = sorted(((name, term) for term in terms for name in term.names), key=lambda pair: -len(pair[0]))
    for k, (name, term) in enumerate(names):
        body = re.escape(name).replace(r"\ ", r"\s+").replace("’", "['’]")
        body = re.sub(r"is(?=e|ing|ation)", "i[sz]", body)
        shouted = len(re.findall("[A-Z]", name)) > 1 and " " not in name and "-" not in name
        alternatives.append(f"(?P<t{k}>{body if shouted else f'(?i:{body})'})")
        owners[f"t{k}"] = term
    return re.compile(rf"(?<![\w/-])(?:{'|'.join(alternatives)})(?:e?s)?(?![\w-])"), owners


def words(doctree: nodes.document) -> Iterator[nodes.Text]:
    """Yield the texts of a page's paragraphs in which a link may stand."""
    for paragraph in doctree.findall(nodes.paragraph):
        parent, barred = paragraph.parent, False
        while parent is not None and not barred:
            barred, parent = (
                isinstance(parent, AROUND) or "cell_output" in parent.get("classes", []),
                parent.parent,
            )
        for text in [] if barred else list(paragraph.findall(nodes.Text)):
            node = text.parent
            while node is not paragraph and not isinstance(node, INSIDE):
                node = node.parent
            if node is paragraph:
                yield text


def first_uses(doctree: nodes.document, terms: list[Term]) -> list[Use]:
    """Return the first use of each term on a page, in the order of the page."""
    finder, owners = pattern(terms)
    seen, uses = set(), []
    for text in words(doctree):
        for match in finder.finditer(text.astext()):
            term = owners[match.lastgroup]
            if term.anchor not in seen:
                seen.add(term.anchor)
                uses.append(Use(term, text, match.start(), match.end(), section_of(text)))
    return uses


def link_uses(doctree: nodes.document, terms: list[Term], page: str) -> None:
    """Turn the first use of each term into a quiet link to its entry on ``page``."""
    by_text: dict[int, list[Use]] = {}
    for use in first_uses(doctree, terms):
        by_text.setdefault(id(use.text), []).append(use)
    for uses in by_text.values():
        text, whole, pieces, at = uses[0].text, uses[0].text.astext(), [], 0
        for use in uses:
            word = whole[use.start : use.end]
            link = nodes.reference(
                "", word, internal=True, refuri=f"{page}#{use.term.anchor}", classes=["term"]
            )
            link["reftitle"] = use.term.sentence
            pieces += [nodes.Text(whole[at : use.start]), link]
            at = use.end
        text.parent.replace(text, [*pieces, nodes.Text(whole[at:])])


def collect(app: Sphinx, env: BuildEnvironment) -> None:
    """Read the glossary once all pages are read."""
    pages = {docname for docname, _ in env.get_domain("std")._terms.values()}
    env.book_glossary = next(iter(pages), None)
    env.book_terms = read_terms(env.get_doctree(env.book_glossary)) if pages else []


def entries(env: BuildEnvironment, docname: str) -> Iterator[tuple]:
    """Yield what the search index should know of a page: the names of the terms that are at home there."""
    slugs = env.metadata[docname].get("myst_slugs", {})
    for term in env.book_terms:
        for name, anchor in zip(term.names, term.anchors, strict=True):
            ways = spellings(name)
            if docname == env.book_glossary:
                ways.discard(name.lower())  # Sphinx has that one already
            elif term.home[0] == docname and term.home[1] in slugs:
                anchor = slugs[term.home[1]][1]
            else:
                continue
            yield from (("single", way, anchor, "main", None) for way in sorted(ways))


def on_resolved(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Link the first uses on one page and tell the search which terms are at home on it."""
    env = app.env
    if docname != env.book_glossary and env.book_glossary:
        link_uses(doctree, env.book_terms, app.builder.get_relative_uri(docname, env.book_glossary))
    found = list(entries(env, docname))
    if found:
        doctree += addnodes.index(entries=found)


def setup(app: Sphinx) -> None:
    """Read after all pages, write into each."""
    app.connect("env-updated", collect)
    app.connect("doctree-resolved", on_resolved)
