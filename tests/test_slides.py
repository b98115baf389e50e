"""classroom/slides.py: a deck is one file, with the page's own parts, or an error that names what is missing."""

import importlib.util
import json
import re
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "book"), str(ROOT / "classroom")]

from press.polls import quizzes  # noqa: E402

_spec = importlib.util.spec_from_file_location("slides", ROOT / "classroom" / "slides.py")
slides = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(slides)

DECKS = yaml.safe_load((ROOT / "classroom" / "slides.yml").read_text())
BLOCK = {
    "modules": ["export default { render() {} }; // </script>"],
    "models": {"w1": {"module": 0, "state": {"question": "Will it fall?", "title": "Prediction"}}},
}
PAGE = """<html><head><style>.rp-quiz {{ color: red; }}</style></head><body><article>
<section id="chapter"><h1><span class="section-number">1. </span>A chapter<a class="headerlink" href="#c">#</a></h1>
<p>An opening.</p><p><strong>The question.</strong> What?</p>
<section id="part"><h2>A part &amp; more</h2>
<div id="thm-a"><section>A theorem.</section></div>
<div class="math" id="equation-eq-a">a<a class="headerlink" href="#equation-eq-a">#</a></div>
<p>See <a href="other.html">elsewhere</a> or <a href="https://example.org/x">outside</a>.</p>
<figure id="fig-a"><img src="../_images/a.svg" loading="lazy"></figure>
<div class="cell"><div class="cell_input"><pre>print(1)</pre></div>
<div class="cell_output"><pre>one   1</pre></div></div>
<div class="cell"><div class="cell_output">
<div class="rp-host" data-model="w1"><div id="in-widget">still</div></div></div></div>
</section><section id="the-answer"><h2>The answer</h2><p>That.</p></section></section></article>
<script type="application/json" id="rp-widgets">{block}</script></body></html>"""


@pytest.fixture
def site(tmp_path):
    (tmp_path / "chapters").mkdir()
    (tmp_path / "_images").mkdir()
    (tmp_path / "_static" / "fonts").mkdir(parents=True)
    (tmp_path / "_images" / "a.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    (tmp_path / "_static" / "fonts" / "f.woff2").write_bytes(b"font")
    (tmp_path / "_static" / "book.css").write_text("@font-face { src: url(fonts/f.woff2?v=1) }")
    (tmp_path / "_static" / "loader.js").write_text("const loaded = true;")
    block = json.dumps(BLOCK).replace("</", "<\\u002f")
    for name in ("one", "two"):
        (tmp_path / "chapters" / f"{name}.html").write_text(PAGE.format(block=block))
    return tmp_path


def deck(site, *shown, chapter="one"):
    return slides.Deck(
        site,
        "deck",
        {"title": "A <deck>", "about": "", "slides": [{"chapter": chapter, "show": list(shown)}]},
    )


def section(site, *shown):
    text = deck(site, *shown).write()
    return re.search(r"<section><div class=\"slide\">.*?</section>", text, re.DOTALL)[0]


def test_parts_are_found_by_name_and_stand_alone(site):
    whole = section(site, "#equation-eq-a", "#fig-a", {"cell": "one 1"}, {"text": "See elsewhere"})
    assert "<h2>A part &amp; more</h2>" in whole
    assert "data:image/svg+xml;base64," in whole
    assert "<a " not in whole
    assert "loading" not in whole
    assert re.search(r"one   1.*<details class=\"code\">.*print\(1\)", whole, re.DOTALL)
    assert "What?" in section(site, "question")
    assert "<h2>A chapter</h2>" in section(site, "question")
    assert "That." in section(site, "answer")
    assert section(site, "#thm-a").count("<section") == 1


@pytest.mark.parametrize(
    "item", ["#no-such", {"quiz": "Will it rise?"}, {"cell": "two"}, {"text": "None"}, {"widget": "Race"}]
)
def test_a_part_that_is_not_there_is_named(site, item):
    with pytest.raises(slides.DeckError, match=re.escape(f"deck: one has no part {item!r}")):
        deck(site, item).write()
    with pytest.raises(slides.DeckError, match="the site has no chapter three"):
        deck(site, item, chapter="three").write()


def test_widgets_of_two_chapters_share_a_deck(site):
    two = [{"chapter": name, "show": [{"quiz": "Will it"}]} for name in ("one", "two")]
    text = slides.Deck(site, "deck", {"title": "T", "about": "", "slides": two}).write()
    block = json.loads(re.search(r'id="rp-widgets">(.*?)</script>', text, re.DOTALL)[1])
    assert block["modules"] == BLOCK["modules"]
    assert set(block["models"]) == {"one-w1", "two-w1"}
    for name in block["models"]:
        assert f'data-model="{name}"' in text
    assert 'id="in-widget"' in text


def test_a_deck_is_one_file(site):
    text = deck(site, "#fig-a", {"quiz": "Will"}).write()
    loaded = re.findall(r"(?:src|href|srcset)=[\"']([^\"']*)", text.split("<script>")[0]) + re.findall(
        r"url\(([^)]*)\)", text.split("</style>")[0]
    )
    assert loaded
    assert all(url.startswith("data:") for url in loaded)
    assert "font/woff2;base64,Zm9udA==" in text
    assert "<title>A &lt;deck&gt;</title>" in text


@pytest.mark.parametrize("name", DECKS)
def test_what_a_deck_names_is_in_the_chapters(name):
    for slide in DECKS[name]["slides"]:
        assert "notes" in slide
        if "board" in slide:
            assert (ROOT / "figures" / f"{slide['board']}.svg").exists()
            assert len(slide["alt"]) > 40
            continue
        path = ROOT / "chapters" / f"{slide['chapter']}.ipynb"
        source = json.dumps(json.loads(path.read_text())["cells"])
        for item in slide["show"]:
            if isinstance(item, str) and item.startswith("#"):
                assert item.removeprefix("#").removeprefix("equation-") in source, item
            elif isinstance(item, dict) and "quiz" in item:
                assert any(q["question"].startswith(item["quiz"]) for q in quizzes(path)), item
