"""Train a VAE from the command line: ``python -m reparam.train --data mnist --epochs 40 --out DIR``.

``DIR`` gets ``metrics.jsonl`` (one line an epoch), ``checkpoint.pt`` (``--resume`` goes on from it,
bit for bit) and, at the end, ``run.json``: command, versions, seed, learning curve and the test
terms with their standard errors over images, all that a chapter needs to show a run it did not make.
``torchrun --nproc-per-node=N -m reparam.train ...`` shares each batch among ``N`` processes.
"""

import argparse
import json
import platform
import signal
import sys
import warnings
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import torch
from torch import Generator, Tensor, nn

from reparam import checks, data, likelihood, noise, training
from reparam.checkpoints import Folder, write
from reparam.distributed import Stopped, join
from reparam.recipes import ARCHITECTURES, RECIPES, Recipe, build, numbers

__all__ = ["main", "status"]


# What may change when a run is resumed; fit itself looks after the number of epochs and the device.
_FREE = ("epochs", "out", "every", "resume", "debug", "device", "patience", "nll_k", "nll_images")


def _widths(text: str) -> tuple[int, ...]:
    return tuple(int(width) for width in text.split(","))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m reparam.train", description=__doc__.split(":")[0] + ".")
    add = parser.add_argument
    add("--data", choices=data.NAMES, default="digits")
    add("--model", choices=RECIPES, default="vae", help="st: straight-through; score: leave-one-out")
    add(
        "--arch",
        choices=ARCHITECTURES,
        default="plain",
        help="burda: 200,200, 50 latents, tanh, bias; burda2: two such layers",
    )
    add("--hidden", type=_widths, help="widths from the pixels inward, such as 200,200")
    add("--latents", type=int, help="size of the code")
    add("--activation", choices=("relu", "tanh"))
    add("--categories", type=int, default=10, help="of each latent of a categorical model")
    add("--epochs", type=int, default=40)
    add("--batch-size", type=int, default=128, help="of all processes together")
    add("--lr", default="1e-3", help="a number, or a schedule such as cosine:4e-3:0 or burda")
    add("--tau", help="categorical: a number or a schedule, default exponential:1:0.5")
    add("--beta", help="vae: weight of the KL, a number or a schedule such as linear:0:1@0.2,1")
    add("--free-bits", help="vae: nats of KL for nothing, per latent")
    add(
        "--gradient",
        help="vae, iwae: total, path, dreg (iwae) or shortcut (burda2); with it vae samples its KL",
    )
    add(
        "--samples",
        type=int,
        help="draws for each image: iwae (default 5), score (4), vae with --gradient (1)",
    )
    add("--patience", type=int, help="stop after that many epochs without a better test bound")
    add("--seed", type=int, default=0)
    add("--device", default="auto", help="auto, cpu, cuda or mps")
    add("--threads", type=int, default=1, help="of the processor; more rarely pay")
    add("--nll-k", type=int, help="importance samples for the test likelihood, such as 5000; else none")
    add("--nll-images", type=int, help="on the first so many test images; default all")
    add("--out", type=Path, required=True, help="folder of the run")
    add("--every", type=int, help="steps between two checkpoints; without it one an epoch")
    add("--resume", action="store_true", help="go on from the folder's checkpoint, if it has one")
    add("--debug", action="store_true", help="show the traceback of an error")
    return parser


def _settle(options: argparse.Namespace) -> Recipe:
    """Fill in the defaults of the model and the architecture; refuse options that the model does not take."""
    recipe, architecture = RECIPES[options.model], ARCHITECTURES[options.arch]
    two_layers = isinstance(architecture.latents, tuple)
    if two_layers and recipe.gradients:
        options.gradient = options.gradient or "total"
    if two_layers and (options.hidden, options.latents) != (None, None):
        raise ValueError(f"--arch {options.arch} takes no --hidden and no --latents")
    if options.gradient is not None:
        recipe = _with_gradient(options.model, options.gradient, two_layers)
    for name in ("hidden", "latents", "activation"):
        if getattr(options, name) is None:
            setattr(options, name, getattr(architecture, name))
    for name in ("tau", "beta", "free_bits"):
        if getattr(options, name) is None:
            setattr(options, name, recipe.numbers.get(name))
        elif name not in recipe.numbers:
            asked = f"{options.model} --gradient {options.gradient}" if options.gradient else options.model
            raise ValueError(f"--model {asked} takes no --{name.replace('_', '-')}")
    if options.samples is not None and recipe.samples is None:
        raise ValueError(f"--model {options.model} takes no --samples")
    options.samples = recipe.samples if options.samples is None else options.samples
    for name in ("threads", "nll_k", "nll_images"):
        if getattr(options, name) is not None:
            checks.count("train", name, getattr(options, name))
    return recipe


def _with_gradient(model: str, gradient: str, two_layers: bool) -> Recipe:
    """Return the recipe of a model for a gradient estimator; the shortcut needs two layers to be one."""
    gradients = RECIPES[model].gradients
    if not gradients:
        raise ValueError(f"--model {model} takes no --gradient")
    allowed = [name for name in gradients if two_layers or name != "shortcut"]
    if gradient not in allowed:
        raise ValueError(f"--gradient must be one of {', '.join(allowed)}, got {gradient!r}")
    return gradients[gradient]


def _run(options: argparse.Namespace) -> dict | None:
    """Train and evaluate; return what ``run.json`` says of it, or ``None`` in a helper process."""
    recipe = _settle(options)
    torch.set_num_threads(options.threads)
    texts = {name: getattr(options, name) for name in recipe.numbers}
    fixed, scheduled = numbers({"lr": options.lr, **texts})
    lr = fixed.pop("lr", 1.0)  # where it is scheduled, that takes its place
    objective = partial(recipe.objective, **fixed)
    images = data.load(options.data)
    shape = ARCHITECTURES[options.arch]._replace(
        hidden=options.hidden, latents=options.latents, activation=options.activation
    )
    weights = Generator().manual_seed(options.seed)
    model = build(recipe, shape, images, categories=options.categories, generator=weights)
    settings = {name: value for name, value in vars(options).items() if name not in _FREE}
    with join(options.device) as (group, device):
        folder = Folder(
            options.out, every=options.every, resume=options.resume, settings=settings, writes=group.rank == 0
        )
        with folder:
            history = training.fit(
                model.to(device), images.train, epochs=options.epochs, batch_size=options.batch_size, lr=lr,
                seed=options.seed, test=images.test, progress=sys.stderr.isatty(), objective=objective,
                samples=options.samples, schedules=scheduled, test_objective=recipe.test_objective,
                patience=options.patience, folder=folder, group=group,
            )  # fmt: skip
            if group.rank > 0:
                return None
            samples = None if recipe.test_objective else options.samples
            each = training.evaluate_each(
                model, images.test, objective=recipe.test_objective or objective, samples=samples
            )
            return settings | {
                "epochs": len(history.train), "steps": history.steps, "seconds": round(history.seconds, 1),
                "processor_seconds": round(history.processor_seconds, 1), "device": device.type,
                "processes": group.size, "torch": torch.__version__, "python": platform.python_version(),
                "test": _means(each._asdict()) | _likelihood(model, images.test, options),
                "curve": [round(float(terms[0]), 3) for terms in history.test],
            }  # fmt: skip


def _means(terms: dict[str, Tensor]) -> dict[str, float]:
    """Return the mean of each term, and its standard error over images."""
    result = {}
    for name, term in terms.items():
        result[name] = round(term.mean().item(), 4)
        result[f"{name}_se"] = round((term.std() / len(term) ** 0.5).item(), 4)
    return result | {"images": len(term)}


def _likelihood(model: nn.Module, x: Tensor, options: argparse.Namespace) -> dict:
    """Return the negative log-likelihood of the test images, once made black and white, if it is asked for."""
    if options.nll_k is None:
        return {}
    binary = data.binarize(x, noise.uniform(x.shape, generator=Generator().manual_seed(0)))
    chunk = 50_000 if next(model.parameters()).device.type == "cuda" else 500
    nll = likelihood.nll_each(model, binary[: options.nll_images], k=options.nll_k, chunk=chunk)
    return {"nll": _means({"nll": nll}) | {"k": options.nll_k}}


def status(name: str, work: Callable[[], None], *, again: str, debug: bool) -> int:
    """Do a command's work and return its exit status: 0, 2 after an error, 128 + its number after a signal.

    Args:
        name: of the command; it begins each line on stderr, of which an error has one, and a warning.
        work: what to do.
        again: what goes on from the last checkpoint, for the line after a signal.
        debug: let errors pass, with their tracebacks.
    """

    def say(message: object, *_: object, **__: object) -> None:
        print(f"{name}: {message}", file=sys.stderr)

    with warnings.catch_warnings():
        warnings.showwarning = say
        warnings.simplefilter("default")
        try:
            work()
        except KeyboardInterrupt as stop:
            number = stop.number if isinstance(stop, Stopped) else signal.SIGINT
            say(f"{stop or 'interrupted'}; {again} goes on from the last checkpoint")
            return 128 + number
        except (ValueError, TypeError, OSError, RuntimeError, MemoryError, training.NotFiniteError) as error:
            if debug:
                raise
            say(str(error).splitlines()[0] if str(error) else repr(error))
            return 2
    return 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; errors are one line on stderr and exit status 2."""
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    options = _parser().parse_args(arguments)

    def work() -> None:
        if (record := _run(options)) is not None:
            record = {"command": " ".join(["python -m reparam.train", *arguments])} | record
            write(options.out / "run.json", (json.dumps(record, indent=1) + "\n").encode())
            _print(record, options.out)

    return status("reparam.train", work, again="--resume", debug=options.debug)


def _print(record: dict, out: Path) -> None:
    test = record["test"]
    first = next(iter(test))
    print(f"test {first} {test[first]:.2f} +- {2 * test[first + '_se']:.2f} nats", end="")
    if "nll" in test:
        print(
            f", NLL (k={test['nll']['k']}) {test['nll']['nll']:.2f} +- {2 * test['nll']['nll_se']:.2f}",
            end="",
        )
    print(f"; {record['seconds']} s; wrote {out / 'run.json'}")


if __name__ == "__main__":
    sys.exit(main())
