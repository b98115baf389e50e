"""Draw the board of the first lesson: noise ticks above, samples below, and what moves when mu moves."""

from pathlib import Path

import matplotlib.pyplot as plt
from matplotlib.axes import Axes

from reparam import palette, plots

INK, MUTED = palette.LIGHT["ink"], palette.LIGHT["muted"]
EPS = (-1.4, -0.6, 0.2, 0.9, 1.7)


def line(ax: Axes, y: float, name: str) -> None:
    """Draw one number line with its name."""
    ax.plot([-2.6, 4.6], [y, y], color=MUTED, linewidth=1)
    ax.text(-2.8, y, name, ha="right", va="center", fontsize=13, color=INK)


def samples(ax: Axes, y: float, mu: float, sigma: float, colour: str) -> None:
    """Carry each tick of noise to its sample."""
    for eps in EPS:
        z = mu + sigma * eps
        ax.plot([eps, z], [3, y], color=palette.LIGHT["noise"], linewidth=0.9)
        ax.plot([z], [y], "o", color=colour, markersize=8)


def draw() -> plt.Figure:
    """Return the figure: one row of noise, the samples before and after mu moved by h."""
    figure, ax = plt.subplots(figsize=(7.2, 3.4))
    line(ax, 3, r"$\varepsilon$")
    line(ax, 1.6, r"$z$ at $\mu$")
    line(ax, 0, r"$z$ at $\mu + h$")
    for eps in EPS:
        ax.plot([eps, eps], [2.88, 3.12], color=palette.LIGHT["noise"], linewidth=3)
    samples(ax, 1.6, 0.5, 0.8, palette.LIGHT["pathwise"])
    for eps in EPS:
        z = 0.5 + 0.8 * eps
        ax.annotate(
            "", (z + 1, 0.08), (z, 1.5), arrowprops={"arrowstyle": "-|>", "color": palette.LIGHT["pathwise"]}
        )
        ax.plot([z + 1], [0], "o", color=palette.LIGHT["pathwise"], markersize=8)
    ax.text(3.0, 3.3, "never moves", fontsize=11, color=MUTED)
    ax.text(
        3.0,
        0.75,
        r"each by the same $h$:" + "\n" + r"$\partial z / \partial \mu = 1$",
        fontsize=12,
        color=INK,
    )
    ax.set(xlim=(-4.6, 5.2), ylim=(-0.4, 3.7))
    ax.axis("off")
    return figure


if __name__ == "__main__":
    plots.use_book_style()
    draw().savefig(Path(__file__).with_suffix(".svg"), metadata={"Date": None})
