"""Every number in a chapter's prose is printed, asserted or contained by a cell, and every claim on others is cited.

Numbers of one digit or two up to twelve, years and the numbers of sections are let through; a number rounds what a
cell states, or stands below with its reason. Numbers written as words are not seen. Quizzes and cards back nothing.
"""

import re
from functools import cache
from pathlib import Path

import claims
import nbformat
import pytest

CHAPTERS = Path(__file__).resolve().parent.parent / "chapters"
NOTEBOOKS = sorted(CHAPTERS.glob("*.ipynb"))

# (chapter, number): why no cell of the chapter needs to state it.
ALLOWED = {
    ("elbo-and-kl", "40"): "LOG_VAR_KNEE, held by tests/test_divergences.py",
    ("gumbels-race", "10,000"): "what the reader is asked to do with the widget",
    ("structured-choices", "297"): "the size of the test set, held by tests/test_data.py",
    ("structured-choices", "120"): "5!, how many matchings five places have",
    ("the-official-code", "60,000"): "quoted from the text, burda2016, section 5",
    ("the-official-code", "10,000"): "quoted from the text, burda2016, section 5",
    ("the-official-code", "24,345"): "quoted from the text, burda2016, section 5",
    ("the-official-code", "8,070"): "quoted from the text, burda2016, section 5",
    ("the-official-code", "400"): "a constant of the released code that the chapter reads",
    ("the-table-rerun", "30"): "ten rows of three seeds each",
    ("train-a-vae", "1,797"): "the size of the data set, cited there, held by tests/test_data.py",
    ("unbiased-and-sharp", "62,500"): "250 squared",
    ("unbiased-and-sharp", "19"): "the other coins of 20",
    ("when-it-goes-wrong", "3,000"): "exp(8) to one digit, from the schedule exp(-8 s) in the next cell",
    ("when-it-goes-wrong", "40"): "twice the 20 steps of the cell below",
    ("why-today", "84"): "4 + 16 + 64, as the sentence says",
}
NO_AUTHORS = {"Gumbel", "others"}  # a law's name, and BibTeX's


@cache
def read(path):
    return nbformat.read(path, as_version=4).cells


@cache
def unbacked(path):
    return claims.unbacked(read(path))


def paragraphs(path):
    text = "\n\n".join(cell.source for cell in read(path) if cell.cell_type == "markdown")
    return re.split(r"\n\s*\n", text)


def cited(text):
    return {
        key.strip() for keys in re.findall(r"\{cite(?::\w+)?\}`([^`]+)`", text) for key in keys.split(",")
    }


def references():
    """Return the authors' surnames of every key of the bibliography."""
    entries = re.findall(r"^@\w+\{([\w-]+),(.*?)^\}", (CHAPTERS / "references.bib").read_text(), re.M | re.S)
    authors = {key: re.search(r"author = \{(.*)\},?$", body, re.M)[1].split(" and ") for key, body in entries}
    return {key: {name.split(",")[0].strip("{} ") for name in names} for key, names in authors.items()}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_every_number_in_prose_has_a_cell_behind_it(path):
    missing = [(n, where) for n, where in unbacked(path) if (path.stem, n) not in ALLOWED]
    assert not missing, (
        "no cell prints, asserts or contains these: let one, or say in ALLOWED why none needs to"
    )


def test_every_exception_is_still_needed():
    used = {(path.stem, n) for path in NOTEBOOKS for n, _ in unbacked(path)}
    assert used >= ALLOWED.keys(), ALLOWED.keys() - used


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_claims_about_the_literature_are_cited(path):
    known, keys = references(), cited("\n\n".join(paragraphs(path)))
    assert keys <= known.keys(), f"no such reference: {keys - known.keys()}"
    for text in paragraphs(path):
        if re.search(r"et al\.|\b[A-Z]\w+,? (and [A-Z]\w+,? )?\((19|20)\d\d\)", text):
            assert cited(text), f"authors without a citation: {text}"
    names = set().union(*(known[key] for key in keys)) | NO_AUTHORS
    plain = claims.prose("\n\n".join(paragraphs(path)))
    strangers = {
        name for each in known.values() for name in each if re.search(rf"\b{re.escape(name)}\b", plain)
    }
    assert strangers <= names, f"named, and nowhere in this chapter cited: {strangers - names}"


def test_an_invented_number_is_seen():
    def missing(prose, code, printed=""):
        output = nbformat.v4.new_output("stream", text=printed)
        cells = [nbformat.v4.new_markdown_cell(prose), nbformat.v4.new_code_cell(code, outputs=[output])]
        return [number for number, _ in claims.unbacked(cells)]

    assert missing("It is 13.7 % better.", "x = 1") == ["13.7 %"]
    assert missing("It is 13.7 % better.", "x = 1", "0.1368") == []
    assert missing("It is 13.7 % better.", "x = 1", "0.1378") == ["13.7 %"]
    assert missing(r"The variance is $\\approx 0.41$ here.", "assert abs(v - 0.5) < 1e-3") == ["0.41"]
    assert missing("About 1,200 draws, see section 44, of 2014.", "draws = 1200") == []
    assert missing("About 1,300 draws.", 'Quiz("1300 draws?")') == ["1,300"]
    assert missing("Here `x = 99` and $x = y^{99}$, as [said](page-77.ipynb) in 1999.", "") == []
