"""Arrays in, marks on an ``Axes`` out: the few pictures the book draws again and again.

Each function takes an ``Axes`` first and returns it. Colours are named by concept, see
:mod:`reparam.palette`; an estimate is always drawn with two standard errors, the truth is
always a dashed line.
"""

import logging
from collections.abc import Sequence
from importlib import resources

import matplotlib.style
import torch
from matplotlib.axes import Axes
from torch import Tensor

from reparam import palette

__all__ = ["band", "estimate", "images", "simplex", "spread", "truth", "use_book_style"]


def use_book_style() -> None:
    """Switch matplotlib to the book's style, and notebooks to vector figures."""
    logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)  # a missing serif is no event
    with resources.as_file(resources.files("reparam") / "book.mplstyle") as path:
        matplotlib.style.use(path)
    try:
        from matplotlib_inline.backend_inline import set_matplotlib_formats

        set_matplotlib_formats("svg")
    except (ImportError, AttributeError):
        pass  # not in a notebook


def estimate(
    ax: Axes, x: Sequence[float], mean: Sequence[float], se: Sequence[float], concept: str, label: str
) -> Axes:
    """Draw means as dots, each with a bar of two standard errors."""
    bar = 2 * torch.as_tensor(se)
    ax.errorbar(x, mean, bar, fmt="o", color=palette.LIGHT[concept], capsize=2, label=label)
    return ax


def band(
    ax: Axes, x: Sequence[float], mean: Sequence[float], se: Sequence[float], concept: str, label: str
) -> Axes:
    """Draw a curve of means in a band of two standard errors."""
    mean, bar, colour = torch.as_tensor(mean), 2 * torch.as_tensor(se), palette.LIGHT[concept]
    ax.fill_between(x, mean - bar, mean + bar, color=colour, alpha=0.2, linewidth=0)
    ax.plot(x, mean, color=colour, label=label)
    return ax


def truth(ax: Axes, value: float | Sequence[float], x: Sequence[float] | None = None) -> Axes:
    """Draw the exact answer, a number or a curve over ``x``, as a dashed line."""
    style = {"color": palette.LIGHT["truth"], "linestyle": (0, (4, 3)), "linewidth": 1.3, "label": "exact"}
    ax.axhline(value, **style) if x is None else ax.plot(x, value, **style)
    return ax


def spread(ax: Axes, values: Tensor, concept: str, label: str, *, limits: tuple[float, float]) -> Axes:
    """Draw the distribution of single-draw estimates between two limits as an outlined histogram."""
    style = {"bins": 60, "range": limits, "density": True, "color": palette.LIGHT[concept]}
    ax.hist(values.flatten().numpy(), alpha=0.25, **style)
    ax.hist(values.flatten().numpy(), histtype="step", linewidth=1.4, label=label, **style)
    ax.set_xlim(limits)
    return ax


def simplex(ax: Axes, y: Tensor, *, size: float = 5) -> Axes:
    """Draw points ``[N, 3]`` of the simplex as a triangle, coloured by their largest coordinate."""
    corners = torch.tensor([[0.0, 0.0], [1.0, 0.0], [0.5, 3**0.5 / 2]], dtype=y.dtype)
    points, winner = y @ corners, y.argmax(-1)
    outline = corners[[0, 1, 2, 0]]
    ax.plot(outline[:, 0], outline[:, 1], color=palette.LIGHT["rule"], linewidth=1)
    for k, marker in enumerate("osD"):
        group = points[winner == k]
        ax.scatter(
            group[:, 0],
            group[:, 1],
            size,
            palette.CLASSES[k],
            marker,
            alpha=0.55,
            linewidths=0,
            rasterized=True,
        )
    ax.set(aspect="equal", xlim=(-0.06, 1.06), ylim=(-0.06, 0.93))
    ax.axis("off")
    return ax


def images(ax: Axes, pixels: Tensor, side: int, *, columns: int) -> Axes:
    """Draw ``[N, side * side]`` pixels in [0, 1] as a grid of small images, ink on paper."""
    rows = -(-len(pixels) // columns)
    sheet = torch.zeros(rows * columns, side + 1, side + 1)
    sheet[: len(pixels), :side, :side] = pixels.detach().reshape(-1, side, side)
    sheet = sheet.reshape(rows, columns, side + 1, side + 1).transpose(1, 2)
    ax.imshow(sheet.reshape(rows * (side + 1), columns * (side + 1))[:-1, :-1], vmin=0, vmax=1)
    ax.axis("off")
    return ax
