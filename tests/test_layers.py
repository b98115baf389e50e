"""The package's shape: which way imports flow, where randomness may live, and what every module owes its reader."""

import ast
import inspect
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import reparam

SOURCE = Path(reparam.__file__).parent
MODULES = {path.stem: path for path in sorted(SOURCE.glob("*.py")) if path.stem != "__init__"}
# Commands for long runs, and questions to the reader: they may import anything, and nothing imports them.
EXPERIMENTS, EXERCISES = (
    {
        f"{folder}.{path.stem}": path
        for path in sorted((SOURCE / folder).glob("*.py"))
        if path.stem != "__init__"
    }
    for folder in ("experiments", "exercises")
)
ALL = MODULES | EXPERIMENTS | EXERCISES
TREES = {name: ast.parse(path.read_text()) for name, path in ALL.items()}
COMMANDS = ("train", "experiments.table2")

# Who imports whom, one way only. Everybody may import checks, which imports nobody.
ARROWS = {
    "checks": set(),
    "noise": set(),
    "densities": set(),
    "divergences": set(),
    "palette": set(),
    "archive": set(),
    "data": {"archive"},
    "plots": {"palette"},
    "inverse_cdf": set(),
    "structured": set(),
    "orders": set(),
    "samplers": {"inverse_cdf", "structured"},
    "implicit": set(),
    "oracles": {"densities"},
    "quadrature": {"oracles"},
    "diffusion": {"samplers"},
    "baselines": set(),
    "estimators": {"samplers", "densities"},
    "measure_valued": {"estimators"},
    "control_variates": {"estimators", "densities", "samplers"},
    "models": set(),
    "schedules": set(),
    "terms": set(),
    "discrete": {
        "terms",
        "estimators",
        "control_variates",
        "baselines",
        "divergences",
        "densities",
        "samplers",
    },
    "path": {"divergences", "samplers"},
    "hierarchy": {"path", "divergences", "samplers"},
    "linear_gaussian": {"path", "hierarchy", "densities"},
    "importance": {"path", "hierarchy", "terms", "divergences", "samplers"},
    "mixtures": {"densities", "samplers"},
    "flows": set(),
    "objectives": {"terms", "discrete", "importance", "divergences", "samplers"},
    "likelihood": {"hierarchy", "noise", "samplers", "divergences"},
    "stacked": {"state", "checkpoints", "data", "noise", "schedules"},
    "checkpoints": set(),
    "devices": {"noise"},
    "distributed": {"devices"},
    "state": {"checkpoints", "distributed"},
    "training": {
        "state",
        "checkpoints",
        "devices",
        "distributed",
        "schedules",
        "objectives",
        "data",
        "noise",
    },
    "recipes": {"models", "objectives", "schedules", "data"},
    "train": {"training", "recipes", "likelihood", "checkpoints", "distributed", "data", "noise"},
}
# One seeded or unseeded draw is one too many: these belong to noise, and to models for initial weights.
DRAWS = re.compile(
    r"\.(rand|randn|randint|rand_like|randn_like|randint_like|bernoulli|multinomial|poisson|seed|manual_seed_all)\("
    r"|\.(normal|uniform|exponential|bernoulli|cauchy|log_normal|geometric|random)_\("
    r"|\.(sample|rsample)\(|torch\.normal\(|dropout\(|torch\.manual_seed\(|np\.random|\bimport random\b"
)


def _imports(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == "reparam":
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("reparam."):
            yield node.module.split(".")[1]
        elif isinstance(node, ast.Import):
            yield from (a.name.split(".")[1] for a in node.names if a.name.startswith("reparam."))


def test_every_module_has_its_place():
    assert MODULES.keys() == ARROWS.keys()
    assert not {"utils", "helpers", "common", "misc"} & MODULES.keys()
    readme = (Path(__file__).parents[1] / "README.md").read_text()
    assert MODULES.keys() <= set(re.findall(r"\w+", readme.split("so do its imports:")[1].split("##")[0]))


@pytest.mark.parametrize("name", MODULES)
def test_imports_flow_one_way(name):
    assert set(_imports(TREES[name])) - {"checks"} == ARROWS[name]


@pytest.mark.parametrize("folder", ["experiments", "exercises"])
def test_nobody_imports_what_may_import_anything(folder):
    outside = [path for path in SOURCE.rglob("*.py") if path.parent.name != folder]
    assert len(outside) > len(MODULES), "the widgets as well"
    for path in outside:
        assert folder not in set(_imports(ast.parse(path.read_text()))), path
    for name in ALL:
        if name.startswith(folder):
            assert set(_imports(TREES[name])) <= MODULES.keys() | {folder}


def test_the_arrows_have_no_cycle():
    done = set()
    while left := ARROWS.keys() - done:
        ready = {name for name in left if ARROWS[name] <= done}
        assert ready, f"a cycle among {sorted(left)}"
        done |= ready


@pytest.mark.parametrize("name", ALL)
def test_only_noise_draws(name):
    if name == "noise":
        return
    code = ast.unparse(_without_docstrings(TREES[name]))
    found = [match.group() for match in DRAWS.finditer(code)]
    if name == "models":  # initial weights, from the generator they are given
        calls = [
            n
            for n in ast.walk(TREES[name])
            if isinstance(n, ast.Call) and "init.uniform_" in ast.unparse(n.func)
        ]
        assert calls
        assert all(any(k.arg == "generator" for k in call.keywords) for call in calls)
        found = [match for match in found if match != ".uniform_("]
    assert not found
    for node in ast.walk(TREES[name]):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "torch.randperm":
            assert any(k.arg == "generator" for k in node.keywords), "a shuffle needs its generator"


def _without_docstrings(tree):
    tree = ast.parse(ast.unparse(tree))
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node):
            node.body[0] = ast.Pass()
    return tree


@pytest.mark.parametrize("name", ALL)
def test_a_module_is_short_and_says_what_it_is(name):
    assert len(ALL[name].read_text().splitlines()) <= 250
    docstring = ast.get_docstring(TREES[name])
    assert docstring
    assert docstring.split("\n\n")[0].endswith((".", "!", "``."))
    exported = next(
        ast.literal_eval(node.value)
        for node in TREES[name].body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"
    )
    defined = {n.name for n in TREES[name].body if isinstance(n, ast.FunctionDef | ast.ClassDef)}
    public = {n for n in defined if not n.startswith("_")}
    assert public <= set(exported), "a public name is missing from __all__"
    assert len(exported) == len(set(exported))


@pytest.mark.parametrize("name", ALL)
def test_errors_are_raised_not_asserted(name):
    nodes = list(ast.walk(TREES[name]))
    assert not [n.lineno for n in nodes if isinstance(n, ast.Assert)], "python -O would remove it"
    assert not [n.lineno for n in nodes if isinstance(n, ast.ExceptHandler) and n.type is None], "bare except"
    if name not in COMMANDS:
        assert not [n.lineno for n in nodes if isinstance(n, ast.Call) and ast.unparse(n.func) == "print"]


DOCUMENTED = (
    "noise",
    "inverse_cdf",
    "samplers",
    "structured",
    "orders",
    "implicit",
    "densities",
    "divergences",
    "oracles",
    "quadrature",
    "estimators",
    "baselines",
    "measure_valued",
    "control_variates",
    "terms",
    "discrete",
    "path",
    "hierarchy",
    "linear_gaussian",
    "importance",
    "mixtures",
    "flows",
    "objectives",
    "likelihood",
    "stacked",
    "archive",
    "data",
    "schedules",
    "checkpoints",
    "devices",
    "distributed",
    "state",
    "training",
    "recipes",
    "diffusion",
    "experiments.summaries",
)


@pytest.mark.parametrize("name", DOCUMENTED)
def test_public_functions_are_documented(name):
    module = __import__(f"reparam.{name}", fromlist=[name])
    for symbol in module.__all__:
        value = getattr(module, symbol)
        if not callable(value) or getattr(value, "__module__", "") != module.__name__:
            continue
        doc = inspect.getdoc(value) or ""
        assert doc, f"{name}.{symbol} has no docstring"
        if not inspect.isfunction(value):
            continue
        parameters = [p for p in inspect.signature(value).parameters if p != "self"]
        # Either an Args section that names every argument, or one line that names the function it takes them from.
        if "Args:" in doc:
            listed = doc.split("Args:")[1]
            missing = [p for p in parameters if not re.search(rf"^\s+(\w+, )*{p}(, \w+)*:", listed, re.M)]
            assert not missing, f"{name}.{symbol} does not document {missing}"
            assert re.search("Returns|Return|Map|return", doc), (
                f"{name}.{symbol} does not say what it returns"
            )
        elif len(parameters) > 2:
            assert re.search(r":func:|``", doc), f"{name}.{symbol} documents no arguments"


def test_import_does_nothing_visible():
    code = (
        "import torch, random; torch.manual_seed(3); random.seed(3)\n"
        "import numpy; numpy.random.seed(3); a = torch.get_rng_state(), random.getstate()\n"
        "b = numpy.random.get_state()[1].copy(), torch.get_default_dtype(), torch.get_num_threads()\n"
        f"from reparam import {', '.join(sorted(MODULES.keys() - {'plots'}))}\n"
        f"import {', '.join(f'reparam.{name}' for name in EXPERIMENTS)}\n"
        "assert (torch.get_rng_state() == a[0]).all() and random.getstate() == a[1]\n"
        "assert (numpy.random.get_state()[1] == b[0]).all()\n"
        "assert torch.get_default_dtype() == b[1] and torch.get_num_threads() == b[2]\n"
        "import sys; heavy = {'matplotlib', 'pooch', 'anywidget', 'requests'} & sys.modules.keys()\n"
        "assert not heavy, heavy\n"
    )
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": str(SOURCE.parent)},
        check=False,
    )
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")
