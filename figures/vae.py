"""Draw the variational autoencoder as a row of boxes with one random input."""

from pathlib import Path

import matplotlib.pyplot as plt
from random_node import INK, arrow, node

from reparam import palette, plots


def draw() -> plt.Figure:
    """Return the figure: x -> encoder -> (mu, log var) -> z -> decoder -> pixels, noise from above."""
    figure, ax = plt.subplots(figsize=(7.4, 2.5))
    xs = [0, 1.6, 3.2, 4.8, 6.4, 8.0]
    labels = [r"$x$", "enc", "", r"$z$", "dec", r"$\hat{x}$"]
    for x, label in zip(xs, labels, strict=True):
        if label:
            node(ax, x, 0, label, colour=palette.LIGHT["pathwise"] if label == r"$z$" else INK)
    node(ax, 3.2, 0.45, r"$\mu$")
    node(ax, 3.2, -0.45, r"$\log\sigma^2$")
    node(ax, 4.8, 1.45, r"$\varepsilon$", random=True, colour=palette.LIGHT["noise"])
    arrow(ax, (0, 0), (1.6, 0))
    for side in (0.45, -0.45):
        arrow(ax, (1.6, 0), (3.2, side))
        arrow(ax, (3.2, side), (4.8, 0))
    arrow(ax, (4.8, 1.45), (4.8, 0), color=palette.LIGHT["noise"])
    arrow(ax, (4.8, 0), (6.4, 0))
    arrow(ax, (6.4, 0), (8.0, 0))
    ax.text(3.2, -1.35, "KL to the prior", ha="center", color=palette.LIGHT["kl"], fontsize=10)
    ax.text(8.0, -1.35, "reconstruction", ha="center", color=palette.LIGHT["reconstruction"], fontsize=10)
    for x in (3.2, 8.0):
        ax.plot([x, x], [-1.12, -0.82 if x < 4 else -0.4], color=palette.LIGHT["muted"], linewidth=0.9)
    ax.set(xlim=(-0.5, 8.7), ylim=(-1.6, 1.95), aspect="equal")
    ax.axis("off")
    return figure


if __name__ == "__main__":
    plots.use_book_style()
    draw().savefig(Path(__file__).with_suffix(".svg"), metadata={"Date": None})
