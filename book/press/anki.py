"""Cards as a package for Anki, the same bytes for the same cards.

``write_package`` gives every note the id of its card (:func:`reparam.widgets.deck.card_id`): importing a newer
edition updates the notes and keeps their dates.
"""

import hashlib
import html
import re
import tempfile
import warnings
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import genanki

from reparam.widgets.deck import card_id

__all__ = ["rich", "write_package"]

EPOCH = 1_767_225_600  # 2026-01-01: Anki wants a time of creation, the same at every build
STYLE = """.card { font: 20px/1.5 serif; text-align: center; }
.chapter { font: 14px sans-serif; opacity: 0.7; }
code { font-size: 0.9em; }"""
FACE = '<p class="chapter">{{Chapter}}</p><p>{{Front}}</p>'


def number(name: str) -> int:
    """Return a fixed id of ten digits for a name, as Anki wants for decks and note types."""
    return 1_000_000_000 + int(hashlib.sha256(name.encode()).hexdigest()[:8], 16) % 1_000_000_000


def rich(text: str) -> str:
    """Return a card's plain text as HTML, by the rules of the widgets' ``rich.js``."""
    parts = re.split(r"`([^`]+)`", text)
    for k, part in enumerate(parts):
        safe = html.escape(part).replace("&#x27;", "&#39;")
        if k % 2:
            parts[k] = f"<code>{safe}</code>"
            continue
        safe = re.sub(
            r"(^|[^\w*])\*([^\s*](?:[^*]*[^\s*])?)\*(?![\w*])", r"\1<em>\2</em>", safe, flags=re.ASCII
        )
        safe = re.sub(r"_\{([^{}]+)\}", r"<sub>\1</sub>", safe)
        parts[k] = re.sub(r"\^\{([^{}]+)\}", r"<sup>\1</sup>", safe)
    return "".join(parts)


def write_package(chapters: Mapping[str, Sequence[tuple[str, str]]], path: Path, title: str) -> None:
    """Write one Anki deck for each chapter, below one of the book's name."""
    kind = genanki.Model(
        number(title),
        title,
        fields=[{"name": name} for name in ("Front", "Back", "Chapter", "Key")],
        templates=[{"name": "Card", "qfmt": FACE, "afmt": FACE + "<hr id=answer><p>{{Back}}</p>"}],
        css=STYLE,
    )
    known, decks = set(), []
    for chapter, cards in chapters.items():
        deck = genanki.Deck(number(f"{title}::{chapter}"), f"{title}::{chapter}")
        for front, back in cards:
            key = card_id(front)
            if key not in known:
                known.add(key)
                fields = [rich(front), rich(back), html.escape(chapter), key]
                deck.add_note(genanki.Note(model=kind, fields=fields, guid=key))
        decks.append(deck)
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("error")
        raw = Path(folder) / "raw.apkg"
        genanki.Package(decks).write_to_file(raw, timestamp=EPOCH)
        with zipfile.ZipFile(raw) as source, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target:
            for name in sorted(source.namelist()):
                target.writestr(zipfile.ZipInfo(name), source.read(name), zipfile.ZIP_DEFLATED)
