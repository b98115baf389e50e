"""The chapters as notebooks that run elsewhere: ``python -m press.editions FOLDER`` writes them all.

``notebooks/<chapter>.ipynb`` is for a Jupyter that has our package, whose wheel lies beside the
folders. ``colab/<chapter>.ipynb`` carries the wheel in its first cell, so that it runs from top to
bottom in Colab or in any Jupyter with PyTorch, with nothing of ours to install or to reach.
``students/<chapter>-student.ipynb`` is the same for a class: room for the answers, and no solutions.
"""

import base64
import lzma
import re
import sys
import tempfile
import zipfile
from io import BytesIO
from pathlib import Path

import nbformat
from hatchling.builders.wheel import WheelBuilder
from nbformat.v4 import new_code_cell, new_markdown_cell
from notebooks import dumps

from .exercises import has_exercises, student
from .labels import Book, read_book
from .myst import tokens
from .plain import plain

__all__ = ["colab_edition", "jupyter_edition", "student_edition", "wheel", "write_editions"]

ROOT = Path(__file__).resolve().parents[2]
KEPT = {"raises-exception"}  # the other tags speak to the site and to the tests
HIDDEN = {"remove-input", "hide-input", "hide-cell", "remove-cell"}
SET_UP = '''\
# @title Set-up: run this cell first
# It installs the book's package, `reparam`, from inside this notebook, and anywidget and tqdm where they are missing.
import base64
import importlib.util
import lzma
import pathlib
import subprocess
import sys
import tempfile


def install(*packages):
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*command, *packages], check=True)


PACKED = """
{packed}
"""
with tempfile.TemporaryDirectory() as folder:
    wheel = pathlib.Path(folder, "{name}")
    wheel.write_bytes(lzma.decompress(base64.b64decode(PACKED)))
    try:
        install("--no-deps", "--force-reinstall", str(wheel))
    except subprocess.CalledProcessError:  # not allowed to, as on the server of a class
        if importlib.util.find_spec("reparam") is None:
            raise
        print("Nothing was installed. This Jupyter has the book's package already, and that one is used.")
if missing := [name for name in ("anywidget", "tqdm") if importlib.util.find_spec(name) is None]:
    install(*missing)
try:
    from google.colab import output
except ImportError:
    pass  # not in Colab: widgets need no permission
else:
    output.enable_custom_widget_manager()
'''
START = """\
*{place} of **Gradients Through Noise**, as a notebook. It needs the book's package: put `{name}`, which the \
chapter's page offers, beside this file and run `pip install {name}` once.*"""
CLASS = """\
*{place} of **Gradients Through Noise**, for a class. Each exercise has a cell for your answer. Run the first cell \
of this notebook once: it brings the book's package.*"""


def wheel(folder: Path) -> Path:
    """Build the package's wheel into ``folder``; the same sources give the same bytes."""
    return Path(next(WheelBuilder(str(ROOT)).build(directory=str(folder), versions=["standard"])))


def stored(archive: Path) -> bytes:
    """Return the same archive without compression: packed as a whole it becomes a third smaller."""
    data = BytesIO()
    with zipfile.ZipFile(archive) as old, zipfile.ZipFile(data, "w") as new:
        for item in old.infolist():
            new.writestr(zipfile.ZipInfo(item.filename), old.read(item))
    return data.getvalue()


def set_up(archive: Path) -> nbformat.NotebookNode:
    """Return the cell that installs the wheel from its own text."""
    packed = base64.encodebytes(lzma.compress(stored(archive), preset=9)).decode()
    source = SET_UP.format(packed=packed.strip(), name=archive.name)
    return new_code_cell(source.rstrip(), id="set-up", metadata=hidden())


def hidden() -> dict:
    """Return the metadata by which JupyterLab and Colab fold a cell's code away."""
    return {"jupyter": {"source_hidden": True}, "cellView": "form"}


def title(cell: nbformat.NotebookNode, book: Book) -> str:
    """Return the words that Colab shows in place of a folded cell."""
    if 'kind="predict"' in cell.source:
        return "Your prediction"
    if name := cell.metadata.get("mystnb", {}).get("figure", {}).get("name"):
        return book.labels[name]
    shown = re.search(r"^([A-Z]\w+)\(", cell.source, re.MULTILINE)
    return {"Quiz": "A question", "Cards": "Cards"}.get(shown[1], "A live picture") if shown else "More code"


def code(cell: nbformat.NotebookNode, book: Book, *, colab: bool) -> nbformat.NotebookNode:
    """Return a code cell without outputs, folded where the site hides its code."""
    tags = set(cell.metadata.get("tags", []))
    metadata = {"tags": sorted(tags & KEPT)} if tags & KEPT else {}
    source = cell.source
    if tags & HIDDEN:
        metadata |= hidden() if colab else {"jupyter": {"source_hidden": True}}
        source = f"# @title {title(cell, book)}\n{source}" if colab else source
    return new_code_cell(source, id=cell.id, metadata=metadata)


def sources(notebook: nbformat.NotebookNode, book: Book) -> list[str]:
    """Return the entries of all sources that a chapter cites, each once."""
    cited = {
        key.strip()
        for cell in notebook.cells
        if cell.cell_type == "markdown"
        for item in tokens(cell.source)
        if getattr(item, "type", "") == "myst_role" and item.meta["name"].startswith("cite")
        for key in item.content.split(",")
    }
    found = sorted((book.sources[key] for key in cited), key=lambda one: (one.authors, one.year))
    return [f"- {one.entry}" + (f" <{one.url}>" if one.url else "") for one in found]


def cells(notebook: nbformat.NotebookNode, book: Book, *, colab: bool) -> list[nbformat.NotebookNode]:
    """Return a chapter's cells in plain Markdown, captions and sources as text of their own."""
    found = []
    for cell in notebook.cells:
        if cell.cell_type == "code":
            found.append(code(cell, book, colab=colab))
            figure = cell.metadata.get("mystnb", {}).get("figure", {})
            text = f"*{book.labels.get(figure.get('name'), 'Figure')}.* {figure.get('caption', '')}"
            name = f"{cell.id}-caption"
        else:
            figure, text, name = {"caption": True}, cell.source, cell.id
        if figure.get("caption") and (shown := plain(text, book, links=not colab)):
            found.append(new_markdown_cell(shown, id=name))
    if listed := sources(notebook, book):
        found.append(new_markdown_cell("## Sources\n\n" + "\n".join(listed), id="sources"))
    return found


def edition(cells: list[nbformat.NotebookNode], **metadata: dict) -> str:
    """Return a notebook's text."""
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    about = {"kernelspec": kernel, "language_info": {"name": "python"}, **metadata}
    return dumps(nbformat.v4.new_notebook(cells=cells, metadata=about))


def place(stem: str, book: Book) -> str:
    """Return what a chapter is called in a sentence."""
    return f"Chapter {book.chapters[stem]}" if book.chapters[stem] else "A page"


def jupyter_edition(stem: str, book: Book, archive: Path) -> str:
    """Return the notebook of one chapter for a Jupyter that has the package."""
    notebook = nbformat.read(book.folder / f"{stem}.ipynb", as_version=4)
    start = new_markdown_cell(START.format(place=place(stem, book), name=archive.name), id="about")
    first, *rest = cells(notebook, book, colab=False)
    return edition([first, start, *rest])


def colab_edition(stem: str, book: Book, set_up: nbformat.NotebookNode) -> str:
    """Return the notebook of one chapter with the package inside."""
    notebook = nbformat.read(book.folder / f"{stem}.ipynb", as_version=4)
    about = {"name": f"{stem}.ipynb", "provenance": [], "toc_visible": True}
    return edition([set_up, *cells(notebook, book, colab=True)], colab=about)


def student_edition(stem: str, book: Book, set_up: nbformat.NotebookNode) -> str:
    """Return the notebook of one chapter for a class: the package inside, the solutions left out."""
    notebook = student(nbformat.read(book.folder / f"{stem}.ipynb", as_version=4))
    start = new_markdown_cell(CLASS.format(place=place(stem, book)), id="about")
    first, *rest = cells(notebook, book, colab=True)
    about = {"name": f"{stem}-student.ipynb", "provenance": [], "toc_visible": True}
    return edition([set_up, first, start, *rest], colab=about)


def write_editions(folder: Path) -> None:
    """Write the wheel and all editions of every chapter below ``folder``."""
    book = read_book(ROOT)
    with tempfile.TemporaryDirectory() as temporary:
        built = wheel(Path(temporary))
        archive = folder / built.name
        archive.write_bytes(built.read_bytes())
    start = set_up(archive)
    for name in ("notebooks", "colab", "students"):
        (folder / name).mkdir(exist_ok=True)
    for stem in book.chapters:
        (folder / "notebooks" / f"{stem}.ipynb").write_text(jupyter_edition(stem, book, archive), "utf-8")
        (folder / "colab" / f"{stem}.ipynb").write_text(colab_edition(stem, book, start), "utf-8")
        if has_exercises(book.folder / f"{stem}.ipynb"):
            path = folder / "students" / f"{stem}-student.ipynb"
            path.write_text(student_edition(stem, book, start), "utf-8")


if __name__ == "__main__":
    target = Path(sys.argv[1])
    target.mkdir(parents=True, exist_ok=True)
    write_editions(target)
