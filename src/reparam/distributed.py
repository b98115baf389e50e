"""Several processes that train one model: the same noise on every one, each takes its rows.

Every process draws the shuffle, the pixels and the noise of the *whole* batch from the same
seed and computes its own slice; gradients are summed before each step. So the run is that of
one process with the same batch, up to the order of additions, if the objective is a mean over
examples (free bits, which look at the batch's mean, look at each share's). Started by ``torchrun``.
"""

import contextlib
import os
import signal
import threading
from collections.abc import Iterable, Iterator

import torch
import torch.distributed as dist
from torch import Tensor, nn

from reparam.checks import NotFiniteError
from reparam.devices import pick_device

__all__ = ["Group", "Stopped", "join"]


class Stopped(KeyboardInterrupt):
    """A signal asked the run to stop; it did so between two steps, and what it had done is saved."""

    def __init__(self, number: int) -> None:
        super().__init__(f"stopped by {signal.Signals(number).name}")
        self.number = number


class Group:
    """The processes of a run; one, alone, unless :func:`join` says otherwise.

    ``rank`` says which one this is (0 shows the progress and writes the files), ``size`` how many
    there are, ``weight`` its part of the batch, and ``stopping`` that a signal, here or in another
    process, ends the run after this step.
    """

    def __init__(self, rank: int = 0, size: int = 1, device: torch.device | str = "cpu") -> None:
        self.rank, self.size, self.device = rank, size, torch.device(device)
        self.weight, self.stopping = 1.0, False
        self._signal, self._failed = 0, False

    @contextlib.contextmanager
    def catching_signals(self) -> Iterator[None]:
        """Let Ctrl-C and SIGTERM set ``stopping``, where signals can be caught: in the main thread."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self._caught) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _caught(self, number: int, _frame: object) -> None:
        self._signal = number
        self.stopping = self.size == 1  # several must agree first: see _exchange

    def stop(self) -> None:
        """Raise what ends a run that was asked to stop."""
        raise Stopped(self._signal or signal.SIGINT)

    def share(self, batch: int) -> slice:
        """Return which rows of a batch are this process's, at least one.

        With fewer rows than processes some take row 0, and their gradients count for nothing.
        """
        first, last = (batch * rank // self.size for rank in (self.rank, self.rank + 1))
        self.weight = (last - first) / batch
        return slice(first, last) if last > first else slice(0, 1)

    def sum_gradients(self, parameters: Iterable[nn.Parameter]) -> None:
        """Turn gradients of the mean over a share into those of the mean over the batch.

        Raises:
            NotFiniteError: another process met a term that is not finite in this step.
        """
        parameters = [p for p in parameters if p.requires_grad]
        flat = torch.cat([(torch.zeros_like(p) if p.grad is None else p.grad).flatten() for p in parameters])
        flat, failures = self._exchange(flat * self.weight, failed=False)
        if failures:
            self._failed = True
            raise NotFiniteError("fit: another process found a term that is not finite")
        for p, total in zip(parameters, flat.split([p.numel() for p in parameters]), strict=True):
            if p.grad is not None:
                p.grad.copy_(total.view_as(p))

    def fail(self, parameters: Iterable[nn.Parameter]) -> None:
        """Take part in a step without gradients, so that every process stops at it."""
        if self.size > 1 and not self._failed:
            zeros = [torch.zeros_like(p).flatten() for p in parameters if p.requires_grad]
            self._exchange(torch.cat(zeros), failed=True)

    def _exchange(self, flat: Tensor, *, failed: bool) -> tuple[Tensor, float]:
        """Sum ``flat`` over the processes, and agree on failures and signals in the same message."""
        flat = torch.cat([flat, flat.new_tensor([float(failed), float(bool(self._signal))])])
        dist.all_reduce(flat)
        failures, signals = flat[-2:].tolist()
        self.stopping = signals > 0
        return flat[:-2], failures

    def sum(self, value: Tensor) -> Tensor:
        """Return the sum of ``value`` over the processes; alone, ``value`` itself."""
        if self.size > 1:
            value = value.clone()
            dist.all_reduce(value)
        return value

    def agree(self, value: Tensor) -> Tensor:
        """Return process 0's ``value``, so that all take the same decisions."""
        if self.size > 1:
            shared = value.to(self.device)
            dist.broadcast(shared, 0)
            value = shared.to(value.device)
        return value


@contextlib.contextmanager
def join(device: str = "auto") -> Iterator[tuple[Group, torch.device]]:
    """Join the processes that ``torchrun`` started, if it did; for a ``with`` statement, which leaves them.

    NCCL connects GPUs, one a process, and gloo processors. A program that was not started by
    ``torchrun`` gets a group of one.

    Args:
        device: see :func:`reparam.devices.pick_device`.

    Returns:
        the group and this process's device.

    Raises:
        ValueError: the device is absent, or there are fewer GPUs than processes.
    """
    size = int(os.environ.get("WORLD_SIZE", "1"))
    if size == 1:
        yield Group(), pick_device(device)
        return
    local = os.environ.get("LOCAL_RANK", "0")
    where = pick_device(f"cuda:{local}" if pick_device(device).type == "cuda" else device)
    if where.type == "cuda":
        torch.cuda.set_device(where)
    dist.init_process_group("nccl" if where.type == "cuda" else "gloo")
    try:
        yield Group(dist.get_rank(), dist.get_world_size(), where), where
    finally:
        dist.destroy_process_group()
