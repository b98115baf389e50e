"""experiments: the table of test likelihoods, trained on digits, killed, gone on with, and shared out."""

import json
import os
import signal

import pytest
import torch
from torch import Generator

from reparam import data, likelihood, models, noise, objectives, schedules, stacked, training
from reparam.experiments import summaries, table2

SMALL = [
    "--data", "digits", "--seeds", "2", "--epochs", "2", "--batch-size", "500",
    "--bound-k", "3", "--nll-k", "7", "--nll-images", "20",
]  # fmt: skip
CHANGES = ("command", "train_seconds", "train_processor_seconds", "test_seconds", "test_processor_seconds")


def _main(folder, *more):
    return table2.main([*SMALL, *more, "--out", str(folder)])


def _cells(folder):
    records = json.loads((folder / "table.json").read_text())["cells"]
    return {name: {k: v for k, v in record.items() if k not in CHANGES} for name, record in records.items()}


def test_the_cells():
    assert {str(cell) for cell in table2.GRID} >= {"1-vae-k50-path", "2-iwae-k50-dreg", "2-iwae-k5-shortcut"}
    assert not [str(cell) for cell in table2.GRID if str(cell).startswith(("1-iwae-k1", "2-iwae-k1"))]
    chosen = {name for name in map(str, table2.GRID) if any(table2.fnmatch(name, p) for p in table2.DEFAULT)}
    assert chosen == {
        *(f"1-vae-k{k}-{gradient}" for k in (1, 5) for gradient in ("total", "path")),
        *(f"1-iwae-k5-{gradient}" for gradient in ("total", "path", "dreg")),
        *(f"2-vae-k1-{gradient}" for gradient in ("total", "path", "shortcut")),
    }


def test_a_cell_is_what_the_library_makes_of_it(tmp_path, capsys):
    assert _main(tmp_path, "--cells", "1-iwae-k5-dreg") == 0
    out, err = capsys.readouterr()
    assert out.startswith("1-iwae-k5-dreg: NLL ")
    assert (out.count("\n"), err) == (1, "")
    record = json.loads((tmp_path / "1-iwae-k5-dreg.json").read_text())
    images = data.digits()
    test = data.binarize(images.test, noise.uniform(images.test.shape, generator=Generator().manual_seed(0)))
    nets = [
        models.VAE(
            64, (200, 200), 50, activation="tanh", pixel_mean=images.train.mean(0),
            generator=Generator().manual_seed(seed),
        )
        for seed in range(2)
    ]  # fmt: skip

    def objective(*arguments):
        return objectives.iwae(*arguments, gradient="dreg")

    curve = stacked.fit(
        nets, images.train, objective=objective, samples=5, epochs=2, batch_size=500, test=test,
        schedules={"lr": schedules.cosine(2e-3, 0.0)},
    )  # fmt: skip
    for name in ("bound", "elbo"):
        assert torch.tensor(record["curve"][name]) == pytest.approx(getattr(curve, name), abs=0.006)
    bounds = [
        training.evaluate_each(net, test, objective=objectives.iwae, samples=3, batch_size=20) for net in nets
    ]
    nll = torch.stack(
        [likelihood.nll_each(net, test[[i * 297 // 20 for i in range(20)]], k=7) for net in nets]
    )
    for name, want in (
        ("elbo", torch.stack([b.elbo for b in bounds])),
        ("bound", torch.stack([b.bound for b in bounds])),
        ("nll", nll),
    ):
        got = record["test"][name]
        assert got["each"] == pytest.approx(want.mean(1).tolist(), abs=1e-4)
        assert got["mean"] == pytest.approx(want.mean().item(), abs=1e-4)
        a, b = want.mean(1).tolist()
        assert got["se_seeds"] == pytest.approx(abs(a - b) / 2, abs=1e-4)
        assert got["se_images"] == pytest.approx(want.mean(0).std().item() / want.shape[1] ** 0.5, abs=1e-4)
        assert got["images"] == want.shape[1]
    assert {
        "layers": 1, "objective": "iwae", "k": 5, "gradient": "dreg", "seeds": 2, "epochs": 2, "steps": 6,
        "lr": "cosine:2e-3:0", "device": "cpu", "torch": torch.__version__, "train_images": 1500, "nll_k": 7,
    }.items() <= record.items()  # fmt: skip
    assert record["command"] == " ".join(
        ["python -m reparam.experiments.table2", *SMALL, "--cells 1-iwae-k5-dreg --out", str(tmp_path)]
    )
    assert 0 < record["train_processor_seconds"] < 60


def _killed(folder, *more, module, function, turn):
    """Run the command in a child that dies as of kill -9 at the ``turn``-th call of ``function``."""
    if (child := os.fork()) == 0:
        real, calls = getattr(module, function), []

        def deadly(*arguments, **options):
            calls.append(function)
            if len(calls) == turn:
                os.kill(os.getpid(), signal.SIGKILL)
            return real(*arguments, **options)

        setattr(module, function, deadly)
        os._exit(_main(folder, *more))
    assert os.WTERMSIG(os.waitpid(child, 0)[1]) == signal.SIGKILL


def test_kill_9_and_the_same_command_again(tmp_path, capsys, monkeypatch):
    more = ("--cells", "1-vae-k1-*", "--every", "2")
    assert _main(tmp_path / "whole", *more) == 0
    killed = tmp_path / "killed"
    _killed(killed, *more, module=stacked, function="train_step", turn=6)  # in the second epoch of a cell
    assert len((killed / "1-vae-k1-total" / "metrics.jsonl").read_text().splitlines()) == 1
    _killed(killed, *more, module=likelihood, function="nll_each", turn=2)  # one of two models is evaluated
    assert (killed / "1-vae-k1-total" / "test-0.pt").exists()
    assert not (killed / "1-vae-k1-total.json").exists()
    _killed(killed, *more, module=stacked, function="train_step", turn=2)  # one of two cells is done
    assert (killed / "1-vae-k1-total.json").exists()
    assert not (killed / "table.json").exists()
    assert _main(killed, *more) == 0
    assert _cells(killed) == _cells(tmp_path / "whole")
    kept = (killed / "table.json").read_text()
    monkeypatch.setattr(stacked, "train_step", None)
    monkeypatch.setattr(likelihood, "nll_each", None)
    assert _main(killed, *more) == 0, "all is done"
    assert (killed / "table.json").read_text() == kept
    assert capsys.readouterr().err == ""


def test_another_test_needs_no_other_training(tmp_path, monkeypatch):
    more = ("--cells", "1-vae-k1-path")
    assert _main(tmp_path, *more) == 0
    first = _cells(tmp_path)["1-vae-k1-path"]
    monkeypatch.setattr(stacked, "train_step", None)
    assert _main(tmp_path, *more, "--nll-images", "297", "--nll-k", "20") == 0
    second = _cells(tmp_path)["1-vae-k1-path"]
    assert (second["curve"], second["test"]["elbo"]) == (first["curve"], first["test"]["elbo"])
    assert second["test"]["nll"]["mean"] == second["test"]["nll_test"]["mean"], "all images are chosen"
    assert second["test"]["nll_test"]["se_chosen"] == 0
    assert first["test"]["nll_test"]["se_chosen"] > 0


def test_cells_are_paired(tmp_path):
    """Without learning all estimators are the same models, tested with the same noise: not a bit differs."""
    assert _main(tmp_path, "--lr", "0", "--cells", "1-vae-k1-*", "1-iwae-k5-*", "2-vae-k1-*") == 0
    table = json.loads((tmp_path / "table.json").read_text())
    assert table["differences"].keys() == {
        "1-vae-k1-path", "1-iwae-k5-path", "1-iwae-k5-dreg", "2-vae-k1-path", "2-vae-k1-shortcut"
    }  # fmt: skip
    for difference in table["differences"].values():
        for terms in difference.values():
            assert (terms["each"], terms["se_seeds"], terms["se_images"]) == ([0, 0], 0, 0)
    one, other = (table["cells"][name]["test"] for name in ("1-vae-k1-total", "1-iwae-k5-total"))
    assert one == other
    assert one["nll"]["each"][0] != one["nll"]["each"][1], "the seeds are different models"


def test_differences_are_those_of_the_cells(tmp_path):
    assert _main(tmp_path, "--cells", "1-vae-k1-*") == 0
    table = json.loads((tmp_path / "table.json").read_text())
    for term in ("elbo", "bound", "nll", "nll_test"):
        total, path = (table["cells"][f"1-vae-k1-{name}"]["test"][term] for name in ("total", "path"))
        got = table["differences"]["1-vae-k1-path"][term]
        assert got["each"] == pytest.approx(
            [b - a for a, b in zip(total["each"], path["each"], strict=True)], abs=2e-4
        )
        assert 0 < got["se_images"] < 0.5 * total["se_images"], "what images have in common cancels"


def test_processes_share_the_cells(tmp_path, capsys, monkeypatch):
    """Each takes every second cell, as torchrun's environment says; who ends last writes the whole table."""
    more = ("--cells", "1-vae-k1-*", "2-vae-k1-total")
    assert _main(tmp_path / "one", *more) == 0
    monkeypatch.setenv("WORLD_SIZE", "2")
    done = []
    for rank in ("1", "0"):
        monkeypatch.setenv("RANK", rank)
        assert _main(tmp_path / "two", *more) == 0
        done.append(list(_cells(tmp_path / "two")))
    assert [len(names) for names in done] == [1, 3]
    assert _cells(tmp_path / "two") == _cells(tmp_path / "one")
    assert capsys.readouterr().err == ""


def test_the_table_holds_a_cell_that_came_while_it_was_written(tmp_path, monkeypatch):
    assert _main(tmp_path, "--cells", "1-vae-k1-*") == 0
    late, hidden = tmp_path / "1-vae-k1-path.json", tmp_path / "late"
    late.rename(hidden)
    real = table2.checkpoints.write

    def slow(path, content):
        real(path, content)
        if hidden.exists():
            hidden.rename(late)

    monkeypatch.setattr(table2.checkpoints, "write", slow)
    assert _main(tmp_path, "--cells", "1-vae-k1-total") == 0
    assert _cells(tmp_path).keys() == {"1-vae-k1-total", "1-vae-k1-path"}


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (("--cells", "3-*"), "--cells: '3-*' is none of 2-vae-k50-total, "),
        (("--nll-images", "298"), "table2: nll_images must be at most 297, got 298"),
        (("--nll-images", "1"), "table2: nll_images must be a whole number >= 2, got 1"),
        (("--seeds", "0"), "table2: seeds must be a whole number >= 1, got 0"),
        (("--epochs", "0"), "stacked.fit: epochs must be a whole number >= 1, got 0"),
        (("--lr", "-1"), "lr must be a finite number >= 0 at every step, got -1.0"),
        (("--device", "abacus"), "name must be 'auto' or one of cpu"),
    ],
)
def test_errors_are_one_line(more, message, tmp_path, capsys):
    assert _main(tmp_path, *more) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert err.startswith("reparam.experiments.table2: ")
    assert message in err


def test_another_schedule_is_another_folder(tmp_path, capsys):
    assert _main(tmp_path, "--cells", "1-vae-k1-path") == 0
    capsys.readouterr()
    assert _main(tmp_path, "--cells", "1-vae-k1-path", "--lr", "burda") == 2
    assert "the run was started with lr='cosine:2e-3:0', not 'burda'" in capsys.readouterr().err


def test_a_gap_that_is_the_same_for_all_images_carries_over_exactly(stream):
    """NLL = c - L: the few chosen images say c, and the bound says the rest."""
    bound = noise.normal((3, 100), generator=stream("bound"), dtype=torch.float64)
    offset = torch.tensor([[1.0], [2.0], [4.0]], dtype=torch.float64)
    chosen = summaries.spaced(100, 7)
    assert chosen.tolist() == [0, 14, 28, 42, 57, 71, 85]
    got = summaries.terms({"bound": bound, "nll": offset - bound[:, chosen]})["nll_test"]
    assert got["each"] == pytest.approx((offset[:, 0] - bound.mean(1)).tolist(), abs=1e-4)
    assert (got["images"], got["se_chosen"]) == (100, 0)
    assert summaries.summary(bound[:1])["se_seeds"] is None


def test_the_error_of_having_chosen_a_few(stream):
    """Of many random choices, all the rest fixed: the estimate is right on average, and spreads as it says."""
    bound, gap = (
        noise.normal((2, 60), generator=stream(name), dtype=torch.float64) for name in ("bound", "gap")
    )
    truth, means, errors, orders = (gap - bound).mean().item(), [], [], stream("orders")
    for _ in range(2000):
        order = noise.uniform((60,), generator=orders).argsort()
        b, g = bound[:, order], gap[:, order]
        chosen = summaries.spaced(60, 15)
        got = summaries.terms({"bound": b, "nll": (g - b)[:, chosen]})["nll_test"]
        means.append(got["mean"])
        errors.append(got["se_chosen"] ** 2)
    means, variance = torch.tensor(means), sum(errors) / len(errors)
    assert abs(means.mean() - truth) < 5 * (variance / len(means)) ** 0.5
    assert means.var().item() == pytest.approx(variance, rel=0.2)  # 6 standard errors
