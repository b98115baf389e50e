"""Files that survive a kill: a checkpoint is complete and verified, or it is not there.

A checkpoint is one line of JSON with the length and sha256 of what follows, then tensors and
plain values as ``torch.save`` writes them. It is written under a temporary name, forced to the
disk and only then renamed; the one before it stays beside it. A :class:`Folder` holds the
files of one run, and a lock, so that two runs never share it.
"""

import contextlib
import hashlib
import io
import json
import os
import pickle
import uuid
import warnings
from collections.abc import Sequence
from pathlib import Path

import torch

from reparam import checks

try:
    import fcntl
except ImportError:  # Windows: a folder has no lock there
    fcntl = None

__all__ = ["CheckpointError", "DamagedError", "Folder", "load", "save", "write"]

_MAGIC = "reparam checkpoint"
_FORMAT = 1


class CheckpointError(RuntimeError):
    """A checkpoint or the folder of a run cannot be used; the message says why and what to do."""


class DamagedError(CheckpointError):
    """The checkpoint was whole once and is not any more."""


def write(path: Path, content: bytes, *, keep: Path | None = None) -> None:
    """Write ``content`` to ``path`` all or not at all; when this returns it is on the disk.

    Args:
        path: the file; its folder exists.
        content: all of it.
        keep: where the file that was at ``path`` goes, if anywhere.

    Raises:
        CheckpointError: the disk is full or the folder cannot be written; ``path`` is as it was.
    """
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex}.tmp")
    try:
        with temporary.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        # A kill between the two renames leaves nothing at `path`; `Folder.load` then takes `keep`.
        if keep is not None and path.exists():
            os.replace(path, keep)
        os.replace(temporary, path)
        _sync_folder(path.parent)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise CheckpointError(
            f"{path} could not be written ({error.strerror}); what was there before still is"
        ) from error


def _sync_folder(folder: Path) -> None:
    """Make a rename last through a power cut, on file systems where a folder can be synchronised."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _previous(path: Path) -> Path:
    return path.with_name(f"{path.stem}.previous{path.suffix}")


def save(path: Path, state: dict, *, keep: bool = True) -> None:
    """Write a checkpoint; when this returns it is on the disk.

    Args:
        path: the file; its folder exists.
        state: tensors, numbers, strings, ``None``, and lists and dicts of them.
        keep: whether the file that was at ``path`` stays, as ``NAME.previous``.

    Raises:
        CheckpointError: it could not be written; the checkpoint that was there still loads.
    """
    buffer = io.BytesIO()
    torch.save(state, buffer)
    payload = buffer.getvalue()
    sha256 = hashlib.sha256(payload).hexdigest()
    header = {"file": _MAGIC, "format": _FORMAT, "bytes": len(payload), "sha256": sha256}
    write(path, json.dumps(header).encode() + b"\n" + payload, keep=_previous(path) if keep else None)


def load(path: Path) -> dict:
    """Read a checkpoint after verifying it; nothing in the file is ever run.

    Args:
        path: the file.

    Returns:
        what :func:`save` was given, tensors on the CPU.

    Raises:
        DamagedError: the file is cut short, or not what its sha256 says.
        CheckpointError: it is not there, not a checkpoint of this package, of a newer format,
            or holds something other than tensors and plain values.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise CheckpointError(f"{path} cannot be read: {error.strerror}") from error
    if not content:
        raise DamagedError(f"{path} is cut short: it is empty")
    line, _, payload = content.partition(b"\n")
    version, size, sha256 = _header(path, line)
    if version != _FORMAT:
        raise CheckpointError(f"{path} has format {version}; this reparam reads format {_FORMAT}: update it")
    if len(payload) != size:
        raise DamagedError(f"{path} is cut short: {len(payload)} of {size} bytes are there")
    if (found := hashlib.sha256(payload).hexdigest()) != sha256:
        raise DamagedError(f"{path} is damaged: expected sha256 {sha256[:12]}..., got {found[:12]}...")
    try:
        return torch.load(io.BytesIO(payload), map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise CheckpointError(
            f"{path} holds more than tensors and plain values; it was not loaded, for it could run a program"
        ) from error
    except (RuntimeError, EOFError) as error:
        raise CheckpointError(f"{path} is not a checkpoint of this package: it holds no tensors") from error


def _header(path: Path, line: bytes) -> tuple[int, int, str]:
    """Return format, size and sha256 from the first line of a checkpoint."""
    with contextlib.suppress(ValueError, KeyError, TypeError):
        header = json.loads(line)
        if header["file"] == _MAGIC:
            return int(header["format"]), int(header["bytes"]), str(header["sha256"])
    raise CheckpointError(f"{path} is not a checkpoint of this package, or its first line is damaged")


class Folder:
    """The files of one run: ``checkpoint.pt``, ``metrics.jsonl``, and the lock ``run.lock``.

    For a ``with`` statement; the lock is freed at its end, or when the process dies, ``kill -9``
    included. On a system without ``flock`` there is no lock.

    Args:
        path: the folder, made where it is not there.
        every: steps between two checkpoints; an epoch's end always has one. ``None``: only there.
        resume: go on from the checkpoint where there is one.
        settings: plain values that a resumed run must share with the interrupted one.
        writes: false in the helper processes of a run, which only read.

    Raises:
        CheckpointError: another run uses the folder, or it holds a run and ``resume`` is false.
    """

    def __init__(
        self,
        path: Path | str,
        *,
        every: int | None = None,
        resume: bool = False,
        settings: dict | None = None,
        writes: bool = True,
    ) -> None:
        if every is not None:
            checks.count("Folder", "every", every)
        self.path, self.every, self.resume, self.writes = Path(path), every, resume, writes
        self.settings, self.checkpoint = dict(settings or {}), self.path / "checkpoint.pt"
        self._previous = _previous(self.checkpoint)
        self._lock, self._whole = None, True

    def __enter__(self) -> "Folder":
        if self.writes:
            try:
                self.path.mkdir(parents=True, exist_ok=True)
                self._lock = (self.path / "run.lock").open("a+")
                self._claim()
            except (OSError, CheckpointError) as error:
                self.__exit__()
                if isinstance(error, CheckpointError):
                    raise
                raise CheckpointError(f"{self.path} cannot be used: {error.strerror}") from error
        return self

    def __exit__(self, *_: object) -> None:
        if self._lock is not None:
            self._lock.close()  # frees it
            self._lock = None

    def _claim(self) -> None:
        """Take the lock, refuse to overwrite a run, remove what a killed one left half-written."""
        if fcntl is not None:
            try:
                fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                self._lock.seek(0)
                owner = self._lock.read().strip() or "of unknown number"
                raise CheckpointError(
                    f"{self.path} is in use by process {owner}; stop it or choose another folder"
                ) from None
        self._lock.truncate(0)
        self._lock.write(f"{os.getpid()}\n")
        self._lock.flush()
        if not self.resume and (self.checkpoint.exists() or self._previous.exists()):
            raise CheckpointError(f"{self.path} already holds a run; resume it or choose another folder")
        for rest in self.path.glob(".*.tmp"):
            rest.unlink()

    def load(self) -> dict | None:
        """Return the newest checkpoint that is whole, or ``None`` if there is none to resume from.

        A damaged one gives way, with a warning, to the one before it: the run then repeats a few
        steps and ends with the same weights. Raises what :func:`load` raises if neither is whole.
        """
        if not self.resume or not (self.checkpoint.exists() or self._previous.exists()):
            return None
        try:
            return load(self.checkpoint if self.checkpoint.exists() else self._previous)
        except DamagedError as error:
            if not (self.checkpoint.exists() and self._previous.exists()):
                raise
            state = load(self._previous)
            self._whole = False  # and must not take the place of the one before it
            warnings.warn(f"{error}; going on from the one before it", stacklevel=2)
            return state

    def save(self, state: dict) -> None:
        """Write a checkpoint of ``state``; see :func:`save`."""
        if self.writes:
            save(self.checkpoint, state, keep=self._whole)
            self._whole = True

    def record(self, lines: Sequence[dict]) -> None:
        """Write ``metrics.jsonl`` anew: ``lines``, one JSON object each."""
        if self.writes:
            write(self.path / "metrics.jsonl", "".join(json.dumps(line) + "\n" for line in lines).encode())
