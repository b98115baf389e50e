"""The book on paper: ``python -m press.pdf _build/html _build/pdf``, one PDF a chapter and one of the whole.

Chromium prints (``book/print.mjs``). It cannot write the page number of a link's target, so the contents of the
whole book are numbered from the lengths of the chapters, printed first. Then links to other chapters
become links to their files, and every PDF is checked: headings, links, bookmarks, tags. Exits 1 on a fault.
"""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from itertools import accumulate
from pathlib import Path

import yaml
from bs4 import BeautifulSoup
from pypdf import PdfReader, PdfWriter
from pypdf.generic import ArrayObject, DictionaryObject, NameObject, NumberObject, TextStringObject

from .node import BOOK, node_binary

__all__ = ["anchors", "faults", "finish", "write"]

ELSEWHERE = "https://chapter.invalid/"  # as in paper.mjs
WHOLE = "gradients-through-noise"
HEADING = re.compile(r"<h[1-3]\b.*?</h[1-3]>", re.DOTALL)


def contents() -> dict:
    """Return the book as ``compose`` in ``paper.mjs`` wants it, from ``_config.yml`` and ``_toc.yml``."""
    config = yaml.safe_load((BOOK.parent / "_config.yml").read_text())
    toc = yaml.safe_load((BOOK.parent / "_toc.yml").read_text())
    parts = [{"caption": "", "slugs": [Path(toc["root"]).name]}]
    for part in toc["parts"]:
        slugs = [Path(chapter["file"]).name for chapter in part["chapters"]]
        parts.append({"caption": part["caption"], "slugs": slugs})
    return {
        "title": config["title"],
        "author": config["author"],
        "rights": config["copyright"],
        "parts": parts,
    }


def anchors(reader: PdfReader) -> dict[str, int]:
    """Return the page number, from 1, of every named place in a PDF."""
    places = reader.named_destinations.items()
    return {name.lstrip("/"): reader.get_destination_page_number(place) + 1 for name, place in places}


def links(reader: PdfReader) -> Iterator[tuple[int, DictionaryObject]]:
    """Yield the page number and the annotation of every link."""
    for number, page in enumerate(reader.pages, 1):
        for annotation in page.get("/Annots", []):
            link = annotation.get_object()
            if link["/Subtype"] == "/Link":
                yield number, link


def finish(path: Path, author: str) -> None:
    """Turn links to other chapters into links to their files, and say who wrote this and not which browser."""
    writer = PdfWriter(clone_from=path)
    for page in writer.pages:
        for annotation in page.get("/Annots", []):
            link = annotation.get_object()
            action = link.get("/A", {})
            uri = str(action.get("/URI", ""))
            if uri.startswith(ELSEWHERE):
                link[NameObject("/A")] = DictionaryObject(
                    {
                        NameObject("/S"): NameObject("/GoToR"),
                        NameObject("/F"): TextStringObject(f"{uri.removeprefix(ELSEWHERE)}.pdf"),
                        NameObject("/D"): ArrayObject([NumberObject(0), NameObject("/Fit")]),
                    }
                )
    writer.add_metadata({"/Author": author, "/Creator": "Gradients Through Noise"})
    writer.write(path)


def faults(path: Path, headings: list[str], names: set[str]) -> list[str]:
    """Return one line for each thing that is wrong with a finished PDF.

    Args:
        path: the file.
        headings: what must be found in its text.
        names: files that links may lead to.
    """
    reader = PdfReader(path)
    found = []
    places = anchors(reader)
    for number, link in links(reader):
        target, action = link.get("/Dest"), link.get("/A", {})
        if action.get("/S") == "/GoTo":
            target = action["/D"]
        if target is not None and isinstance(target, str) and target.lstrip("/") not in places:
            found.append(f"page {number}: a link to {target}, which is nowhere")
        if action.get("/S") == "/GoToR" and str(action["/F"]) not in names:
            found.append(f"page {number}: a link to the file {action['/F']}, which is not made")
        if re.match(r"(file:|https?://(127\.|localhost|chapter\.invalid))", str(action.get("/URI", ""))):
            found.append(f"page {number}: a link to {action['/URI']}, which only this machine has")
    text = squeeze("".join(page.extract_text() for page in reader.pages))
    found += [
        f"the heading {heading!r} is not in the text" for heading in headings if squeeze(heading) not in text
    ]
    root = reader.root_object
    if not root.get("/MarkInfo", {}).get("/Marked") or "/StructTreeRoot" not in root:
        found.append("it is not tagged")
    if not reader.outline:
        found.append("it has no bookmarks")
    return [f"{path.name}: {line}" for line in found]


def squeeze(text: str) -> str:
    """Return only the letters and digits, in lower case: line breaks and ligatures do not matter."""
    text = text.replace("ﬁ", "fi").replace("ﬂ", "fl").replace("ﬀ", "ff").replace("ﬃ", "ffi")
    return re.sub(r"[\W_]", "", text).lower()


def title_of(page: str) -> str:
    """Return the HTML of a page's title, without its link."""
    tag = BeautifulSoup(HEADING.search(page)[0], "html.parser").h1
    for link in tag.select(".headerlink"):
        link.decompose()
    return tag.decode_contents()


def headings_of(page: str) -> list[str]:
    """Return the headings of a page that hold no formula, without their numbers."""
    found = []
    for heading in HEADING.findall(page):
        tag = BeautifulSoup(heading, "html.parser")
        for beside in tag.select(".headerlink, .section-number"):
            beside.decompose()
        if not tag.select(".katex"):
            found.append(tag.get_text())
    return found


def printer(site: Path) -> subprocess.Popen:
    """Start the process that prints."""
    command = [node_binary(), str(BOOK / "print.mjs"), str(site)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def order(process: subprocess.Popen, **job) -> None:
    """Have one PDF printed, or raise with what the browser said."""
    process.stdin.write(json.dumps(job) + "\n")
    process.stdin.flush()
    answer = json.loads(process.stdout.readline() or '{"error": "the printer ended"}')
    if "error" in answer:
        raise RuntimeError(f"{job['path']}: {answer['error']}")


def write(site: Path, out: Path) -> list[str]:
    """Print every chapter and the whole book, say the size of each, and return what is wrong."""
    book = contents()
    every = [slug for part in book["parts"] for slug in part["slugs"]]
    missing = [slug for slug in every if not (site / "chapters" / f"{slug}.html").exists()]
    if missing:
        return [f"{slug}: not in the built site; run `make draft` first" for slug in missing]
    pages = {slug: (site / "chapters" / f"{slug}.html").read_text(encoding="utf-8") for slug in every}
    titles = {slug: title_of(page) for slug, page in pages.items()} | {every[0]: "About this book"}
    out.mkdir(parents=True, exist_ok=True)
    process = printer(site)

    def job(name: str, slugs: list[str], **more) -> PdfReader:
        path = out / f"{name}.pdf"
        order(process, path=str(path), book=book, slugs=slugs, titles=titles, **more)
        return PdfReader(path)

    lengths = [len(job(slug, [slug], whole=False).pages) for slug in every]
    front = len(job(WHOLE, [], whole=True, numbers={}).pages)
    numbers = dict(zip(every, accumulate(lengths, initial=front + 1), strict=False))
    printed = anchors(job(WHOLE, every, whole=True, numbers=numbers))
    process.stdin.close()
    process.wait()

    files = {f"{slug}.pdf" for slug in every}
    wrong = [
        f"{slug}: not on page {n}, as the contents say" for slug, n in numbers.items() if printed[slug] != n
    ]
    for name, slugs in [*((slug, [slug]) for slug in every), (WHOLE, every)]:
        path = out / f"{name}.pdf"
        finish(path, book["author"])
        wrong += faults(path, [text for slug in slugs for text in headings_of(pages[slug])], files)
        print(f"  {path.name}: {len(PdfReader(path).pages)} pages, {path.stat().st_size / 1e6:.1f} MB")
    return wrong


if __name__ == "__main__":
    broken = write(Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve())
    for line in broken:
        print(f"  {line}")
    sys.exit(1 if broken else 0)
