"""Walk through a two-dimensional latent space; the network runs in the browser."""

import base64
import math
from collections.abc import Sequence

import numpy as np
import traitlets

from reparam.widgets.base import Choice, Count, Number, Widget, bundle, stylesheet

__all__ = ["Decoder"]

MAX_POINTS = 2000


def _array(name: str, value: object) -> np.ndarray:
    """Accept a tensor or an array of finite numbers, on any device."""
    if hasattr(value, "detach"):
        value = value.detach().cpu().double().numpy()
    try:
        array = np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError):
        raise TypeError(f"Decoder: {name} must be an array of numbers, got {type(value).__name__}") from None
    if not np.isfinite(array).all():
        raise ValueError(f"Decoder: {name} must be finite, got NaN or infinity")
    return array


def _layers(weights: Sequence, size: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Check that the layers lead from two latents to ``size * size`` logits."""
    if not len(weights):
        raise ValueError("Decoder: weights must hold at least one (weight, bias) pair, got none")
    layers, width = [], 2
    for k, pair in enumerate(weights):
        if not isinstance(pair, Sequence) or len(pair) != 2:
            raise ValueError(
                f"Decoder: weights[{k}] must be a (weight, bias) pair, got {type(pair).__name__}"
            )
        w, b = pair
        weight, bias = _array(f"weights[{k}][0]", w), _array(f"weights[{k}][1]", b)
        if weight.ndim != 2 or weight.shape[1] != width:
            raise ValueError(
                f"Decoder: weights[{k}][0] must have shape [out, {width}] as in torch.nn.Linear, "
                f"got {list(weight.shape)}"
            )
        width = weight.shape[0]
        if bias.shape != (width,):
            raise ValueError(f"Decoder: weights[{k}][1] must have shape [{width}], got {list(bias.shape)}")
        layers.append((weight, bias))
    if width != size * size:
        raise ValueError(
            f"Decoder: the last layer must have size * size = {size * size} outputs, got {width}"
        )
    return layers


def _packed(layers: Sequence[tuple[np.ndarray, np.ndarray]], precision: str) -> bytes:
    """Return all weights as little-endian bytes, layer by layer, and in each layer row by row.

    Floats are a layer's weight, then its bias. With ``"int8"`` a layer is one float32 scale a row, the
    bias in float32, and the weight in whole numbers from -127 to 127 that its row's scale multiplies.
    """
    kind = "float16" if precision == "float16" else "float32"
    floats = np.dtype(kind).newbyteorder("<")
    largest = max(np.abs(part).max() for layer in layers for part in layer)
    if largest > np.finfo(kind).max:
        raise ValueError(f"Decoder: weights must fit into {kind}, got {largest:g}")
    pieces = []
    for weight, bias in layers:
        parts = [weight, bias]
        if precision == "int8":
            scale = (np.abs(weight).max(1) / 127).astype(floats)
            whole = np.rint(weight / np.where(scale > 0, scale, 1)[:, None])
            parts = [scale, bias, whole.clip(-127, 127).astype(np.int8)]
        pieces += [part if part.dtype == np.int8 else part.astype(floats) for part in parts]
    return b"".join(part.tobytes() for part in pieces)


def _points(means: object, labels: object) -> tuple[list[list[float]], list[int]]:
    points = np.empty((0, 2)) if means is None else _array("means", means)
    if points.ndim != 2 or points.shape[1] != 2 or len(points) > MAX_POINTS:
        raise ValueError(
            f"Decoder: means must have shape [M, 2] with M <= {MAX_POINTS}, got {list(points.shape)}"
        )
    if labels is None:
        return points.round(3).tolist(), []
    marks = _array("labels", labels)
    if marks.shape != (len(points),) or (marks != marks.round()).any() or (marks < 0).any():
        raise ValueError(
            f"Decoder: labels must be {len(points)} whole numbers >= 0, one per mean, "
            f"got shape {list(marks.shape)}"
        )
    return points.round(3).tolist(), marks.astype(int).tolist()


class Decoder(Widget):
    """Drag a point through the latent plane and see what a trained decoder draws there.

    Args:
        weights: ``(weight, bias)`` per linear layer, shaped as in ``torch.nn.Linear``, from 2
            latents to ``size * size`` logits; tensors or arrays.
        means: ``[M, 2]`` encoded test images, drawn as faint dots, at most 2000.
        labels: ``[M]`` their classes.
        size: pixels along one side of the picture, from 2 to 32.
        activation: between the layers: ``"relu"``, ``"tanh"``, ``"silu"`` or ``"softplus"``.
        precision: of the weights in the page: ``"float32"``, ``"float16"`` at half the bytes, or
            ``"int8"`` at a quarter: 8 bits each, with one scale for each row of a layer's matrix.

    Raises:
        TypeError, ValueError: shapes do not fit, or a value is outside its range.
    """

    _esm = bundle("decoder")
    _css = stylesheet("decoder")
    z1 = Number(0.0, -20, 20)
    z2 = Number(0.0, -20, 20)
    seed = Count(0, 0, 2**31 - 1)
    size = Count(8, 2, 32)
    activation = Choice("relu", "tanh", "silu", "softplus")
    precision = Choice("float32", "float16", "int8")
    extent = Number(3.0, 1, 20)
    packed = traitlets.Unicode().tag(sync=True)
    shapes = traitlets.List().tag(sync=True)
    means = traitlets.List().tag(sync=True)
    labels = traitlets.List().tag(sync=True)

    def __init__(
        self,
        weights: Sequence,
        means: object = None,
        labels: object = None,
        size: int = 8,
        activation: str = "relu",
        precision: str = "float32",
    ) -> None:
        type(self).size.validate(self, size)
        type(self).precision.validate(self, precision)
        layers = _layers(weights, size)
        points, marks = _points(means, labels)
        reach = max((abs(v) for point in points for v in point), default=0)
        super().__init__(
            title="A latent space to walk through",
            size=size,
            activation=activation,
            precision=precision,
            packed=base64.b64encode(_packed(layers, precision)).decode(),
            shapes=[list(weight.shape) for weight, _ in layers],
            means=points,
            labels=marks,
            extent=min(20.0, max(3.0, math.ceil(2 * reach) / 2)),
        )

    def describe(self) -> str:
        shown = f" {len(self.means)} encoded test images lie on it as faint dots." if self.means else ""
        return (
            f"A plane of two latents beside the {self.size} by {self.size} picture that the decoder draws "
            f"at z = ({self.z1:g}, {self.z2:g}).{shown}"
        )
