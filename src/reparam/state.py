"""Everything a run needs to go on as if it had never stopped: what a checkpoint holds.

A run is a pure function of this state: weights, the optimizer's moments, the random stream, where
in the epoch it is, and its learning curve.
"""

import contextlib
import time
from collections import namedtuple
from collections.abc import Iterator
from dataclasses import dataclass, field

import torch
from torch import Generator, Tensor, nn

from reparam import checks
from reparam.checkpoints import CheckpointError, Folder
from reparam.distributed import Group

__all__ = ["History", "Run"]


@dataclass
class History:
    """Mean terms in nats per example: one ``train`` (and, where asked for, ``test``) entry an epoch.

    Of a stack of ``S`` models every term is ``[S]``. ``lines`` has one dict an epoch, of plain numbers: what
    ``metrics.jsonl`` shows. ``seconds`` went by on the clock, pauses between two sittings left out;
    ``processor_seconds`` this process had a processor for.
    """

    train: list[tuple] = field(default_factory=list)
    test: list[tuple] = field(default_factory=list)
    lines: list[dict] = field(default_factory=list)
    steps: int = 0
    seconds: float = 0.0
    processor_seconds: float = 0.0

    def add(self, train: tuple, test: tuple | None, numbers: dict[str, float]) -> None:
        """Append an epoch's mean terms, and the scheduled ``numbers`` of its last step."""
        line = {
            "epoch": len(self.train) + 1,
            "steps": self.steps,
            "seconds": round(self.seconds, 2),
            **numbers,
        }
        for name, terms, curve in (("train", train, self.train), ("test", test, self.test)):
            if terms is not None:
                curve.append(terms)
                line[name] = {term: value.tolist() for term, value in terms._asdict().items()}
        self.lines.append(line)


@dataclass
class Run:
    """A run between two steps; :func:`reparam.training.fit` and :func:`reparam.stacked.fit` drive it.

    ``step`` counts the steps of the current epoch, ``total`` sums their terms over examples, and
    ``shuffled`` is the state of the stream just before the epoch's shuffle was drawn from it.
    ``settings`` are plain values that must be the same when it goes on.
    """

    model: nn.Module
    optimizer: torch.optim.Optimizer
    generator: Generator
    settings: dict
    folder: Folder | None = None
    group: Group = field(default_factory=Group)
    history: History = field(default_factory=History)
    step: int = 0
    total: Tensor | None = None
    terms: type | None = None
    shuffled: Tensor | None = None

    @contextlib.contextmanager
    def kept(self) -> Iterator[None]:
        """Sum gradients over the group; given a folder, resume from it and let signals end the run after a step."""
        with contextlib.ExitStack() as stack:
            if self.group.size > 1:
                stack.callback(self.optimizer.register_step_pre_hook(self._sum_gradients).remove)
            if self.folder is not None:
                stack.enter_context(self.group.catching_signals())
                self.settings |= self.folder.settings
                if (saved := self.folder.load()) is not None:
                    self.unpack(saved)
                self.folder.record(self.history.lines)
            clock = self.history
            self._starts = time.perf_counter() - clock.seconds, time.process_time() - clock.processor_seconds
            yield

    def _read_clocks(self) -> None:
        clock, processor = self._starts
        self.history.seconds = time.perf_counter() - clock
        self.history.processor_seconds = time.process_time() - processor

    def _sum_gradients(self, *_: object) -> None:
        self.group.sum_gradients(self.model.parameters())

    def orders(self, size: int, models: int = 1) -> Tensor:
        """Return this epoch's shuffles of ``size`` rows, ``[models, size]``.

        The stream is left where the next step needs it.
        """
        here = self.generator.get_state()
        if self.step == 0:
            self.shuffled = here
        self.generator.set_state(self.shuffled)
        device = self.generator.device
        orders = [torch.randperm(size, generator=self.generator, device=device) for _ in range(models)]
        if self.step > 0:
            self.generator.set_state(here)
        return torch.stack(orders)

    def count(self, terms: tuple, batch: int) -> None:
        """Note a step on a batch of that many examples, given the ``terms`` of this process's share."""
        total = torch.stack([term.mean(-1) for term in terms]) * (batch * self.group.weight)
        self.total = total if self.total is None else self.total + total
        self.terms = type(terms)
        self.step += 1
        self.history.steps += 1

    def pause(self) -> None:
        """Save where a checkpoint is due, and stop here if a signal asked for it."""
        every = self.folder.every if self.folder is not None else None
        if self.group.stopping or (every and self.history.steps % every == 0):
            self.save()
        if self.group.stopping:
            self.group.stop()

    def close_epoch(self, test: tuple | None, numbers: dict[str, float]) -> None:
        """Add the epoch to the learning curve, make ready for the next, and save."""
        mean = self.terms._make(self.group.sum(self.total).cpu() / self.settings["images"])
        if test is not None:
            test = test._make(self.group.agree(torch.stack(list(test))))
        self.step, self.total = 0, None
        self._read_clocks()
        self.history.add(mean, test, numbers)
        self.save()
        if self.folder is not None:
            self.folder.record(self.history.lines)

    def stalled(self, patience: int | None) -> bool:
        """Return whether the best test bound lies ``patience`` epochs back."""
        bounds = [float(terms[0]) for terms in self.history.test]
        return (
            patience is not None and bool(bounds) and len(bounds) - 1 - bounds.index(max(bounds)) >= patience
        )

    def save(self) -> None:
        """Check that all weights are finite and write a checkpoint, if there is a folder.

        Raises:
            NotFiniteError: a weight is NaN or infinite; the last checkpoint is from before.
        """
        checks.finite("fit", **dict(self.model.named_parameters()))
        if self.folder is not None:
            self._read_clocks()
            self.folder.save(self.pack())

    def pack(self) -> dict:
        """Return tensors and plain values from which :meth:`unpack` restores the run."""
        return {
            "settings": self.settings,
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "generator": self.generator.get_state(),
            "shuffled": self.shuffled,
            "step": self.step,
            "total": None if self.total is None else self.group.sum(self.total),
            "terms": None if self.terms is None else list(self.terms._fields),
            "steps": self.history.steps,
            "seconds": [self.history.seconds, self.history.processor_seconds],
            "lines": self.history.lines,
        }

    def unpack(self, saved: dict) -> None:
        """Restore the run that :meth:`pack` described.

        Raises:
            CheckpointError: it has other settings, or is not one of such a run.
        """
        try:
            for name in (*self.settings, *saved["settings"]):
                was, now = (settings.get(name) for settings in (saved["settings"], self.settings))
                if was != now:
                    raise CheckpointError(
                        f"cannot resume: the run was started with {name}={was!r}, not {now!r}"
                    )
            self.model.load_state_dict(saved["model"])
            self.optimizer.load_state_dict(saved["optimizer"])
            self.generator.set_state(saved["generator"])
            self.shuffled, self.step = saved["shuffled"], saved["step"]
            self.terms = None if saved["terms"] is None else namedtuple("Terms", saved["terms"])
            # The sums so far are those of all processes together; process 0 goes on from there.
            total = saved["total"]
            self.total = None if total is None else total.to(self.generator.device) * (self.group.rank == 0)
            history = self.history
            history.steps, history.lines = saved["steps"], saved["lines"]
            history.seconds, history.processor_seconds = saved["seconds"]
            history.train = _curve(history.lines, "train", next(self.model.parameters()).dtype)
            history.test = _curve(history.lines, "test", torch.float64)
        except CheckpointError:
            raise
        except (AttributeError, KeyError, RuntimeError, TypeError, ValueError) as error:
            reason = str(error).split("\n")[:2][-1].strip()
            raise CheckpointError(f"cannot resume: not a checkpoint of such a run ({reason})") from error


def _curve(lines: list[dict], name: str, dtype: torch.dtype) -> list[tuple]:
    """Rebuild a learning curve from its lines: floats keep every bit of the numbers they were."""
    entries = [line[name] for line in lines if name in line]
    return [
        namedtuple("Terms", entry)(*(torch.tensor(value, dtype=dtype) for value in entry.values()))
        for entry in entries
    ]
