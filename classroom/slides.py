"""Make the slides: ``python classroom/slides.py`` writes one HTML file a lesson into ``_build/slides``.

``slides.yml`` says which parts of which chapters a deck shows, by their names: a label, the first words of a quiz or of
a printed line. The parts are taken from the built site, so formulas, figures and live widgets are those of the book.
A name that a chapter does not have stops the build. Each deck is one file that needs no network and no server.
"""

import argparse
import base64
import html
import json
import mimetypes
import re
import sys
from copy import copy
from pathlib import Path

import yaml
from bs4 import BeautifulSoup, Tag
from markdown_it import MarkdownIt
from parts import Chapter

ROOT = Path(__file__).resolve().parent.parent
HERE = Path(__file__).resolve().parent
REVEAL = ROOT / "book" / "node_modules" / "reveal.js"
CSS_URL = re.compile(r"url\(\s*['\"]?([^'\")]+)['\"]?\s*\)")
PAGE = """<!DOCTYPE html>
<html lang="en" data-theme="light"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>{title}</title>
<style>{style}</style></head>
<body><div class="reveal"><div class="slides">
{slides}
</div></div>
{models}
<script>function mountWidgets() {{
{loader}
}}</script>
<script>{reveal}</script>
<script>{notes}</script>
<script>{start}</script>
</body></html>
"""


class DeckError(ValueError):
    """A deck names something that its chapter does not have."""


def data_url(path: Path) -> str:
    """Return a file as a URL that holds it."""
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return f"data:{kind};base64,{base64.b64encode(path.read_bytes()).decode()}"


def self_contained(css: str, folder: Path) -> str:
    """Return a style sheet with the files that it names inside it."""

    def inside(match: re.Match) -> str:
        path = folder / match[1].split("?")[0].split("#")[0]
        return match[0] if match[1].startswith(("data:", "#")) else f"url({data_url(path)})"

    return CSS_URL.sub(inside, css)


class Deck:
    """The slides of one deck, and the widgets on them."""

    def __init__(self, site: Path, name: str, deck: dict):
        self.site, self.name, self.deck = site, name, deck
        self.chapters: dict[str, Chapter] = {}
        self.modules: list[str] = []
        self.models: dict[str, dict] = {}

    def chapter(self, slug: str) -> Chapter:
        """Return a chapter, read once."""
        if slug not in self.chapters:
            path = self.site / "chapters" / f"{slug}.html"
            if not path.exists():
                raise DeckError(f"{self.name}: the site has no chapter {slug}")
            self.chapters[slug] = Chapter(path)
        return self.chapters[slug]

    def adopt(self, slug: str, host: Tag) -> None:
        """Give a widget a name of this deck, and keep its model and its module."""
        widgets = self.chapter(slug).widgets
        model = widgets["models"][host["data-model"]]
        source = widgets["modules"][model["module"]]
        if source not in self.modules:
            self.modules.append(source)
        name = f"{slug}-{host['data-model']}"
        self.models[name] = {**model, "module": self.modules.index(source)}
        host["data-model"] = name
        host["data-prevent-swipe"] = ""

    def part(self, slug: str, node: Tag) -> str:
        """Return one node as it stands on a slide: no links, pictures inside, code folded."""
        node = copy(node)
        box = BeautifulSoup("<div></div>", "html.parser").div
        box.append(node)
        for link in box.select(".headerlink"):
            link.decompose()
        for link in box.select("a[href]"):
            link.unwrap()
        for inner in box.select("section"):
            inner.name = "div"  # reveal.js takes every section for a slide
        for tag in box.select("[id]"):
            if not tag.find_parent(class_="rp-host"):
                del tag["id"]
        for image in box.select("img"):
            image["src"] = data_url((self.chapter(slug).path.parent / image["src"]).resolve())
            del image["loading"]
        for host in box.select(".rp-host"):
            self.adopt(slug, host)
        content = box.decode_contents()
        if "cell_input" in (node.get("class") or []):
            return f'<details class="code"><summary>Show the code</summary>{content}</details>'
        return content

    def slide(self, slide: dict) -> str:
        """Return one slide as a section."""
        slug, parts, first = slide.get("chapter", ""), [], None
        for item in slide.get("show", []):
            nodes = self.chapter(slug).find(item)
            if not nodes:
                raise DeckError(f"{self.name}: {slug} has no part {item!r}")
            first = first or nodes[0]
            parts += [self.part(slug, node) for node in nodes]
        title = html.escape(slide["title"]) if "title" in slide else self.chapter(slug).heading(first)
        if "board" in slide:
            drawing = ROOT / "figures" / f"{slide['board']}.svg"
            parts.append(f'<img class="board" src="{data_url(drawing)}" alt="{html.escape(slide["alt"])}">')
        if "text" in slide:
            parts.append(MarkdownIt().render(slide["text"]))
        notes = (
            f'<aside class="notes">{MarkdownIt().render(slide["notes"])}</aside>' if "notes" in slide else ""
        )
        return f'<section><div class="slide"><h2>{title}</h2>{"".join(parts)}</div>{notes}</section>'

    def styles(self) -> str:
        """Return the book's style sheet, that of the widgets, reveal.js's and ours."""
        static = self.site / "_static"
        sheets = [self_contained((static / "book.css").read_text(encoding="utf-8"), static)]
        for chapter in self.chapters.values():
            sheets += [
                tag.string or "" for tag in chapter.soup.select("head style") if tag.parent.name != "noscript"
            ]
        sheets.append((REVEAL / "dist" / "reveal.css").read_text(encoding="utf-8"))
        sheets.append((HERE / "slides.css").read_text(encoding="utf-8"))
        return "\n".join(dict.fromkeys(sheets)).replace("</", "<\\/")

    def write(self) -> str:
        """Return the whole deck as one HTML file."""
        front = f'<section><div class="slide front"><h1>{html.escape(self.deck["title"])}</h1>'
        front += f"<p>{html.escape(self.deck['about'])}</p></div></section>"
        slides = "\n".join([front, *(self.slide(slide) for slide in self.deck["slides"])])
        block = json.dumps({"modules": self.modules, "models": self.models}, ensure_ascii=False)
        safe = block.replace("</", "<\\u002f")
        return PAGE.format(
            title=html.escape(self.deck["title"]),
            style=self.styles(),
            slides=slides,
            models=f'<script type="application/json" id="rp-widgets">{safe}</script>',
            loader=(self.site / "_static" / "loader.js").read_text(encoding="utf-8"),
            reveal=(REVEAL / "dist" / "reveal.js").read_text(encoding="utf-8"),
            notes=(REVEAL / "plugin" / "notes" / "notes.js")
            .read_text(encoding="utf-8")
            .replace("</script", "<\\/script"),
            start=(HERE / "slides.js").read_text(encoding="utf-8"),
        )


def main() -> int:
    """Write every deck; return 1 when one names a part that is not there."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--site", type=Path, default=ROOT / "_build" / "html")
    parser.add_argument("--out", type=Path, default=ROOT / "_build" / "slides")
    arguments = parser.parse_args()
    decks = yaml.safe_load((HERE / "slides.yml").read_text(encoding="utf-8"))
    arguments.out.mkdir(parents=True, exist_ok=True)
    for name, deck in decks.items():
        try:
            text = Deck(arguments.site.resolve(), name, deck).write()
        except DeckError as error:
            print(f"  {error}")
            return 1
        path = arguments.out / f"{name}.html"
        path.write_text(text, encoding="utf-8")
        print(f"  {path}: {len(deck['slides']) + 1} slides, {len(text) / 1024:.0f} KB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
