"""The built site as files: its pages, and what each file asks the browser to load."""

import re
from functools import cached_property
from pathlib import Path
from urllib.parse import unquote, urlsplit

from bs4 import BeautifulSoup

__all__ = ["Page", "pages", "urls_in_css"]

LOADED = {"img": "src", "script": "src", "source": "src", "link": "href"}
CSS_URL = re.compile(r"url\(\s*['\"]?([^'\")]+)['\"]?\s*\)")


class Page:
    """One HTML file, parsed once."""

    def __init__(self, path: Path):
        self.path = path

    @cached_property
    def soup(self) -> BeautifulSoup:
        """Return the parsed page."""
        return BeautifulSoup(self.path.read_text(encoding="utf-8"), "html.parser")

    def local(self, url: str) -> tuple[Path, str] | None:
        """Return ``(file, fragment)`` for a link inside the site, ``None`` for any other."""
        parts = urlsplit(url)
        if parts.scheme or parts.netloc:
            return None
        target = (self.path.parent / unquote(parts.path)).resolve() if parts.path else self.path
        return (target / "index.html" if target.is_dir() else target), unquote(parts.fragment)

    def loads(self) -> set[Path]:
        """Return the local files that the browser asks for when it opens this page."""
        tags = self.soup.find_all(list(LOADED))
        skip = {"search", "next", "prev", "index", "canonical"}
        urls = [
            tag[LOADED[tag.name]]
            for tag in tags
            if tag.get(LOADED[tag.name]) and not skip & set(tag.get("rel", []))
        ]
        return {found[0] for url in urls if (found := self.local(url))}

    def links(self) -> list[str]:
        """Return the targets of all links to follow."""
        return [tag["href"] for tag in self.soup.find_all("a", href=True)]

    @cached_property
    def anchors(self) -> set[str]:
        """Return every id on the page."""
        return {tag["id"] for tag in self.soup.find_all(id=True)}


def pages(site: Path) -> list[Page]:
    """Return every page of the site."""
    found = sorted(path.resolve() for path in site.rglob("*.html") if "_static" not in path.parts)
    return [Page(path) for path in found]


def urls_in_css(path: Path) -> set[Path]:
    """Return the files that a style sheet refers to."""
    urls = CSS_URL.findall(path.read_text(encoding="utf-8"))
    return {(path.parent / url.split("?")[0].split("#")[0]).resolve() for url in urls if ":" not in url}
