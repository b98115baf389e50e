"""Give every picture its size in the HTML, so that the text does not jump when it arrives."""

import re
import xml.etree.ElementTree as ET
from pathlib import Path

from PIL import Image

from .site import Page

__all__ = ["size", "write_sizes"]

IMG = re.compile(r"<img\b(?![^>]*\bwidth=)([^>]*?)/?>")
SRC = re.compile(r'\bsrc="([^"]+)"')
UNITS = {"pt": 4 / 3, "px": 1.0, "": 1.0, "in": 96.0}


def size(path: Path) -> tuple[int, int]:
    """Return the width and height of a picture in CSS pixels."""
    if path.suffix != ".svg":
        with Image.open(path) as image:
            return image.size
    root = ET.parse(path).getroot()
    if root.get("width") and "%" not in root.get("width"):
        numbers = [re.match(r"([\d.]+)(\w*)", root.get(side)).groups() for side in ("width", "height")]
        return tuple(round(float(value) * UNITS[unit]) for value, unit in numbers)
    box = root.get("viewBox").split()
    return round(float(box[2])), round(float(box[3]))


def write_sizes(page: Page) -> None:
    """Add ``width``, ``height`` and lazy loading to the pictures of one page."""

    def sized(tag: re.Match) -> str:
        found = page.local(SRC.search(tag[1])[1])
        if not found or not found[0].exists():
            return tag[0]
        width, height = size(found[0])
        return f'<img{tag[1].rstrip()} width="{width}" height="{height}" loading="lazy" />'

    text = page.path.read_text(encoding="utf-8")
    page.path.write_text(IMG.sub(sized, text), encoding="utf-8")
