"""palette: readable on its page, apart under colour blindness, and the CSS says what the figures say."""

import itertools
import re

import numpy as np
import pytest

from reparam import palette

PAGES = {"light": palette.LIGHT, "dark": palette.DARK}
ESTIMATORS = (
    "truth",
    "pathwise",
    "score",
    "measure-valued",
    "relaxed",
    "straight-through",
    "control-variate",
)
TERMS = ("elbo", "reconstruction", "kl")

# Machado, Oliveira & Fernandes (2009), severity 1, in linear RGB.
VISION = {
    "normal": np.eye(3),
    "protan": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deutan": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "tritan": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}


def _linear(colour):
    srgb = np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    return np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)


def _contrast(a, b):
    """WCAG 2 contrast ratio."""
    light, dark = sorted((float(_linear(c) @ [0.2126, 0.7152, 0.0722]) for c in (a, b)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _lab(linear):
    xyz = (
        np.array(
            [
                [0.4124564, 0.3575761, 0.1804375],
                [0.2126729, 0.7151522, 0.0721750],
                [0.0193339, 0.1191920, 0.9503041],
            ]
        )
        @ np.clip(linear, 0, 1)
        / [0.95047, 1.0, 1.08883]
    )
    f = np.where(xyz > (6 / 29) ** 3, np.cbrt(xyz), xyz / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def _distance(a, b, vision):
    """CIE76 Delta E under a kind of vision; 2.3 is just noticeable side by side."""
    return float(np.linalg.norm(_lab(VISION[vision] @ _linear(a)) - _lab(VISION[vision] @ _linear(b))))


def test_the_instruments():
    assert _contrast("#000000", "#ffffff") == pytest.approx(21)
    assert _contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)
    assert _lab(_linear("#ff0000")) == pytest.approx([53.24, 80.09, 67.20], abs=0.02)
    for matrix in VISION.values():
        assert matrix @ np.ones(3) == pytest.approx(1, abs=1e-5), "grey stays grey"
    assert _distance("#ff0000", "#00a000", "normal") > 3 * _distance("#ff0000", "#806000", "deutan") > 0


@pytest.mark.parametrize("page", PAGES)
def test_contrast(page):
    colours = PAGES[page]
    categories = palette.CLASSES if page == "light" else palette.CLASSES_DARK
    drawn = {name: c for name, c in colours.items() if name not in ("paper", "rule")}
    drawn |= {f"class {k}": c for k, c in enumerate(categories)}
    low = {
        name: round(_contrast(c, colours["paper"]), 2)
        for name, c in drawn.items()
        if _contrast(c, colours["paper"]) < (4.5 if name in ("ink", "muted", "accent") else 3.0)
    }
    assert not low, "below 3:1 for marks, 4.5:1 for text"


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("vision", VISION)
@pytest.mark.parametrize("group", [ESTIMATORS, TERMS], ids=["estimators", "terms"])
def test_concepts_drawn_together_stay_apart(group, vision, page):
    colours = PAGES[page]
    # 10 is about four just-noticeable differences: apart for lines that do not touch.
    near = {
        (a, b): round(_distance(colours[a], colours[b], vision), 1)
        for a, b in itertools.combinations(group, 2)
        if _distance(colours[a], colours[b], vision) < 10
    }
    assert not near


@pytest.mark.parametrize("page", PAGES)
def test_categories_stay_apart(page):
    categories = palette.CLASSES if page == "light" else palette.CLASSES_DARK
    # Eight hues cannot all be far apart for everybody: 8 is still three just noticeable differences, and a
    # figure of categories labels them too.
    for vision in VISION:
        worst = min(_distance(a, b, vision) for a, b in itertools.combinations(categories, 2))
        assert worst > 8, (vision, worst)


def test_both_pages_name_the_same_concepts():
    assert palette.LIGHT.keys() == palette.DARK.keys()
    assert len(palette.CLASSES) == len(palette.CLASSES_DARK) == 8
    every = [*palette.LIGHT.values(), *palette.DARK.values(), *palette.CLASSES, *palette.CLASSES_DARK]
    assert all(re.fullmatch(r"#[0-9a-f]{6}", colour) for colour in every)


def test_css_says_what_the_dictionaries_say():
    light, dark = palette.css().strip().split("\n")
    assert light.startswith(":root {")
    assert 'html[data-theme="dark"]' in dark
    for block, colours, categories in (
        (light, palette.LIGHT, palette.CLASSES),
        (dark, palette.DARK, palette.CLASSES_DARK),
    ):
        found = dict(re.findall(r"--rp-([\w-]+): (#[0-9a-f]{6});", block))
        assert found == colours | {f"class-{k}": c for k, c in enumerate(categories)}
