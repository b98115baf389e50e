"""Datasets as tensors, checksummed, offline first.

``load(name)`` returns ``Images(train, test, train_labels, test_labels, side)``: pixels are
float32 in [0, 1], flattened to ``[N, side * side]``. The digits ship inside the package.
MNIST and Fashion-MNIST are looked for in the folder named by ``REPARAM_DATA``, where Debian
installs them, and in the cache; only then are they downloaded. What does not match its
checksum is never used.
"""

import gzip
import hashlib
import json
import os
import tempfile
import time
import warnings
import zlib
from functools import cache
from importlib import resources
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from reparam import checks

__all__ = ["NAMES", "DataError", "Images", "binarize", "digits", "load", "recorded_run"]

NAMES = ("digits", "mnist", "fashion")
_PARTS = {
    "train": "train-images-idx3-ubyte",
    "train_labels": "train-labels-idx1-ubyte",
    "test": "t10k-images-idx3-ubyte",
    "test_labels": "t10k-labels-idx1-ubyte",
}
# sha256 of the uncompressed content: mirrors wrap the same bytes in different gzip files.
_SHA256 = {
    ("mnist", "train"): "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    ("mnist", "train_labels"): "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    ("mnist", "test"): "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    ("mnist", "test_labels"): "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
    ("fashion", "train"): "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
    ("fashion", "train_labels"): "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
    ("fashion", "test"): "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
    ("fashion", "test_labels"): "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
}
_HOME = {
    "mnist": "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "fashion": "https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion/",
}
_SYSTEM = {"fashion": Path("/usr/share/datasets/fashion-mnist")}
_ATTEMPTS = 3
_TIMEOUT = 20.0  # seconds without a byte
_PAUSE = 1.0  # seconds before the second attempt; doubles


class DataError(RuntimeError):
    """A file of a dataset is missing, unreadable or not what its checksum says."""


class _AbsentError(DataError):
    """Neither here nor to be downloaded: the one case in which ``load`` may fall back."""


class Images(NamedTuple):
    """Pixels ``[N, side * side]`` in [0, 1] and labels ``[N]``, for training and for testing."""

    train: Tensor
    test: Tensor
    train_labels: Tensor
    test_labels: Tensor
    side: int


def binarize(x: Tensor, u: Tensor) -> Tensor:
    """Return ``1`` where ``u < x``: Bernoulli pixels with probability ``x``, from uniform noise ``u``."""
    checks.unit_interval("binarize", "x", x)
    checks.same_shape("binarize", x=x, u=u)
    return (u < x).to(x.dtype)


def digits() -> Images:
    """Return the 1,797 8x8 digits inside the package, split 1,500 / 297 in their original order.

    Source: Alpaydin & Kaynak (1998), Optical Recognition of Handwritten Digits, UCI (CC BY 4.0).
    """
    with resources.files("reparam").joinpath("digits.npz").open("rb") as file, np.load(file) as arrays:
        pixels = torch.from_numpy(arrays["pixels"]).float() / 16
        labels = torch.from_numpy(arrays["labels"]).long()
    return Images(pixels[:1500], pixels[1500:], labels[:1500], labels[1500:], 8)


def recorded_run(name: str) -> dict:
    """Return a long training run that ships with the package, with the command that repeats it.

    Args:
        name: of a file in ``reparam/runs``, without ``.json``.

    Returns:
        what ``python -m reparam.train`` wrote: command, versions, seed, curve, test terms.

    Raises:
        ValueError: there is no run of that name.
    """
    folder = resources.files("reparam") / "runs"
    names = sorted(
        entry.name.removesuffix(".json") for entry in folder.iterdir() if entry.name.endswith(".json")
    )
    if name not in names:
        raise ValueError(f"recorded_run: name must be one of {', '.join(names)}, got {name!r}")
    return json.loads((folder / f"{name}.json").read_text())


def _cache() -> Path:
    import pooch

    return Path(pooch.os_cache("reparam"))


@cache
def _temporary() -> Path:
    return Path(tempfile.mkdtemp(prefix="reparam-"))


def _folders(name: str) -> list[Path]:
    """Where the files of a dataset may already lie, most wanted first."""
    given = os.environ.get("REPARAM_DATA")
    roots = [_cache(), *([_temporary()] if _temporary.cache_info().currsize else [])]
    system = [_SYSTEM[name]] if name in _SYSTEM else []
    return [*([Path(given) / name] if given else []), *system, *(root / name for root in roots)]


def _writable(name: str) -> Path:
    """Return the folder to download to: the cache, or a temporary one where that cannot be written."""
    folder = _cache() / name
    try:
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        folder = _temporary() / name
        folder.mkdir(exist_ok=True)
        warnings.warn(
            f"the cache {_cache()} cannot be written ({error.strerror}); {name} goes to {folder}",
            stacklevel=2,
        )
    return folder


def _fetch(url: str, folder: Path) -> Path:
    """Download ``url`` into ``folder``, a few times if need be."""
    import pooch

    logger = pooch.get_logger()
    level = logger.level
    logger.setLevel("ERROR")
    try:
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                get = pooch.HTTPDownloader(timeout=_TIMEOUT)
                return Path(pooch.retrieve(url, None, path=folder, fname=url.rsplit("/")[-1], downloader=get))
            except Exception:  # of three libraries
                if attempt == _ATTEMPTS:
                    raise
                time.sleep(_PAUSE * 2 ** (attempt - 1))
    finally:
        logger.setLevel(level)


def _download(name: str, part: str) -> Tensor:
    """Fetch a file under a temporary name, verify it, and only then give it its own name."""
    url = _HOME[name] + _PARTS[part] + ".gz"
    folder = _writable(name)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".download-") as scratch:
        try:
            path = _fetch(url, Path(scratch))
        except Exception as error:
            places = ", ".join(str(place) for place in _folders(name))
            raise _AbsentError(
                f"{_PARTS[part]}.gz is in none of {places}, and could not be downloaded from {url} "
                f"({type(error).__name__}, {_ATTEMPTS} attempts); copy the files there or set REPARAM_DATA"
            ) from error
        tensor = _read_idx(path, _SHA256[name, part], url)
        os.replace(path, folder / path.name)
    return tensor


def _read_idx(path: Path, sha256: str, origin: object) -> Tensor:
    """Read a gzipped IDX file of bytes, verified by the checksum of its content."""
    try:
        content = gzip.decompress(path.read_bytes())
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{origin}: expected a gzipped IDX file, got {error}; delete it and retry") from error
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        raise DataError(
            f"{origin}: expected content with sha256 {sha256[:12]}..., got {found[:12]}...; delete it and retry"
        )
    rank = content[3]
    shape = np.frombuffer(content, ">i4", count=rank, offset=4)
    return torch.from_numpy(np.frombuffer(content, np.uint8, offset=4 + 4 * rank).reshape(shape).copy())


def _part(name: str, part: str) -> Tensor:
    for folder in _folders(name):
        path = folder / (_PARTS[part] + ".gz")
        if path.is_file():
            return _read_idx(path, _SHA256[name, part], path)
    return _download(name, part)


def load(name: str, *, fallback: bool = False) -> Images:
    """Return a dataset by name, from this machine if it can be found there.

    Args:
        name: ``"digits"``, ``"mnist"`` or ``"fashion"``.
        fallback: where the set is neither here nor to be downloaded, warn and return the digits.

    Returns:
        :class:`Images`.

    Raises:
        ValueError: ``name`` is not one of the three.
        DataError: a file is damaged (never falls back), or absent and ``fallback`` is false.
    """
    if name not in NAMES:
        raise ValueError(f"load: name must be one of {', '.join(NAMES)}, got {name!r}")
    if name == "digits":
        return digits()
    try:
        parts = {part: _part(name, part) for part in _PARTS}
    except _AbsentError as error:
        if not fallback:
            raise
        warnings.warn(f"{name} is not on this machine ({error}); using the embedded digits", stacklevel=2)
        return digits()
    side = parts["train"].shape[-1]
    train, test = (parts[p].flatten(1).float() / 255 for p in ("train", "test"))
    return Images(train, test, parts["train_labels"].long(), parts["test_labels"].long(), side)
