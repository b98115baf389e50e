"""Finding one's way: glossary links, the index, the map of the papers, references, and cards to take along."""

import hashlib
import html
import json
import re
import sqlite3
import subprocess
import zipfile
from functools import cache
from pathlib import Path

import pytest
from docutils import nodes
from docutils.utils import new_document
from press import anki, backindex, deck, glossary
from press.node import node_binary
from pybtex.database import parse_file
from pybtex.plugin import find_plugin

from reparam.widgets import Deck

ROOT = Path(__file__).resolve().parents[2]
CHAPTERS = ROOT / "chapters"
ENTRIES = re.search(r":::\{glossary\}\n(.*)\n:::", (CHAPTERS / "glossary.md").read_text(), re.DOTALL)[1]
TERMS = [
    glossary.Term(
        ("straight-through estimator", "straight-through"), ("st", "st2"), "Hard forward.", ("", "")
    ),
    glossary.Term(("RELAX",), ("relax",), "REBAR with a free critic.", ("", "")),
    glossary.Term(("posterior",), ("posterior",), "The code, given the data.", ("", "")),
    glossary.Term(("reparameterisation trick",), ("trick",), "Noise from outside.", ("", "")),
]


def page(*children):
    """A page with one section that holds these nodes."""
    tree = new_document("page")
    tree += nodes.section("", *children, ids=["here"])
    return tree


def said(*texts):
    return nodes.paragraph("", "", *[nodes.Text(t) if isinstance(t, str) else t for t in texts])


def linked(tree):
    return [(ref.astext(), ref["refuri"]) for ref in tree.findall(nodes.reference) if ref.get("classes")]


def test_the_first_use_is_linked_in_any_case_and_number_and_the_longest_name_wins():
    tree = page(
        nodes.title("", "A posterior"),
        said("Relax: Straight-through\nestimators and posteriors, a posterior, RELAX, posterior-like."),
        said("The reparameterization trick. RELAX again."),
    )
    before = tree.astext()
    glossary.link_uses(tree, TERMS, "g.html")
    assert tree.astext() == before
    assert linked(tree) == [
        ("Straight-through\nestimators", "g.html#st"),
        ("posteriors", "g.html#posterior"),
        ("RELAX", "g.html#relax"),
        ("reparameterization trick", "g.html#trick"),
    ]
    assert next(tree.findall(nodes.reference))["reftitle"] == "Hard forward."


def test_no_link_in_a_heading_a_link_code_a_formula_a_caption_a_table_or_an_output():
    barred = [
        nodes.title("", "RELAX"),
        said(nodes.reference("", "RELAX", refuri="x")),
        said(nodes.strong("", "", nodes.literal("", "RELAX")), nodes.math("", "RELAX")),
        nodes.figure("", nodes.caption("", "RELAX"), nodes.legend("", said("RELAX"))),
        nodes.table("", nodes.tgroup("", nodes.tbody("", nodes.row("", nodes.entry("", said("RELAX")))))),
        nodes.container("", said("RELAX"), classes=["cell_output"]),
    ]
    assert glossary.first_uses(page(*barred), TERMS) == []
    exercise = nodes.container(
        "", nodes.section("", said(nodes.strong("", "RELAX")), ids=["exercise-content"])
    )
    (use,) = glossary.first_uses(page(*barred, exercise), TERMS)
    assert use.section == "here", "the text of an exercise is no section of the page"


def test_a_search_may_be_spelt_as_one_likes():
    assert {"reparametrization trick", "reparameterisation trick"} <= glossary.spellings(
        "Reparameterisation trick"
    )
    assert {"straight through", "straight-through"} <= glossary.spellings("straight-through")
    assert "score" in glossary.spellings("score (of a density)")


def test_the_glossary_is_in_order_and_says_each_name_once():
    blocks = [block.split("\n") for block in ENTRIES.split("\n\n")]
    names = [line for block in blocks for line in block if not line.startswith(" ")]
    assert 50 <= len(blocks) <= 80
    assert [b[0].lower() for b in blocks] == sorted(b[0].lower() for b in blocks)
    assert len({name.lower() for name in names}) == len(names)
    for block in blocks:
        text = block[-1]
        assert re.match(r"  [A-Z\"][^.$]+\.( |$)", text), f"{block[0]}: a first sentence without formulas"
        assert re.search(r" \[[^]]+\]\([\w-]+\.ipynb#[\w-]+\)$", text), f"{block[0]}: its home at the end"


def test_functions_and_widgets_are_found_where_they_are_used():
    cells = [
        "from reparam import samplers as s, noise\nfrom reparam.path import log_weights\nimport torch",
        "y = s.gumbel_softmax(l, noise.gumbel((3,), generator=g), tau=1.0)\ntorch.softmax(y)",
        "log_weights(1)\ns.no_such_thing(2)\nQuiz('?')\nDecoder(w)",
    ]
    assert set(backindex.functions_of(cells)) == {
        (1, "samplers.gumbel_softmax"),
        (1, "noise.gumbel"),
        (2, "path.log_weights"),
    }
    assert list(backindex.widgets_of(cells)) == [(2, "Decoder")]


@cache
def printed(slug):
    cells = json.loads((CHAPTERS / f"{slug}.ipynb").read_text())["cells"]
    return "\n".join("".join(o.get("text", "")) for cell in cells for o in cell.get("outputs", []))


def test_the_map_of_the_papers_quotes_what_the_chapters_print():
    rows = [
        line.split(" | ")
        for line in (CHAPTERS / "where-from.md").read_text().splitlines()
        if ".ipynb" in line
    ]
    assert len(rows) > 50
    quoted = 0
    for _, place, verdict in rows:
        shown = "\n".join(printed(slug) for slug in set(re.findall(r"\(([\w-]+)\.ipynb", place)))
        for quote in re.findall(r"`([^`]+)`", re.sub(r"\{[\w:]+\}`[^`]+`", "", verdict)):
            assert quote in shown, f"{quote!r} is not printed by {place}"
            quoted += 1
    assert quoted > 40


def test_every_reference_leads_somewhere():
    entries = parse_file(CHAPTERS / "references.bib").entries
    style, back = find_plugin("pybtex.style.formatting", "plain")(), find_plugin("pybtex.backends", "html")()
    for entry in style.format_entries(entries.values()):
        text = html.unescape(entry.text.render(back))
        assert re.search(
            r'<a href="https?://(doi\.org/10\.\d{4,}/|arxiv\.org/abs/\d{4}\.\d{4,5}|)\S+">', text
        ), entry.key


@pytest.fixture(scope="module")
def chapters():
    return {path.stem: cards for path in sorted(CHAPTERS.glob("*.ipynb")) if (cards := deck.cards_of(path))}


def test_the_deck_holds_the_cards_of_every_chapter(chapters):
    sources = {path.stem: path.read_text() for path in CHAPTERS.glob("*.ipynb")}
    assert set(chapters) == {stem for stem, text in sources.items() if '"Cards(' in text}
    whole = Deck(chapters)
    ids = [card[0] for one in whole.decks for card in one["cards"]]
    assert len(set(ids)) == len(ids) == len({pair[0] for cards in chapters.values() for pair in cards})


def test_the_package_for_anki_is_sound_and_the_same_every_time(chapters, tmp_path):
    odd = {"A & B": [("a < b & `c_{i}`?", "x_{i}^{2} *is* 'it'"), ("f", "g")], "C": [("f", "g")]}
    for name in ("one", "two"):
        anki.write_package(odd, tmp_path / name, title="Book")
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
    with zipfile.ZipFile(tmp_path / "one") as package:
        assert {info.date_time for info in package.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        package.extract("collection.anki2", tmp_path)
    with sqlite3.connect(tmp_path / "collection.anki2") as database:
        notes = dict(database.execute("select guid, flds from notes").fetchall())
        (named,) = database.execute("select decks from col").fetchone()
    key = hashlib.sha256(b"a < b & `c_{i}`?").hexdigest()[:12]
    front, back, chapter, own = notes[key].split("\x1f")
    assert front == "a &lt; b &amp; <code>c_{i}</code>?"
    assert back == "x<sub>i</sub><sup>2</sup> <em>is</em> &#39;it&#39;"
    assert (chapter, own, len(notes)) == ("A &amp; B", key, 2)
    assert "Book::A & B" in {one["name"] for one in json.loads(named).values()}


def test_cards_look_alike_in_anki_and_in_the_widgets(chapters):
    texts = [text for cards in chapters.values() for pair in cards for text in pair]
    script = (
        "import { rich } from './src/reparam/widgets/kit/rich.js'; import { readFileSync } from 'node:fs';"
        "console.log(JSON.stringify(JSON.parse(readFileSync(0, 'utf8')).map(rich)))"
    )
    command = [node_binary(), "--input-type=module", "-e", script]
    run = subprocess.run(
        command, input=json.dumps(texts), capture_output=True, text=True, cwd=ROOT, check=True
    )
    assert json.loads(run.stdout) == [anki.rich(text) for text in texts]
