"""Draw the board of the bound: the evidence, the ELBO below it, and what the gap is called."""

from pathlib import Path

import matplotlib.pyplot as plt

from reparam import palette, plots

INK, MUTED = palette.LIGHT["ink"], palette.LIGHT["muted"]


def draw() -> plt.Figure:
    """Return the figure: levels in nats, with the two ways to read the ELBO."""
    figure, ax = plt.subplots(figsize=(7.2, 3.2))
    levels = {
        r"reconstruction, $\mathbf{E}_q \log p(x \mid z)$": (-86, "reconstruction"),
        r"$\log p(x)$": (-90, "truth"),
    }
    levels["ELBO"] = (-92.5, "elbo")
    for name, (height, colour) in levels.items():
        ax.plot([0, 6], [height, height], color=palette.LIGHT[colour], linewidth=2.4)
        ax.text(6.15, height, f"{name}: {height:g}", va="center", fontsize=12, color=palette.LIGHT[colour])
    gaps = ((1.5, -86, -92.5, r"$\mathrm{KL}(q\,\|\,\mathrm{prior})$" + "\nyou compute it", "kl"),)
    gaps += ((4.2, -90, -92.5, r"$\mathrm{KL}(q\,\|\,\mathrm{posterior})$" + "\nnobody sees it", "muted"),)
    for x, top, bottom, name, colour in gaps:
        style = {"arrowstyle": "<|-|>", "color": palette.LIGHT[colour], "shrinkA": 2, "shrinkB": 2}
        ax.annotate("", (x, top), (x, bottom), arrowprops=style)
        ax.text(
            x + 0.12, (top + bottom) / 2 + 0.2, name, va="center", fontsize=11, color=palette.LIGHT[colour]
        )
    ax.text(-0.2, -84.9, "nats", ha="right", fontsize=11, color=MUTED)
    ax.set(xlim=(-0.8, 10.8), ylim=(-93.3, -84.3))
    ax.axis("off")
    return figure


if __name__ == "__main__":
    plots.use_book_style()
    draw().savefig(Path(__file__).with_suffix(".svg"), metadata={"Date": None})
