"""Draw the chapter's two computation graphs: a sampling node, and the same node reparameterised."""

from pathlib import Path

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.patches import Circle, FancyArrowPatch, FancyBboxPatch

from reparam import palette, plots

INK, MUTED = palette.LIGHT["ink"], palette.LIGHT["muted"]


def node(ax: Axes, x: float, y: float, text: str, *, random: bool = False, colour: str = INK) -> None:
    """Draw a circle (random) or a box (deterministic) with a symbol in it."""
    if random:
        ax.add_patch(Circle((x, y), 0.30, facecolor=palette.LIGHT["rule"], edgecolor=colour, linewidth=1.3))
    else:
        box = FancyBboxPatch((x - 0.27, y - 0.22), 0.54, 0.44, boxstyle="round,pad=0.03,rounding_size=0.08")
        box.set(facecolor="none", edgecolor=colour, linewidth=1.3)
        ax.add_patch(box)
    ax.text(x, y, text, ha="center", va="center", fontsize=13 if len(text) < 8 else 9, color=colour)


def arrow(ax: Axes, start: tuple[float, float], end: tuple[float, float], **style: object) -> None:
    """Draw an arrow between two nodes, short of their outlines."""
    style = {"color": INK, "linewidth": 1.3, "shrinkA": 22, "shrinkB": 22, **style}
    ax.add_patch(FancyArrowPatch(start, end, arrowstyle="-|>", mutation_scale=11, **style))


def gradient(ax: Axes, start: tuple[float, float], end: tuple[float, float]) -> None:
    """Draw a gradient flowing back, curved below the forward arrow."""
    style = {
        "color": palette.LIGHT["pathwise"],
        "linestyle": (0, (4, 2)),
        "connectionstyle": "arc3,rad=-0.35",
    }
    arrow(ax, start, end, **style)


def draw() -> plt.Figure:
    """Return the figure: left the gradient stops at z, right it flows on to mu and sigma."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(7.4, 2.9))
    for ax in (left, right):
        node(ax, 0, 1.0, r"$\mu$")
        node(ax, 0, -1.0, r"$\sigma$")
        node(ax, 3.6, 0, r"$f$")
        arrow(ax, (0, 1), (1.8, 0))
        arrow(ax, (0, -1), (1.8, 0))
        arrow(ax, (1.8, 0), (3.6, 0))
        gradient(ax, (3.6, 0), (1.8, 0))
        ax.set(xlim=(-0.6, 4.2), ylim=(-1.75, 2.1), aspect="equal")
        ax.axis("off")
    node(left, 1.8, 0, r"$z$", random=True)
    left.plot([0.88, 1.14], [0.28, 0.54], color=palette.LIGHT["score"], linewidth=2.4)
    left.plot([0.88, 1.14], [0.54, 0.28], color=palette.LIGHT["score"], linewidth=2.4)
    left.plot([0.88, 1.14], [-0.54, -0.28], color=palette.LIGHT["score"], linewidth=2.4)
    left.plot([0.88, 1.14], [-0.28, -0.54], color=palette.LIGHT["score"], linewidth=2.4)
    left.text(1.8, -1.6, "the draw happens here: no slope", ha="center", color=MUTED, fontsize=10)
    node(right, 1.8, 0, r"$z$", colour=palette.LIGHT["pathwise"])
    node(right, 1.8, 1.7, r"$\varepsilon$", random=True, colour=palette.LIGHT["noise"])
    arrow(right, (1.8, 1.7), (1.8, 0), color=palette.LIGHT["noise"])
    gradient(right, (1.8, 0), (0, -1))
    gradient(right, (1.8, 0), (0, 1))
    right.text(1.8, -1.6, r"$z = \mu + \sigma\varepsilon$: arithmetic", ha="center", color=MUTED, fontsize=10)
    return figure


if __name__ == "__main__":
    plots.use_book_style()
    draw().savefig(Path(__file__).with_suffix(".svg"), metadata={"Date": None})
