"""benchmarks: every comparison runs, and ratios are what they say."""

import sys
from pathlib import Path

import pytest
import torch

FOLDER = Path(__file__).parents[1] / "benchmarks"
TINY = {
    "steps": {"batches": 1},
    "burda": {"batches": 1, "hidden": 8, "epochs": 1},
    "draws": {"scale": 1e-3},
    "labs": {"looped": 2, "draws": 20},
    "nll": {"k": 600, "images": 2, "epochs": 1, "hidden": 8},
}


@pytest.fixture(scope="module", autouse=True)
def _benchmarks_can_be_imported():
    sys.path.insert(0, str(FOLDER))
    yield
    sys.path.remove(str(FOLDER))


def test_all_of_them_are_tested():
    support = {"all", "side_by_side", "loops"}
    assert {path.stem for path in FOLDER.glob("*.py")} == TINY.keys() | support


@pytest.mark.parametrize("name", TINY)
def test_every_comparison_runs(name, monkeypatch):
    import nll
    import side_by_side

    monkeypatch.setattr(nll, "extra_megabytes", lambda *_: 7.0)  # one real child below is enough
    for comparison in __import__(name).comparisons(**TINY[name]):
        times = side_by_side.measure(comparison, 2)
        text = side_by_side.report(comparison, times)
        assert comparison.base in times
        assert all(value >= 0 for values in times.values() for value in values)
        assert text.count("\n| ") == len(comparison.variants) + 1
        for aim in comparison.aims:
            assert aim.ours in times
            assert aim.rival in times or aim.rival.startswith("Pyro")


def test_ratios_are_taken_round_by_round():
    import side_by_side

    times = {"base": [2.0, 40.0, 6.0], "fast": [1.0, 10.0, 2.0]}
    times["least"] = [1.0, 8.0, 1.0]
    nothing = dict.fromkeys(times, lambda: None)
    aims = (
        side_by_side.Aim("fast", "base", 3.0, "slow"),
        side_by_side.Aim("fast", "base", 3.1, "it is noise"),
    )
    comparison = side_by_side.Comparison("a title", "base", nothing, aims=aims, floor="least")
    assert side_by_side.ratios(times, "fast", "base") == [2, 4, 3]
    assert "| fast | 2 | 3 | 2 - 4 |" in side_by_side.report(comparison, times)
    reached, missed = side_by_side.aims(comparison, times)
    assert reached.endswith("| 3 | 3 | reached |")
    assert missed.endswith("| 3.1 | 3 | missed: it is noise; least: 5 |")


def test_every_variant_takes_its_turn_in_every_round():
    import side_by_side

    calls = []
    variants = {name: (lambda name=name: calls.append(name)) for name in "abc"}
    times = side_by_side.measure(side_by_side.Comparison("turns", "a", variants, steps={"a": 4}), 3)
    assert sorted(calls[:3]) == ["a", "b", "c"]
    assert "".join(calls[3:]) == "abcbcacab"
    assert {len(values) for values in times.values()} == {3}


def test_the_rivals_of_the_likelihood_estimate_the_same():
    import nll
    from burda import network

    model, x = network(8), torch.ones(2, 784)
    with torch.random.fork_rng():  # the rivals draw as everybody does, from the stream that all code shares
        torch.manual_seed(0)
        each = [way(model, x, 4000).double() for way in nll.WAYS.values()]
    assert all((values - each[0]).abs().max() < 1 for values in each)
    assert nll.error(model, x, 700) < 1e-3


def test_the_compiled_step_is_measured_last(monkeypatch):
    import all as everything
    import burda
    import side_by_side

    monkeypatch.setattr(torch, "compile", lambda function: function)  # a real one takes a minute
    for name in TINY:
        monkeypatch.setattr(getattr(everything, name), "comparisons", lambda: [])
    small = burda.compiled(batches=1, hidden=8)
    monkeypatch.setattr(burda, "compiled", lambda: small)
    assert list(everything.pages(2, compiled=False)) == []
    (page,) = everything.pages(2, compiled=True)
    assert "all.py --rounds 2 --compile`" in page
    assert page.count("| ours, objective compiled |") == 1
    assert set(side_by_side.measure(small, 2)) == {"ours", "ours, objective compiled"}


def test_extra_memory_is_what_a_fresh_process_needs_at_its_peak():
    import nll
    from burda import network

    if not nll.STATUS.exists():
        pytest.skip("memory is read from Linux' /proc")
    wanted = 2 * 30_000 * 784 * 4 / 1e6  # the copies of the image and their pixels' logits at least
    name = next(iter(nll.WAYS))
    assert wanted < nll.extra_megabytes(name, network(8), torch.ones(1, 784), 30_000) < 10 * wanted


def test_the_page_is_written(monkeypatch, tmp_path):
    import all as everything
    import side_by_side

    def one(**options):
        yield side_by_side.Comparison("a title", "idle", {"idle": lambda: sum(range(10_000))})

    for name in TINY:
        monkeypatch.setattr(getattr(everything, name), "comparisons", one)
    monkeypatch.setattr(sys, "argv", ["all.py", "--rounds", "2", "--out", str(tmp_path / "page.md")])
    everything.main()
    text = (tmp_path / "page.md").read_text()
    assert text.count("**a title** (2 rounds)") == len(TINY)
    assert "all.py --rounds 2`" in text
