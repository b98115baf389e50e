"""Train a VAE from the command line: ``python -m reparam.train --data mnist --epochs 40 --out DIR``.

Writes ``DIR/run.json`` with the command, versions, seed, learning curve and the test ELBO
with its standard error over images: what a chapter needs to show a run it did not make.
"""

import argparse
import json
import os
import platform
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import torch

from reparam import data, models, training

__all__ = ["main"]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m reparam.train", description=__doc__.split(":")[0] + ".")
    parser.add_argument("--data", choices=data.NAMES, default="digits")
    parser.add_argument("--epochs", type=int, default=40)
    parser.add_argument("--hidden", type=int, default=400)
    parser.add_argument("--latents", type=int, default=20)
    parser.add_argument("--batch-size", type=int, default=128)
    parser.add_argument("--lr", type=float, default=1e-3)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or mps")
    parser.add_argument("--out", type=Path, required=True, help="folder for run.json")
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")
    return parser


def _write(path: Path, record: dict) -> None:
    """Write JSON under a temporary name first, so that a kill never leaves half a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    with temporary.open("w") as file:
        file.write(json.dumps(record, indent=1) + "\n")
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


def _run(options: argparse.Namespace, command: str) -> dict:
    images = data.load(options.data)
    device = training.pick_device(options.device)
    seed = torch.Generator().manual_seed(options.seed)
    model = models.VAE(images.side**2, options.hidden, options.latents, generator=seed).to(device)
    start = time.perf_counter()
    history = training.fit(
        model, images.train, epochs=options.epochs, batch_size=options.batch_size, lr=options.lr,
        seed=options.seed, test=images.test, progress=sys.stderr.isatty(),
    )  # fmt: skip
    seconds = time.perf_counter() - start
    each = training.evaluate_each(model, images.test)
    return {
        "command": command,
        "data": options.data,
        "epochs": options.epochs,
        "seed": options.seed,
        "steps": history.steps,
        "seconds": round(seconds, 1),
        "device": device.type,
        "threads": torch.get_num_threads(),
        "torch": torch.__version__,
        "python": platform.python_version(),
        "test": {name: round(float(term.mean()), 4) for name, term in each._asdict().items()}
        | {"elbo_se": round(float(each.elbo.std() / len(each.elbo) ** 0.5), 4), "images": len(each.elbo)},
        "curve": [round(float(terms.elbo), 3) for terms in history.test],
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; errors are one line on stderr and exit status 2."""
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    options = _parser().parse_args(arguments)
    try:
        record = _run(options, " ".join(["python -m reparam.train", *arguments]))
        _write(options.out / "run.json", record)
    except (ValueError, TypeError, OSError, data.DataError, training.NotFiniteError) as error:
        if options.debug:
            raise
        print(f"reparam.train: {error}", file=sys.stderr)
        return 2
    test = record["test"]
    print(f"test ELBO {test['elbo']:.2f} +- {2 * test['elbo_se']:.2f} nats, KL {test['kl']:.2f}", end="; ")
    print(f"{record['seconds']} s; wrote {options.out / 'run.json'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
