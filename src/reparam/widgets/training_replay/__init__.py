"""Scrub through the epochs of a run that really happened: its curves, and what it drew."""

import base64
import math
from collections.abc import Mapping, Sequence

import numpy as np
import traitlets

from reparam.widgets.base import Count, Widget, bundle, plain, stylesheet

__all__ = ["TrainingReplay"]

MAX_EPOCHS, MAX_BYTES = 1000, 85_000
TERMS = ("elbo", "reconstruction", "kl")


def _curves(terms: Sequence) -> dict[str, list[float]]:
    """Read the three curves out of an epoch's named terms each, and check that they fit together."""
    if not isinstance(terms, Sequence) or not 2 <= len(terms) <= MAX_EPOCHS:
        raise ValueError(
            f"TrainingReplay: terms must list the terms of 2 to {MAX_EPOCHS} epochs, as History.test does, "
            f"got {terms!r:.80}"
        )
    curves: dict[str, list[float]] = {name: [] for name in TERMS}
    for k, row in enumerate(terms):
        named = row if isinstance(row, Mapping) else getattr(row, "_asdict", dict)()
        try:
            elbo, reconstruction, kl = (float(named[name]) for name in TERMS)
        except (KeyError, TypeError, ValueError):
            raise TypeError(
                f"TrainingReplay: terms[{k}] must hold the numbers elbo, reconstruction and kl, got {row!r:.80}"
            ) from None
        if not all(map(math.isfinite, (elbo, reconstruction, kl))):
            raise ValueError(f"TrainingReplay: terms[{k}] must be finite, got {elbo}, {reconstruction}, {kl}")
        if abs(reconstruction - kl - elbo) > 1e-3 * max(1, abs(reconstruction)):
            raise ValueError(
                f"TrainingReplay: terms[{k}] must have elbo = reconstruction - kl, "
                f"got {elbo:g}, {reconstruction:g} and {kl:g}"
            )
        for name, value in zip(TERMS, (elbo, reconstruction, kl), strict=True):
            curves[name].append(round(value, 3))
    return curves


def _bytes(name: str, value: object, shape: tuple[int, ...] | None) -> np.ndarray:
    """Return ``[M, D]`` pixels in [0, 1], tensors or arrays, as whole numbers from 0 to 255."""
    if hasattr(value, "detach"):
        value = value.detach().cpu().double().numpy()
    try:
        pixels = np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError):
        raise TypeError(f"TrainingReplay: {name} must be an array, got {type(value).__name__}") from None
    wanted = f"shape {list(shape)}" if shape else "shape [M, side * side] with M from 1 to 20"
    side = math.isqrt(pixels.shape[-1]) if pixels.ndim == 2 else 0
    if (shape and pixels.shape != shape) or not (
        2 <= side <= 32 and side**2 == pixels.shape[-1] and 1 <= len(pixels) <= 20
    ):
        raise ValueError(f"TrainingReplay: {name} must have {wanted}, got {list(pixels.shape)}")
    if not (np.isfinite(pixels).all() and pixels.min() >= 0 and pixels.max() <= 1):
        raise ValueError(f"TrainingReplay: {name} must lie in [0, 1]; divide by 255, or take the sigmoid?")
    return np.rint(pixels * 255).astype(np.uint8)


class TrainingReplay(Widget):
    """Scrub through a recorded run: ELBO, reconstruction and KL up to an epoch, and pictures of that time.

    Args:
        terms: the terms after epochs 1, 2, ..., as ``History.test`` has them: ``elbo``,
            ``reconstruction`` and ``kl`` in nats, as named tuples or mappings.
        pictures: ``{epoch: [M, side * side] pixels in [0, 1]}``, tensors or arrays; kept in 8 bits.
            At an epoch without pictures the latest earlier ones are shown, and the epoch they are from
            is named; the first must be of epoch 0 or 1. At most 85,000 bytes in all.
        originals: ``[M, side * side]`` what was to be drawn, where the pictures are reconstructions.
        name: what the pictures are, in a word or two.
        epoch: where to start, from 1 to the last one, which is the default.

    Raises:
        TypeError, ValueError: shapes do not fit, a value is outside its range, or the terms do not add up.
    """

    _esm = bundle("training_replay")
    _css = stylesheet("training_replay")
    epoch = Count(1, 1, MAX_EPOCHS)
    elbo = traitlets.List().tag(sync=True)
    reconstruction = traitlets.List().tag(sync=True)
    kl = traitlets.List().tag(sync=True)
    side = Count(8, 2, 32)
    count = Count(1, 1, 20)
    frames = traitlets.List().tag(sync=True)
    packed = traitlets.Unicode().tag(sync=True)
    originals = traitlets.Unicode().tag(sync=True)
    name = traitlets.Unicode().tag(sync=True)

    def __init__(
        self,
        terms: Sequence,
        pictures: Mapping[int, object],
        originals: object = None,
        name: str = "reconstructions",
        epoch: int | None = None,
    ) -> None:
        curves = _curves(terms)
        last = len(curves["elbo"])
        if not isinstance(pictures, Mapping) or not pictures:
            raise TypeError(f"TrainingReplay: pictures must map epochs to pixels, got {pictures!r:.80}")
        whole = all(isinstance(k, int) and not isinstance(k, bool) and 0 <= k <= last for k in pictures)
        if not whole or min(pictures) > 1:
            raise ValueError(
                f"TrainingReplay: pictures must be of epochs from 0 to {last}, the first of 0 or 1, "
                f"got epochs {list(pictures)}"
            )
        epochs, shape, sheets = sorted(pictures), None, []
        for k in epochs:
            sheets.append(_bytes(f"pictures[{k}]", pictures[k], shape))
            shape = sheets[0].shape
        target = b"" if originals is None else _bytes("originals", originals, shape).tobytes()
        packed = b"".join(sheet.tobytes() for sheet in sheets)
        if len(packed) + len(target) > MAX_BYTES:
            raise ValueError(
                f"TrainingReplay: pictures must have at most {MAX_BYTES:,} pixels in all, "
                f"got {len(packed) + len(target):,}; keep fewer epochs or fewer images"
            )
        at = last if epoch is None else type(self).epoch.validate(self, epoch)
        if at > last:
            raise ValueError(f"TrainingReplay: epoch must be a whole number from 1 to {last}, got {epoch!r}")
        super().__init__(
            title="A run, replayed",
            epoch=at,
            side=math.isqrt(shape[1]),
            count=shape[0],
            frames=epochs,
            packed=base64.b64encode(packed).decode(),
            originals=base64.b64encode(target).decode(),
            name=plain("TrainingReplay", "name", name),
            **curves,
        )

    def describe(self) -> str:
        k = min(self.epoch, len(self.elbo)) - 1
        return (
            f"A recorded run of {len(self.elbo)} epochs. After epoch {k + 1} the test ELBO is {self.elbo[k]:.2f} "
            f"nats: reconstruction {self.reconstruction[k]:.2f} minus KL {self.kl[k]:.2f}. Beside the curves are "
            f"{self.count} {self.name}, recorded at {len(self.frames)} epochs."
        )
