"""One built page of the book, and its parts by name, for the slides."""

import json
import re
from copy import copy
from functools import cached_property
from pathlib import Path

from bs4 import BeautifulSoup, Tag

__all__ = ["Chapter"]


def words(text: str) -> str:
    """Return a text with single spaces."""
    return re.sub(r"\s+", " ", text).strip()


class Chapter:
    """One built page, and how to find a part of it by name."""

    def __init__(self, path: Path):
        self.path = path

    @cached_property
    def soup(self) -> BeautifulSoup:
        """Return the parsed page."""
        return BeautifulSoup(self.path.read_text(encoding="utf-8"), "html.parser")

    @cached_property
    def widgets(self) -> dict:
        """Return the block of modules and models that the loader reads."""
        block = self.soup.find(id="rp-widgets")
        return json.loads(block.string) if block else {"modules": [], "models": {}}

    def host(self, trait: str, start: str) -> list[Tag]:
        """Return the widget whose trait starts with some words."""
        for host in self.soup.select(".rp-host"):
            state = self.widgets["models"][host["data-model"]]["state"]
            if str(state.get(trait) or "").startswith(start):
                return [host]
        return []

    def cell(self, start: str) -> list[Tag]:
        """Return the output of the cell that prints some words, then its code, folded."""
        for cell in self.soup.select("div.cell"):
            output = cell.select_one(".cell_output")
            if output and start in words(output.get_text(" ")):
                code = cell.select_one(".cell_input")
                return [output, *([code] if code else [])]
        return []

    def paragraph(self, start: str) -> list[Tag]:
        """Return the paragraph that starts with some words."""
        for node in self.soup.select("article p, article li"):
            if words(node.get_text()).startswith(start):
                return [node]
        return []

    def find(self, item: str | dict[str, str]) -> list[Tag]:
        """Return the nodes of one item: ``question``, ``answer``, ``#label`` or ``{kind: first words}``."""
        if item == "question":
            return self.soup.select("article > section > p")
        if item == "answer":
            return self.soup.select("#the-answer > p")
        if isinstance(item, str):
            found = self.soup.find(id=item.removeprefix("#"))
            return [found] if found else []
        kind, start = next(iter(item.items()))
        if kind in ("quiz", "widget"):
            return self.host("question" if kind == "quiz" else "title", start)
        return {"cell": self.cell, "text": self.paragraph}[kind](start)

    def heading(self, node: Tag) -> str:
        """Return the heading under which a node stands, without its number, as HTML."""
        section = node.find_parent("section")
        while section and section.find(["h1", "h2", "h3"], recursive=False) is None:
            section = section.find_parent("section")
        title = copy(section.find(["h1", "h2", "h3"], recursive=False))
        for part in title.select(".section-number, .headerlink"):
            part.decompose()
        return title.decode_contents().strip()
