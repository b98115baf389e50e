"""Draw the board of the race: three clocks, who rings first, and when."""

from pathlib import Path

import matplotlib.pyplot as plt

from reparam import palette, plots

INK, MUTED = palette.LIGHT["ink"], palette.LIGHT["muted"]
CLOCKS = ((r"$\lambda_0 = 5$", 1.5), (r"$\lambda_1 = 2$", 3.1), (r"$\lambda_2 = 1$", 4.4))


def draw() -> plt.Figure:
    """Return the figure: one lane for each clock, its ring a dot, the first one marked."""
    figure, ax = plt.subplots(figsize=(7.2, 2.7))
    first = min(time for _, time in CLOCKS)
    for k, (rate, time) in enumerate(CLOCKS):
        colour = palette.CLASSES[k]
        ax.plot([0, 6], [-k, -k], color=palette.LIGHT["rule"], linewidth=1)
        ax.plot([0, time], [-k, -k], color=colour, linewidth=2.4)
        ax.plot([time], [-k], "o", color=colour, markersize=10)
        ax.text(-0.15, -k, rate, ha="right", va="center", fontsize=13, color=colour)
        ax.text(time + 0.18, -k + 0.17, rf"$T_{k} = E_{k} / \lambda_{k}$", fontsize=11, color=MUTED)
    ax.plot([first, first], [0.5, -2.4], "--", color=palette.LIGHT["truth"], linewidth=1.2)
    ax.text(first, 0.62, "first ring", ha="center", fontsize=12, color=INK)
    ax.text(6.3, -0.3, r"who: $\lambda_k / \Lambda$", fontsize=13, color=INK)
    ax.text(6.3, -1.0, r"when: rate $\Lambda = 8$", fontsize=13, color=INK)
    ax.text(6.3, -1.7, "independent", fontsize=13, color=INK)
    ax.set(xlim=(-1.4, 9), ylim=(-2.6, 1))
    ax.axis("off")
    return figure


if __name__ == "__main__":
    plots.use_book_style()
    draw().savefig(Path(__file__).with_suffix(".svg"), metadata={"Date": None})
