"""Draw the board of the step: every sample on a flat piece, and the few that cross."""

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

from reparam import palette, plots

INK, MUTED, SCORE = palette.LIGHT["ink"], palette.LIGHT["muted"], palette.LIGHT["score"]


def draw() -> plt.Figure:
    """Return the figure: a bell over a step, samples with their slopes, the shifted bell dashed."""
    figure, ax = plt.subplots(figsize=(7.2, 3.2))
    t = np.linspace(-2.8, 4, 300)
    for mu, style in ((0.5, "-"), (0.9, "--")):
        ax.plot(
            t,
            1.15 + 0.9 * np.exp(-((t - mu) ** 2) / 2),
            style,
            color=palette.LIGHT["pathwise"],
            linewidth=1.4,
        )
    crossing = np.linspace(-0.4, 0, 30)
    ax.fill_between(
        crossing, 1.15, 1.15 + 0.9 * np.exp(-((crossing - 0.5) ** 2) / 2), color=SCORE, alpha=0.3, linewidth=0
    )
    ax.plot([-2.8, 0], [0, 0], color=INK, linewidth=2.2)
    ax.plot([0, 4], [0.8, 0.8], color=INK, linewidth=2.2)
    ax.plot([0, 0], [0, 0.8], ":", color=MUTED, linewidth=1.2)
    for z in (-1.6, -0.8, 0.5, 1.1, 2.0):
        height = 0.8 if z > 0 else 0.0
        ax.plot(
            [z - 0.22, z + 0.22], [height, height], color=palette.LIGHT["pathwise"], linewidth=5, alpha=0.45
        )
        ax.plot([z], [height], "o", color=palette.LIGHT["pathwise"], markersize=8)
    ax.text(4.15, 0.8, r"$f = 1$", va="center", fontsize=13, color=INK)
    ax.text(-2.95, 0, r"$f = 0$", va="center", ha="right", fontsize=13, color=INK)
    ax.text(-4.0, 1.5, "these cross 0\nwhen the bell moves:\nall of the gradient", fontsize=11, color=SCORE)
    ax.annotate("", (-0.22, 1.4), (-1.6, 1.72), arrowprops={"arrowstyle": "-|>", "color": SCORE})
    ax.text(0.6, 0.3, r"slope at every sample: $0$", fontsize=12, color=palette.LIGHT["pathwise"])
    ax.set(xlim=(-4.1, 5), ylim=(-0.25, 2.3))
    ax.axis("off")
    return figure


if __name__ == "__main__":
    plots.use_book_style()
    draw().savefig(Path(__file__).with_suffix(".svg"), metadata={"Date": None})
