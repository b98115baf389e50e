"""Train the cells of a table of test likelihoods, many seeds in each step: ``python -m reparam.experiments.table2``.

A cell is a number of stochastic layers, an objective, its draws ``k`` and a gradient estimator, on the
network of Burda, Grosse & Salakhutdinov (2016). ``--out DIR`` gets one ``CELL.json`` a cell and ``table.json``
with all of them and their differences; the same command goes on after a kill and ends with the same numbers.
``torchrun --nproc-per-node=N -m reparam.experiments.table2 ...`` gives whole cells to each of ``N`` processes.

Their differences are paired: all cells see the same test images, those of equal layers the same test noise and
the same first weights, and those of equal ``k`` too the same shuffles, pixels and noise in training. The NLL takes
``--nll-k`` draws for each of ``--nll-images`` images, evenly spaced in the test set, and the bound of ``--bound-k``
draws, known for the whole test set, carries it over to all of that (``nll_test``, see :mod:`.summaries`).
"""

import argparse
import json
import os
import platform
import shlex
import sys
import time
from collections.abc import Iterator, Sequence
from fnmatch import fnmatch
from itertools import product
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Generator, Tensor, nn
from tqdm import tqdm

from reparam import (
    checkpoints,
    checks,
    data,
    likelihood,
    noise,
    objectives,
    recipes,
    schedules,
    stacked,
    training,
)
from reparam.devices import pick_device
from reparam.experiments import summaries
from reparam.train import status

__all__ = ["DEFAULT", "GRID", "Cell", "main"]


class Cell(NamedTuple):
    """One entry of the table."""

    layers: int
    objective: str
    k: int
    gradient: str

    def __str__(self) -> str:
        return f"{self.layers}-{self.objective}-k{self.k}-{self.gradient}"


def _grid() -> Iterator[Cell]:
    for k, layers, objective in product((50, 5, 1), (2, 1), ("vae", "iwae")):
        for gradient in recipes.RECIPES[objective].gradients:
            if (objective, k) != ("iwae", 1) and (layers, gradient) != (1, "shortcut"):
                yield Cell(layers, objective, k, gradient)


GRID = tuple(_grid())  # the dearest first; with k = 1 the two objectives are one
DEFAULT = ("1-*-k1-*", "1-*-k5-*", "2-vae-k1-*")
_NAME = "reparam.experiments.table2"
_ARCHITECTURES = {1: "burda", 2: "burda2"}
_RUN = ("data", "seeds", "epochs", "batch_size", "lr")
_EPOCHS_SHOWN = 100
_ASKED = ("bound_k", "nll_k", "nll_images")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=f"python -m {_NAME}", description=__doc__.split(":")[0] + ".")
    add = parser.add_argument
    add("--data", choices=data.NAMES, default="mnist")
    add("--cells", nargs="+", default=DEFAULT, help=f"patterns of names such as {GRID[0]}; default {DEFAULT}")
    add("--seeds", type=int, default=3, help="models of a cell, trained side by side")
    add("--epochs", type=int, default=20)
    add("--batch-size", type=int, default=100)
    add("--lr", default="cosine:2e-3:0", help="a number or a schedule; burda over 3280 epochs was published")
    add("--bound-k", type=int, default=50, help="draws for the bounds on the whole test set")
    add("--nll-k", type=int, default=5000, help="importance samples for the likelihood")
    add("--nll-images", type=int, default=1000, help="on so many test images")
    add("--device", default="auto", help="auto, cpu, cuda or mps")
    add("--threads", type=int, default=1, help="of the processor; two processes are better than two threads")
    add("--every", type=int, help="steps between two checkpoints; without it one an epoch")
    add("--out", type=Path, required=True, help="folder of the table; the same command goes on where it was")
    add("--debug", action="store_true", help="show the traceback of an error")
    return parser


def _chosen(patterns: Sequence[str]) -> list[Cell]:
    for pattern in patterns:
        if not any(fnmatch(str(cell), pattern) for cell in GRID):
            raise ValueError(f"--cells: {pattern!r} is none of {', '.join(map(str, GRID))}")
    return [cell for cell in GRID if any(fnmatch(str(cell), pattern) for pattern in patterns)]


def _train(
    cell: Cell, images: data.Images, test: Tensor, options: argparse.Namespace, settings: dict
) -> tuple[list[nn.Module], dict]:
    """Train a cell's models, or go on with it; return them, and what the record says of it."""
    recipe = recipes.RECIPES[cell.objective].gradients[cell.gradient]
    architecture = recipes.ARCHITECTURES[_ARCHITECTURES[cell.layers]]
    models = [
        recipes.build(recipe, architecture, images, generator=Generator().manual_seed(seed)).to(test.device)
        for seed in range(options.seeds)
    ]
    path = options.out / str(cell)
    with checkpoints.Folder(path, every=options.every, resume=True, settings=settings) as folder:
        stacked.fit(
            models, images.train.to(test.device), objective=recipe.objective, samples=cell.k, epochs=options.epochs,
            batch_size=options.batch_size, schedules={"lr": schedules.parse(options.lr)}, test=test, folder=folder,
            progress=str(cell) if sys.stderr.isatty() else None,
        )  # fmt: skip
        saved = folder.load()
    every = -(-len(saved["lines"]) // _EPOCHS_SHOWN)
    lines = saved["lines"][::-1][::every][::-1]  # the last one is among them
    curve = {name: summaries.rounded([line["test"][name] for line in lines], 2) for name in lines[0]["test"]}
    curve["epoch"] = [line["epoch"] for line in lines]
    times = dict(zip(("seconds", "processor_seconds"), saved["seconds"], strict=True))
    return models, {"steps": saved["steps"], "time": times, "curve": curve}


def _evaluate(model: nn.Module, test: Tensor, path: Path, asked: dict) -> dict:
    """Keep in a file ELBO and bound of every test image and NLL of the chosen ones; return the time it took."""
    if path.exists() and (kept := checkpoints.load(path))["asked"] == asked:
        return kept["time"]
    start, on_gpu = (time.perf_counter(), time.process_time()), test.device.type == "cuda"
    bounds = training.evaluate_each(
        model, test, objective=objectives.iwae, samples=asked["bound_k"], batch_size=200 if on_gpu else 20
    )
    chosen = test[summaries.spaced(len(test), asked["nll_images"])]
    nll = likelihood.nll_each(model, chosen, k=asked["nll_k"], chunk=50_000 if on_gpu else 500)
    times = {"seconds": time.perf_counter() - start[0], "processor_seconds": time.process_time() - start[1]}
    checkpoints.save(path, {"asked": asked, "time": times, **bounds._asdict(), "nll": nll}, keep=False)
    return times


def _each(folder: Path, seeds: int) -> dict[str, Tensor]:
    """Return the test terms of a cell's models, image by image, ``[S, N]`` each."""
    kept = [checkpoints.load(folder / f"test-{seed}.pt") for seed in range(seeds)]
    return {name: torch.stack([one[name] for one in kept]) for name in ("elbo", "bound", "nll")}


def _cell(cell: Cell, images: data.Images, test: Tensor, options: argparse.Namespace, command: str) -> dict:
    """Train and evaluate a cell, unless that is done; write and return its record."""
    run = {"cell": str(cell), **{name: getattr(options, name) for name in _RUN}}
    asked = {name: getattr(options, name) for name in _ASKED}
    path, folder = options.out / f"{cell}.json", options.out / str(cell)
    asked |= run
    if path.exists() and asked.items() <= (record := json.loads(path.read_text())).items():
        return record
    models, trained = _train(cell, images, test, options, run)
    spent = [
        _evaluate(model, test, folder / f"test-{seed}.pt", asked)
        for seed, model in enumerate(tqdm(models, desc=f"{cell} test", disable=not sys.stderr.isatty()))
    ]
    times = {"train": trained.pop("time"), "test": {name: sum(t[name] for t in spent) for name in spent[0]}}
    record = {
        "command": command, **asked, **cell._asdict(), "train_images": len(images.train),
        "device": torch.cuda.get_device_name() if test.is_cuda else test.device.type, "threads": options.threads,
        "torch": torch.__version__, "python": platform.python_version(),
        **{f"{part}_{name}": round(time, 1) for part, each in times.items() for name, time in each.items()},
        **trained, "test": summaries.terms(_each(folder, options.seeds)),
    }  # fmt: skip
    checkpoints.write(path, (json.dumps(record) + "\n").encode())
    return record


def _table(out: Path) -> None:
    """Write all records there are, and the differences; look again for those that came meanwhile."""
    records = {}
    while records.keys() != (there := {str(cell) for cell in GRID if (out / f"{cell}.json").exists()}):
        names = [str(cell) for cell in GRID if str(cell) in there]
        records = {name: json.loads((out / f"{name}.json").read_text()) for name in names}
        parts = []
        for part, entries in {"cells": records, "differences": _differences(out, records)}.items():
            lines = ",\n".join(f'  "{name}": {json.dumps(entry)}' for name, entry in entries.items())
            parts.append(f' "{part}": {{\n{lines}\n }}')
        checkpoints.write(out / "table.json", ("{\n" + ",\n".join(parts) + "\n}\n").encode())


def _differences(out: Path, records: dict[str, dict]) -> dict[str, dict]:
    """Summarise estimator minus ``total``, image by image, where both had the same schedule and test."""
    result = {}
    for name, record in records.items():
        base = f"{name.rpartition('-')[0]}-total"
        same = base in records and all(record[key] == records[base][key] for key in (*_RUN, *_ASKED))
        if same and name != base:
            ours, theirs = (_each(out / cell, record["seeds"]) for cell in (name, base))
            result[name] = summaries.terms({term: ours[term] - theirs[term] for term in ours})
    return result


def _run(options: argparse.Namespace, command: str) -> None:
    for name in ("seeds", "threads", "bound_k", "nll_k", "nll_images"):
        checks.count("table2", name, getattr(options, name), at_least=2 if name == "nll_images" else 1)
    cells = _chosen(options.cells)
    rank, local, size = (int(os.environ.get(name, "0")) for name in ("RANK", "LOCAL_RANK", "WORLD_SIZE"))
    torch.set_num_threads(options.threads)
    device = pick_device(options.device)
    if device == torch.device("cuda"):
        device = torch.device("cuda", local % torch.cuda.device_count())
        torch.cuda.set_device(device)
    images = data.load(options.data)
    if options.nll_images > len(images.test):
        raise ValueError(f"table2: nll_images must be at most {len(images.test)}, got {options.nll_images}")
    u = noise.uniform(images.test.shape, generator=Generator().manual_seed(0))
    test = data.binarize(images.test, u).to(device)
    for cell in cells[rank :: max(size, 1)]:
        record = _cell(cell, images, test, options, command)
        nll = record["test"]["nll_test"]
        print(f"{cell}: NLL {nll['mean']:.2f}, of each seed {nll['each']}", flush=True)
    _table(options.out)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; errors are one line on stderr and exit status 2."""
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    options = _parser().parse_args(arguments)
    command = shlex.join(["python", "-m", _NAME, *arguments])
    return status(_NAME, lambda: _run(options, command), again="the same command", debug=options.debug)


if __name__ == "__main__":
    sys.exit(main())
