"""The check of a finished PDF sees what it is there to see. Needs pypdf, which `make pdf` installs."""

import pytest

pypdf = pytest.importorskip("pypdf")

from press import pdf  # noqa: E402
from pypdf.generic import DictionaryObject, NameObject, NumberObject, TextStringObject  # noqa: E402


def link(page, **target):
    """Put a link on a page, its target given as entries of the annotation."""
    entry = DictionaryObject({NameObject("/Subtype"): NameObject("/Link")})
    entry.update({NameObject(f"/{key}"): value for key, value in target.items()})
    page.setdefault(NameObject("/Annots"), pypdf.generic.ArrayObject()).append(entry)


def action(kind, key, value):
    """Return the action that a link starts."""
    return DictionaryObject(
        {NameObject("/S"): NameObject(f"/{kind}"), NameObject(f"/{key}"): TextStringObject(value)}
    )


@pytest.fixture
def two_pages(tmp_path):
    """Return a writer of two empty pages with the named place ``there``, and where to write it."""
    writer = pypdf.PdfWriter()
    for _ in range(2):
        writer.add_blank_page(100, 100)
    writer.add_named_destination("there", 1)
    return writer, tmp_path / "some.pdf"


def test_places_are_numbered_from_one(two_pages):
    writer, path = two_pages
    writer.write(path)
    assert pdf.anchors(pypdf.PdfReader(path)) == {"there": 2}


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ({"Dest": NameObject("/there")}, ""),
        ({"Dest": NameObject("/elsewhere")}, "page 1: a link to /elsewhere, which is nowhere"),
        ({"A": action("GoTo", "D", "gone")}, "page 1: a link to gone, which is nowhere"),
        ({"A": action("GoToR", "F", "other.pdf")}, ""),
        ({"A": action("GoToR", "F", "lost.pdf")}, "page 1: a link to the file lost.pdf, which is not made"),
        ({"A": action("URI", "URI", "https://doi.org/10.1000/1")}, ""),
        ({"A": action("URI", "URI", "http://127.0.0.1:8000/x")}, "which only this machine has"),
    ],
)
def test_a_link_leads_somewhere(two_pages, target, said):
    writer, path = two_pages
    link(writer.pages[0], **target)
    writer.write(path)
    about_links = [line for line in pdf.faults(path, [], {"other.pdf"}) if "a link to" in line]
    assert len(about_links) == bool(said)
    assert said in "".join(about_links)


def test_what_is_missing_is_said(two_pages):
    writer, path = two_pages
    writer.write(path)
    said = "\n".join(pdf.faults(path, ["Why maxima?"], set()))
    for part in ("'Why maxima?' is not in the text", "not tagged", "no bookmarks"):
        assert part in said


def test_links_to_other_chapters_become_links_to_files(two_pages):
    writer, path = two_pages
    link(writer.pages[0], A=action("URI", "URI", f"{pdf.ELSEWHERE}temperature"))
    writer.write(path)
    pdf.finish(path, "The authors")
    reader = pypdf.PdfReader(path)
    ((_, found),) = pdf.links(reader)
    assert found["/A"]["/F"] == "temperature.pdf"
    assert found["/A"]["/D"] == [NumberObject(0), "/Fit"]
    assert reader.metadata["/Author"] == "The authors"


def test_every_chapter_is_printed_once():
    slugs = [slug for part in pdf.contents()["parts"] for slug in part["slugs"]]
    assert slugs[0] == "index"
    assert len(slugs) == len(set(slugs)) > 10


def test_a_page_that_is_not_built_is_named(tmp_path):
    said = pdf.write(tmp_path, tmp_path / "pdf")
    assert said[0] == "index: not in the built site; run `make draft` first"
    assert not (tmp_path / "pdf").exists()
