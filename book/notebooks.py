"""Keep committed notebooks clean: ``python book/notebooks.py record [chapters/x.ipynb ...]``.

A notebook is committed without outputs, except the text printed by cells tagged
``nbval-check-output``: those are the numbers that the tests compare. ``record`` runs the
notebooks and renews these outputs; everything else (pictures, timings, widget state,
other execution counts) is dropped. ``tests/test_book.py`` refuses a notebook that is not clean.
"""

import json
import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient

CHECKED = "nbval-check-output"
ROOT = Path(__file__).resolve().parent.parent


def clean(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Drop every output that the tests do not compare, in place, and return the notebook."""
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        printed = "".join(
            out.text for out in cell.outputs if out.output_type == "stream" and out.name == "stdout"
        )
        checked = CHECKED in cell.metadata.get("tags", []) and printed
        cell.outputs = [nbformat.v4.new_output("stream", name="stdout", text=printed)] if checked else []
        cell.execution_count = 1 if checked else None  # nbval compares only cells that say they were run
        cell.metadata.pop("execution", None)
    notebook.metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    return notebook


def dumps(notebook: nbformat.NotebookNode) -> str:
    """Return the one way in which a notebook is written to disk: sorted keys, split lines, readable letters."""
    return (
        json.dumps(nbformat.v4.rwbase.split_lines(notebook), indent=1, ensure_ascii=False, sort_keys=True)
        + "\n"
    )


def record(path: Path) -> None:
    """Run a notebook in its own folder and write it back with the printed numbers renewed."""
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(path.parent)}}).execute()
    path.write_text(dumps(clean(notebook)))
    print(f"recorded {path.name}")


def main(arguments: list[str]) -> int:
    """Run ``record`` on the paths given, or on every chapter."""
    if not arguments or arguments[0] != "record":
        print(__doc__, file=sys.stderr)
        return 2
    for path in arguments[1:] or sorted((ROOT / "chapters").glob("*.ipynb")):
        record(Path(path))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
