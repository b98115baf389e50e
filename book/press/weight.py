"""What a first visit to each page costs, gzipped, against the ceiling of 400 KB."""

import gzip
from functools import cache
from pathlib import Path

from .site import Page, urls_in_css

__all__ = ["CEILING", "weigh"]

CEILING = 400 * 1024
PACKED = {".woff2", ".png", ".jpg", ".webp"}  # already compressed


@cache
def cost(path: Path) -> int:
    """Return the bytes of one file on the wire."""
    data = path.read_bytes()
    return len(data) if path.suffix in PACKED else len(gzip.compress(data, 6))


def weigh(site: Path, book: list[Page]) -> dict[str, int]:
    """Return bytes per page: the page, all it loads, and every font (the browser takes fewer)."""
    table = {}
    for page in book:
        files = {page.path, *page.loads()}
        for sheet in [path for path in files if path.suffix == ".css"]:
            files |= urls_in_css(sheet)
        table[page.path.relative_to(site).as_posix()] = sum(cost(path) for path in files)
    return table
