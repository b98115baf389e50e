"""Cut every typeface down to the characters that the site uses, and prove that none was lost.

Faces of formulas that no formula wears, such as Fraktur, go altogether.

The three faces of the running text then move into the style sheet itself: they are there at the first
paint, so no line is broken anew when a font arrives late, and nothing has to be asked for ahead.
"""

import base64
import html
import re
import string
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont

from .site import Page

__all__ = ["trim"]

ALWAYS = set(string.printable) | set("“”‘’–—…−×·≈≤≥±→←∞°²√")  # what a live widget may write
FACE = re.compile(r"@font-face\s*\{[^}]*?fonts/([\w-]+\.woff2)[^}]*\}")
INLINE = re.compile(r"source-serif-4-latin-(400-normal|400-italic|600-normal)\.woff2")
MATHS = "\u200b"  # KaTeX writes this one from its style sheet
WEARS = re.compile(r"([^{}]*)\{([^{}]*\bfont(?:-family)?:[^;{}]*?(KaTeX_\w+)[^{}]*)\}")


def characters(pages: list[Page]) -> tuple[set[str], set[str]]:
    """Return the characters in the text (widgets' sources too) and those in formulas."""
    text, maths = set(ALWAYS), set(MATHS)
    for page in pages:
        text |= set(html.unescape(page.path.read_text(encoding="utf-8")))
        for formula in page.soup.select(".katex-html"):
            maths |= set(formula.get_text())
    return text, maths


def worn(sheet: str, classes: set[str]) -> set[str]:
    """Return the faces, such as ``KaTeX_Math-Italic``, that the sheet gives to elements of these classes."""
    faces = set()
    for selectors, rule, family in WEARS.findall(sheet):
        bold = "Bold" if "font-weight:700" in rule else ""
        face = bold + ("Italic" if "font-style:italic" in rule else "")
        wanted = [set(re.findall(r"\.([\w-]+)", selector)) for selector in selectors.split(",")]
        if any(names and names <= classes for names in wanted):
            faces.add(f"{family}-{face or 'Regular'}")
    return faces


def cut(path: Path, used: set[str]) -> bool:
    """Subset one font in place; return whether anything of it is used."""
    font = TTFont(path)
    wanted = {ord(character) for character in used} & set(font.getBestCmap())
    if not wanted:
        path.unlink()
        return False
    options = subset.Options()
    options.flavor, options.hinting, options.notdef_outline = "woff2", False, True
    options.layout_features += ["tnum", "lnum"]
    cutter = subset.Subsetter(options)
    cutter.populate(unicodes=wanted)
    cutter.subset(font)
    subset.save_font(font, path, options)
    lost = wanted - set(TTFont(path).getBestCmap())
    assert not lost, f"{path.name} lost {sorted(map(chr, lost))}"
    return True


def trim(static: Path, pages: list[Page]) -> None:
    """Subset all fonts and drop the rules of those that hold nothing we use."""
    text, maths = characters(pages)
    sheet = static / "book.css"
    classes = {
        name
        for page in pages
        for tag in page.soup.select(".katex, .katex *")
        for name in tag.get("class", ())
    }
    faces = worn(sheet.read_text(), classes)

    def keep(rule: re.Match) -> str:
        path = static / "fonts" / rule[1]
        used = text
        if rule[1].startswith("KaTeX"):
            used = maths if path.stem in faces else set()
        if not cut(path, used):
            return ""
        if not INLINE.fullmatch(rule[1]):
            return rule[0]
        data = base64.b64encode(path.read_bytes()).decode()
        return rule[0].replace(f"fonts/{rule[1]}", f"data:font/woff2;base64,{data}")

    sheet.write_text(FACE.sub(keep, sheet.read_text()))
