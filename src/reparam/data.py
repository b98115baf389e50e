"""Datasets as tensors, checksummed, offline first.

``load(name)`` returns ``Images(train, test, train_labels, test_labels, side)``: pixels are
float32 in [0, 1], flattened to ``[N, side * side]``. The digits ship inside the package.
MNIST and Fashion-MNIST are looked for on this machine and only then downloaded, see
:mod:`reparam.archive`. Omniglot (Lake, Salakhutdinov & Tenenbaum 2015) must be on this machine, as
``images_background.npz`` and ``images_evaluation.npz`` with arrays ``images [C, 20, 105, 105]``; it is
resized by area to 28x28 and split by a shuffle of our own. The images and the split of Burda et al. (2016)
are one file beside their released code, which is not read here: no number on ours is a match to theirs.
"""

import io
import json
import warnings
from importlib import resources
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from reparam import archive, checks
from reparam.archive import DataError

__all__ = ["NAMES", "DataError", "Images", "binarize", "digits", "load", "recorded_run"]

NAMES = ("digits", "mnist", "fashion", "omniglot")
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
_OMNIGLOT = {
    "images_background.npz": "8bf84167413cd00beacdce3fe582f780ab538d8dbef043a6d688f2527bbce199",
    "images_evaluation.npz": "2115a6a3efa94aafe41e541ee0e0fc0522fa840c07d1ad7758f3521ddc097a91",
}


class Images(NamedTuple):
    """Pixels ``[N, side * side]`` in [0, 1] and labels ``[N]``, for training and for testing."""

    train: Tensor
    test: Tensor
    train_labels: Tensor
    test_labels: Tensor
    side: int


def binarize(x: Tensor, u: Tensor) -> Tensor:
    """Return ``1`` where ``u < x``: Bernoulli pixels with probability ``x``.

    Args:
        x: ``[...]`` pixels in [0, 1].
        u: ``[...]`` uniform noise, see :func:`reparam.noise.uniform`.

    Returns:
        ``[...]`` zeros and ones in the dtype of ``x``.

    Raises:
        TypeError: an argument is not a floating-point tensor.
        ValueError: shapes or devices differ, or a pixel lies outside [0, 1].
    """
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
    """Return a record that ships with the package: long runs with their command, published numbers with their source.

    Args:
        name: of a file in ``reparam/runs``, without ``.json``.

    Returns:
        for a run, what its command wrote: command, versions, seed, curves, test terms.

    Raises:
        ValueError: there is no run of that name.
    """
    folder = resources.files("reparam") / "runs"
    names = sorted(
        entry.name.removesuffix(".json") for entry in folder.iterdir() if entry.name.endswith(".json")
    )
    checks.one_of("recorded_run", "name", name, names)
    return json.loads((folder / f"{name}.json").read_text())


def _idx(name: str, part: str) -> Tensor:
    """Return the bytes of an IDX file: two zeros, a type, the rank, the sizes, the numbers."""
    found = archive.content(
        name, _PARTS[part] + ".gz", _SHA256[name, part], home=_HOME[name], system=_SYSTEM.get(name)
    )
    rank = found[3]
    shape = np.frombuffer(found, ">i4", count=rank, offset=4)
    return torch.from_numpy(np.frombuffer(found, np.uint8, offset=4 + 4 * rank).reshape(shape).copy())


def _idx_images(name: str) -> Images:
    parts = {part: _idx(name, part) for part in _PARTS}
    side = parts["train"].shape[-1]
    train, test = (parts[p].flatten(1).float() / 255 for p in ("train", "test"))
    return Images(train, test, parts["train_labels"].long(), parts["test_labels"].long(), side)


def _shrink(drawings: Tensor, side: int) -> Tensor:
    """Average ``[N, H, H]`` drawings over the area of each of ``side * side`` larger pixels."""
    edges = torch.arange(side + 1, dtype=torch.float64) * drawings.shape[-1] / side
    old = torch.arange(drawings.shape[-1], dtype=torch.float64)
    overlap = torch.minimum(edges[1:, None], old + 1) - torch.maximum(edges[:-1, None], old)
    share = (overlap.clamp_min(0) * side / drawings.shape[-1]).float()
    return (share @ drawings @ share.T).clamp_(0, 1)


def _omniglot() -> Images:
    """Return Omniglot at 28x28, split 24,345 / 8,115 by a shuffle of our own."""
    pixels, labels = [], []
    for file, sha256 in _OMNIGLOT.items():
        found = archive.content("omniglot", file, sha256, home=None)
        with np.load(io.BytesIO(found)) as arrays:
            drawings, classes = arrays["images"].reshape(-1, 105, 105), arrays["labels"].reshape(-1)
        for part in np.array_split(drawings, 20):  # as floats all of them would take 1.4 GB
            pixels.append(_shrink(torch.from_numpy(~part).float(), 28).flatten(1))
        labels.append(torch.from_numpy(classes).long())
    pixels, labels = torch.cat(pixels), torch.cat(labels)
    order = torch.randperm(len(pixels), generator=torch.Generator().manual_seed(0))
    train, test = order.tensor_split([len(order) * 3 // 4])
    return Images(pixels[train], pixels[test], labels[train], labels[test], 28)


def load(name: str, *, fallback: bool = False) -> Images:
    """Return a dataset by name, from this machine if it can be found there.

    Args:
        name: ``"digits"``, ``"mnist"``, ``"fashion"`` or ``"omniglot"``.
        fallback: where the set is neither here nor to be downloaded, warn and return the digits.

    Returns:
        :class:`Images`.

    Raises:
        ValueError: ``name`` is not one of the four.
        DataError: a file is damaged (never falls back), or absent and ``fallback`` is false.
    """
    checks.one_of("load", "name", name, NAMES)
    if name == "digits":
        return digits()
    try:
        return _omniglot() if name == "omniglot" else _idx_images(name)
    except archive.AbsentError as error:
        if not fallback:
            raise
        warnings.warn(f"{name} is not on this machine ({error}); using the embedded digits", stacklevel=2)
        return digits()
