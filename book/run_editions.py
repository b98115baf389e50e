"""Run the Colab editions where they will live: ``python book/run_editions.py [--all] [chapter ...]``.

Two environments lack our package. *hosted* has what Colab installs beforehand, *oldest* the lowest versions
that ``pyproject.toml`` allows; PyTorch and the kernel are those of ``.venv``, nothing else of it is seen.
In one kernel an edition runs from top to bottom, then once more, and then as a reader goes back: its sections
again in an order drawn from a seed, each from its first cell to its last. Without names it runs
one half of the chapters today and the other tomorrow, and they take turns between the environments: in four
days each has run in both. ``--all`` runs all in both at once.
"""

import argparse
import json
import os
import random
import re
import subprocess
import sys
import time
import tomllib
import venv
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from importlib.metadata import distribution
from pathlib import Path
from queue import Queue

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "_build" / "editions"
WORKERS = 2
COLAB = ["numpy==2.1.3", "matplotlib==3.10.0", "anywidget==0.9.21", "tqdm==4.67.1"]
# Colab's ipywidgets, in both environments: anywidget asks for nothing older.
ALWAYS = ["ipywidgets==7.7.1", "ipython_genutils==0.2.0"]


def oldest() -> list[str]:
    """Return the lowest versions that the package allows, without PyTorch and what only a download needs."""
    bounds = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    return [bound.replace(">=", "==") for bound in bounds if not bound.startswith(("torch", "pooch"))]


def closure(*names: str) -> set[str]:
    """Return the distributions of ``.venv`` that these need, themselves included."""
    found, open_names = set(), list(names)
    while open_names:
        name = open_names.pop()
        if name in found:
            continue
        found.add(name)
        needed = [Requirement(line) for line in distribution(name).requires or ()]
        open_names += [one.name for one in needed if not one.marker or one.marker.evaluate({"extra": ""})]
    return found


def pinned(name: str, pins: list[str]) -> Path:
    """Install exactly these versions into a folder, once, and return it."""
    folder = FOLDER / name
    stamp = folder / "pins.txt"
    if not stamp.exists() or stamp.read_text() != "\n".join(pins):
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
        subprocess.run([*pip, "--upgrade", "--target", folder, *pins], check=True)
        stamp.write_text("\n".join(pins))
    return folder


def environment(name: str, pins: Path) -> Path:
    """Make a fresh environment of links: the pinned versions first, then the kernel's needs. Return its interpreter."""
    folder = FOLDER / name
    venv.create(folder, clear=True)
    packages = next((folder / "lib").glob("python*")) / "site-packages"
    targets = {
        path.name: path for path in pins.iterdir() if path.name not in ("pins.txt", "bin", "__pycache__")
    }
    covered = {path.name.split("-")[0].lower() for path in pins.glob("*.dist-info")}
    for wanted in sorted(closure("torch", "ipykernel", "matplotlib", "anywidget", "ipywidgets", "pip")):
        one = distribution(wanted)
        if one.name.lower().replace("-", "_") not in covered:
            tops = {file.parts[0] for file in one.files if file.parts[0] not in ("..", "__pycache__")}
            targets = {top: Path(one.locate_file(top)) for top in tops} | targets
    for top, target in targets.items():
        (packages / top).symlink_to(target)
    python = folder / "bin" / "python"
    kernel = folder / "share" / "jupyter" / "kernels" / name
    kernel.mkdir(parents=True)
    command = [str(python), "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    (kernel / "kernel.json").write_text(
        json.dumps({"argv": command, "display_name": name, "language": "python"})
    )
    return python


def orders(notebook: nbformat.NotebookNode, seed: str) -> dict[str, list[int]]:
    """Return the passes as cell numbers: top to bottom, again, and section by section in a random order."""
    cells, sections = [], [[]]
    for index, cell in enumerate(notebook.cells):
        if cell.cell_type == "code":
            cells.append(index)
            sections[-1].append(index)
        elif re.search(r"^## ", cell.source, re.MULTILINE):
            sections.append([])
    _, *others = sections  # the set-up and the imports, which nobody needs a third time
    random.Random(seed).shuffle(others)
    return {
        "top to bottom": cells,
        "again": cells,
        "out of order": [i for section in others for i in section],
    }


def run(path: Path, kernel: str) -> list[str]:
    """Run one edition in its passes; return a line for each cell that raised."""
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(notebook, timeout=300, kernel_name=kernel)
    faults = []
    with client.setup_kernel(cwd=str(FOLDER)):
        for name, cells in orders(notebook, path.stem).items():
            for index in cells:
                try:
                    client.execute_cell(notebook.cells[index], index)
                except CellExecutionError as error:
                    fault = (
                        f"{path.stem}, {name}, cell {notebook.cells[index].id}: {error.ename}: {error.evalue}"
                    )
                    print(f"  {fault}", flush=True)
                    faults.append(fault)
    return faults


def main(arguments: list[str]) -> int:
    """Run the editions named, or all of them; return 1 when a cell raised."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("chapters", nargs="*")
    parser.add_argument("--all", action="store_true", help="run each edition in both environments")
    chosen = parser.parse_args(arguments)
    os.environ.pop("PYTHONPATH", None)
    FOLDER.mkdir(parents=True, exist_ok=True)
    press = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT / "book")])}
    subprocess.run([sys.executable, "-m", "press.editions", FOLDER / "site"], env=press, check=True)
    editions = [
        path
        for path in sorted((FOLDER / "site" / "colab").glob("*.ipynb"))
        if not chosen.chapters or path.stem in chosen.chapters
    ]
    places = {"hosted": pinned("hosted", [*COLAB, *ALWAYS]), "oldest": pinned("oldest", [*oldest(), *ALWAYS])}
    free: dict[str, Queue] = {name: Queue() for name in places}
    for name, pins in places.items():
        for worker in range(WORKERS):
            environment(f"{name}-{worker}", pins)
            free[name].put(f"{name}-{worker}")
    paths = [
        str(FOLDER / f"{name}-{worker}" / "share" / "jupyter") for name in places for worker in range(WORKERS)
    ]
    os.environ |= {"JUPYTER_PATH": os.pathsep.join(paths), "OMP_NUM_THREADS": "1"}
    half, turn = date.today().toordinal() % 2, date.today().toordinal() // 2
    jobs = [
        (path, name)
        for number, path in enumerate(editions)
        for which, name in enumerate(places)
        if chosen.all or ((chosen.chapters or number % 2 == half) and (number // 2 + turn) % 2 == which)
    ]

    def one(job: tuple[Path, str]) -> list[str]:
        path, name = job
        kernel, start = free[name].get(), time.monotonic()
        faults = run(path, kernel)
        free[name].put(kernel)
        print(
            f"  {path.stem} ({name}): {'FAILED' if faults else 'passed'} in {time.monotonic() - start:.0f} s",
            flush=True,
        )
        return faults

    with ThreadPoolExecutor(WORKERS) as pool:
        faults = [line for found in pool.map(one, jobs) for line in found]
    print(
        f"  {len(jobs)} runs of {len({path for path, _ in jobs})} editions: {len(faults) or 'no'} cells raised"
    )
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
