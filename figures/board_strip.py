"""Draw the board of a cold relaxation: steep, but only in a narrow strip."""

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

from reparam import palette, plots

INK, MUTED, RELAXED = palette.LIGHT["ink"], palette.LIGHT["muted"], palette.LIGHT["relaxed"]


def draw() -> plt.Figure:
    """Return the figure: the softened choice against the difference of the scores, warm and cold."""
    figure, axes = plt.subplots(1, 2, figsize=(7.2, 2.7), sharey=True)
    x = np.linspace(-3, 3, 601)
    dots = np.array([-2.7, -2.2, -1.5, -0.9, -0.35, 0.05, 0.6, 1.2, 1.9, 2.5])
    for ax, tau, name in zip(axes, (0.6, 0.12), (r"warm: $\tau$", r"cold: $\tau / 5$"), strict=True):
        ax.axvspan(-2 * tau, 2 * tau, color=palette.LIGHT["score"], alpha=0.16, linewidth=0)
        ax.plot(x, 1 / (1 + np.exp(-x / tau)), color=RELAXED, linewidth=2)
        ax.plot(dots, 1 / (1 + np.exp(-dots / tau)), "o", color=RELAXED, markersize=6)
        ax.set_xlabel("difference of the noisy scores")
        ax.set(xticks=[0], yticks=[0, 1], ylim=(-0.12, 1.42))
        ax.text(-3, 1.28, name, fontsize=12, color=INK)
    axes[0].set_ylabel(r"$y_0$")
    axes[0].text(0.1, 1.1, "many draws, small slopes", ha="center", fontsize=10, color=MUTED)
    axes[1].text(0.1, 1.1, r"one draw, slope $1/\tau$", ha="center", fontsize=10, color=MUTED)
    return figure


if __name__ == "__main__":
    plots.use_book_style()
    draw().savefig(Path(__file__).with_suffix(".svg"), metadata={"Date": None})
