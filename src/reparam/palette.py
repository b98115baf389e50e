"""One colour per concept, the same in every figure and every widget.

``LIGHT[name]`` and ``DARK[name]`` are hex colours; ``CLASSES`` colours categories;
``css()`` emits both sets as CSS variables ``--rp-<name>``, so the web pages cannot drift
from the figures. The colours stay apart under the three common kinds of colour blindness
(tested), and each has a contrast of at least 3 to 1 with its page.
"""

__all__ = ["CLASSES", "CLASSES_DARK", "DARK", "LIGHT", "css"]

LIGHT = {
    "truth": "#1d1b18",
    "pathwise": "#1f6fb2",
    "score": "#c2491d",
    "measure-valued": "#6f7d2a",
    "relaxed": "#0d826f",
    "straight-through": "#7c4296",
    "control-variate": "#5822c3",
    "noise": "#77736b",
    "reconstruction": "#b58021",
    "kl": "#ad3657",
    "elbo": "#3d4f8f",
    "paper": "#fdfbf6",
    "ink": "#25221d",
    "muted": "#6a655c",
    "rule": "#dcd6c8",
    "accent": "#9a3b1c",
}

DARK = {
    "truth": "#f4f0e6",
    "pathwise": "#6cb3ee",
    "score": "#f28c5e",
    "measure-valued": "#b9cf5a",
    "relaxed": "#5acdb9",
    "straight-through": "#c189cc",
    "control-variate": "#8771f4",
    "noise": "#a39e93",
    "reconstruction": "#e0b25a",
    "kl": "#ea85a4",
    "elbo": "#9fb0f0",
    "paper": "#191816",
    "ink": "#e9e4d8",
    "muted": "#aaa498",
    "rule": "#3a3732",
    "accent": "#f0a27f",
}

CLASSES = ("#1f6fb2", "#c2491d", "#0d826f", "#b58021", "#7c4296", "#5d6470", "#ad3657", "#697b21")
CLASSES_DARK = ("#6cb3ee", "#f28c5e", "#5acdb9", "#e0b25a", "#c189cc", "#a4b1c3", "#ea85a4", "#c1d573")


def _block(colours: dict[str, str], categories: tuple[str, ...]) -> str:
    lines = [f"--rp-{name}: {value};" for name, value in colours.items()]
    lines += [f"--rp-class-{k}: {value};" for k, value in enumerate(categories)]
    return " ".join(lines)


def css() -> str:
    """Return the palette as CSS variables for light and dark pages.

    The dark block answers to the book's theme switch, to JupyterLab and to VS Code.
    """
    dark = ", ".join(['html[data-theme="dark"]', 'body[data-jp-theme-light="false"]', "body.vscode-dark"])
    return f":root {{ {_block(LIGHT, CLASSES)} }}\n{dark} {{ {_block(DARK, CLASSES_DARK)} }}\n"
