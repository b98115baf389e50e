"""Train a small model under each of a few schedules and keep the curves: ``python -m reparam.experiments.schedules``.

``reparam/runs/schedules.json`` gets, for ``beta`` and for ``tau``, one entry a run: the command,
the schedule as the command takes it, and the test ELBO and KL after every epoch. For ``lr`` it gets one
entry a schedule, with the last test ELBO of several seeds. It takes some minutes.
"""

import contextlib
import io
import json
import tempfile
from pathlib import Path

import torch

from reparam import train

__all__ = ["GRID", "RATES", "record"]

EPOCHS, SEEDS = 40, 3
_COMMON = "--data digits --hidden 128 --batch-size 64"
_MODELS = {
    "beta": "--lr 2e-3 --model vae --latents 8",
    "tau": "--lr 2e-3 --model categorical --latents 8 --categories 8",
    "lr": "--model vae --latents 8",
}
GRID = {
    "beta": (
        "1", "linear:0:1@0.2,1", "linear:0:1@0.5,1", "cosine:0:1", "0.25", "2", "4", "linear:0:4@0.5,4",
        "linear:4:1@0.5,1",
    ),
    "tau": (
        "1", "0.1", "0.5", "3", "exponential:1:0.5", "exponential:1:0.1", "cosine:3:0.3", "linear:1:0.3@0.5,0.3",
    ),
}  # fmt: skip
RATES = ("5e-4", "2e-3", "8e-3", "cosine:8e-3:0", "burda")


def record(quantity: str, schedule: str, *, epochs: int = EPOCHS, more: str = "") -> dict:
    """Run the command with ``quantity`` scheduled, and return its test curves, in nats per image."""
    text = f"{_COMMON} {_MODELS[quantity]} --{quantity} {schedule} --epochs {epochs}{more}"
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
        if status := train.main([*text.split(), "--device", "cpu", "--out", folder]):
            raise RuntimeError(f"record: {text} ended with status {status}")
        lines = (Path(folder) / "metrics.jsonl").read_text().splitlines()
        test = json.loads((Path(folder) / "run.json").read_text())["test"]
    tests = [json.loads(line)["test"] for line in lines]
    curves = {name: [round(terms[name], 2) for terms in tests] for name in ("elbo", "kl")}
    command = f"python -m reparam.train {text} --out DIR"
    return {"schedule": schedule, **curves, "elbo_se": test["elbo_se"], "command": command}


def _rate(schedule: str) -> dict:
    """Run the command with a schedule of the learning rate, for every seed, and return the last test ELBOs."""
    runs = [record("lr", schedule, more=f" --seed {seed}") for seed in range(SEEDS)]
    command = runs[0]["command"].replace("--seed 0", "--seed SEED")
    return {"schedule": schedule, "elbo": [run["elbo"][-1] for run in runs], "command": command}


if __name__ == "__main__":
    runs = {
        quantity: [record(quantity, schedule) for schedule in schedules]
        for quantity, schedules in GRID.items()
    }
    runs["lr"] = [_rate(schedule) for schedule in RATES]
    lines = [
        f' "{quantity}": [\n  ' + ",\n  ".join(json.dumps(run) for run in listed) + "\n ]"
        for quantity, listed in runs.items()
    ]
    about = {"command": "python -m reparam.experiments.schedules", "torch": torch.__version__, "seed": 0}
    start = json.dumps(about, indent=1).removesuffix("\n}")
    runs_folder = Path(__file__).parents[1] / "runs"
    (runs_folder / "schedules.json").write_text(",\n".join([start, *lines]) + "\n}\n")
