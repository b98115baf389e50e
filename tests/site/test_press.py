"""The press itself: what it refuses, and that its repairs repair."""

import json
import re
from pathlib import Path

import pytest
from press import fonts, images, links, tidy, weight, widgets
from press.node import NodeError, ask
from press.site import Page, pages

ROOT = Path(__file__).resolve().parents[2]

GOOD = "export default { render() { return () => {}; }, still: (s) => `<p>tau is ${s.tau} <b>τ</b></p>` };"


def model(source: str, **state) -> dict:
    """Return a widget state as Jupyter writes it."""
    own = {"_esm": source, "_css": "p{}", "layout": "IPY_MODEL_1", "title": "Toy", "tau": 0.5, **state}
    return {"model_name": "AnyModel", "model_module": "anywidget", "state": own}


def view(key: str) -> str:
    """Return a view script as MyST-NB writes it."""
    data = json.dumps({"model_id": key})
    return f'<script type="application/vnd.jupyter.widget-view+json">{data}</script>'


@pytest.fixture
def place(monkeypatch):
    """Return a function that places views on a page and returns its HTML, its data and its warnings."""

    def run(models: dict, *keys: str):
        page, said = widgets.Page("page", models), []
        monkeypatch.setattr(page, "warn", lambda message, *args: said.append(message % args))
        page.refuse_foreign()
        body = widgets.VIEW.sub(page.place, "".join(map(view, keys)))
        data = json.loads(re.search(r">(.*)</script>", page.data(), re.DOTALL)[1])
        return body, data, said

    return run


def test_a_view_becomes_a_named_still_picture_and_each_source_is_kept_once(place):
    body, data, said = place({"a": model(GOOD), "b": model(GOOD, tau=2, title="B")}, "a", "b", "a")
    assert said == []
    assert body.count("tau is 0.5") == 2
    assert 'aria-label="B"' in body
    assert data["modules"] == [GOOD]
    assert data["models"]["w2"] == {"module": 0, "state": {"title": "B", "tau": 2}}
    assert set(data["models"]) == {"w1", "w2"}


def test_a_script_in_a_state_cannot_end_the_data_block(place):
    _, data, _ = place({"a": model(GOOD, note="</script><script>alert(1)")}, "a")
    assert data["models"]["w1"]["state"]["note"] == "</script><script>alert(1)"


@pytest.mark.parametrize(
    ("models", "message"),
    [
        ({}, "no state for model a"),
        ({"a": model("export default { render() {} }")}, "no still"),
        ({"a": model("export default { still() { throw new Error('boom') } }")}, "boom"),
        ({"a": model("export default {")}, "no still picture of Toy"),
        ({"a": model(GOOD, title="")}, "no `title`"),
        ({"a": model(GOOD) | {"buffers": [{}]}}, "binary"),
        (
            {"a": {"model_name": "FloatSliderModel", "model_module": "@jupyter-widgets/controls"}},
            "FloatSlider",
        ),
    ],
)
def test_a_widget_that_readers_would_not_see_is_reported(place, models, message):
    assert any(message in line for line in place(models, "a")[2])


def test_a_bad_formula_is_an_error_and_macros_do_not_leak():
    assert "katex" in ask(do="math", tex=r"\E[f]", display=False, macros={r"\E": r"\mathbb{E}"})
    for tex in (r"\E[f]", r"\frac{1}{", r"\nope"):
        with pytest.raises(NodeError):
            ask(do="math", tex=tex, display=True, macros={})


def test_dropdowns_fold_without_a_script():
    block = '<div class="admonition dropdown"><p class="admonition-title"><a href="#x">Solution</a></p><p>It.</p></div>'
    assert tidy.tidy(block) == (
        '<details class="admonition fold"><summary class="admonition-title">Solution</summary>'
        "<p>It.</p></details>"
    )


def test_folds_lie_in_each_other_and_in_blocks_that_do_not_fold():
    title = '<p class="admonition-title">{}</p>'
    inner = f'<div class="dropdown admonition">{title.format("In")}<div><p>x</p></div></div>'
    plain = f'<div class="admonition note">{title.format("Note")}<div class="dropdown">y</div>{inner}</div>'
    outer = f'<div class="admonition dropdown" id="a">\n{title.format("Out")}{plain}</div><div>z</div>'
    summary = '<summary class="admonition-title">{}</summary>'
    folded = f'<details class="admonition fold">{summary.format("In")}<div><p>x</p></div></details>'
    assert tidy.tidy(outer) == (
        f'<details class="admonition fold" id="a">{summary.format("Out")}{plain.replace(inner, folded)}'
        "</details><div>z</div>"
    )


def test_the_link_check_sees_links_anchors_files_and_outsiders(tmp_path):
    (tmp_path / "other.html").write_text('<p id="here">x</p>')
    (tmp_path / "page.html").write_text(
        '<a href="other.html#here">good</a><a href="https://example.org">good</a><a href="gone.html">bad</a>'
        '<a href="other.html#gone">bad</a><img src="gone.png"><script src="https://example.org/x.js"></script>'
    )
    assert links.faults(tmp_path, pages(tmp_path)) == [
        "page.html: broken link gone.html",
        "page.html: broken anchor other.html#gone",
        "page.html: missing file gone.png",
        "page.html: file from outside https://example.org/x.js",
    ]


def test_pictures_get_their_size(tmp_path):
    (tmp_path / "a.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg" width="72pt" height="36pt"/>')
    (tmp_path / "p.html").write_text('<img src="a.svg" alt="x"/>')
    images.write_sizes(Page(tmp_path / "p.html"))
    assert 'width="96" height="48"' in (tmp_path / "p.html").read_text()


def test_a_font_keeps_what_is_used_and_no_more(tmp_path):
    source = ROOT / "book/node_modules/@fontsource/ibm-plex-mono/files/ibm-plex-mono-latin-400-normal.woff2"
    path = tmp_path / "mono.woff2"
    path.write_bytes(source.read_bytes())
    assert fonts.cut(path, {"a", "b", "漢"})
    assert path.stat().st_size < source.stat().st_size / 4
    assert not fonts.cut(path, {"z"})
    assert not path.exists()


def test_a_face_that_no_formula_wears_goes():
    sheet = (
        "@font-face{font-family:KaTeX_Math;src:url(fonts/KaTeX_Math-Italic.woff2)}"
        ".katex{font:normal 1.21em KaTeX_Main,serif}"
        ".katex .mathnormal{font-family:KaTeX_Math;font-style:italic}"
        ".katex .mathbf{font-family:KaTeX_Main;font-weight:700}"
        ".katex .mathfrak,.katex .textfrak{font-family:KaTeX_Fraktur}"
        ".katex .delimsizing.size1{font-family:KaTeX_Size1}"
    )
    classes = {"katex", "mathnormal", "textfrak", "size1"}
    assert fonts.worn(sheet, classes) == {"KaTeX_Main-Regular", "KaTeX_Math-Italic", "KaTeX_Fraktur-Regular"}


def test_a_page_weighs_what_it_loads(tmp_path):
    (tmp_path / "p.html").write_text('<link rel="stylesheet" href="s.css"><img src="i.png">')
    (tmp_path / "s.css").write_text("p{background:url(b.png)}")
    for name in ("i.png", "b.png"):
        (tmp_path / name).write_bytes(b"0" * 5000)
    assert 10_000 < weight.weigh(tmp_path, pages(tmp_path))["p.html"] < 10_300
