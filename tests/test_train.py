"""The command: what it writes, that it goes on after anything, and that its errors are one line."""

import json
import os
import resource
import signal
import sys
import time

import pytest
import torch

from reparam import checkpoints, data, models, objectives, train, training

SMALL = ["--data", "digits", "--hidden", "16", "--latents", "3", "--batch-size", "100", "--epochs", "3"]


def _main(folder, *more, base=SMALL):
    return train.main([*base, *more, "--out", str(folder)])


def _weights(folder):
    return checkpoints.load(folder / "checkpoint.pt")["model"]


def _equal(a, b):
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


def _one_line(capsys):
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("reparam.train: ")
    assert err.count("\n") == 1
    return err


def test_it_trains_the_model_that_the_library_would(tmp_path, capsys):
    assert _main(tmp_path) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert out.startswith("test elbo -")
    assert out.count("\n") == 1
    record = json.loads((tmp_path / "run.json").read_text())
    images = data.digits()
    model = models.VAE(64, 16, 3, generator=torch.Generator().manual_seed(0))
    history = training.fit(model, images.train, epochs=3, batch_size=100, test=images.test, progress=False)
    assert _equal(_weights(tmp_path), model.state_dict())
    each = training.evaluate_each(model, images.test)
    assert record["test"]["elbo"] == round(each.elbo.mean().item(), 4)
    assert record["test"]["elbo_se"] == round(each.elbo.std().item() / 297**0.5, 4)
    assert record["curve"] == [round(terms.elbo.item(), 3) for terms in history.test]
    assert {
        "seed": 0,
        "epochs": 3,
        "steps": 45,
        "device": "cpu",
        "torch": torch.__version__,
    }.items() <= record.items()
    assert record["command"] == " ".join(["python -m reparam.train", *SMALL, "--out", str(tmp_path)])
    lines = [json.loads(line) for line in (tmp_path / "metrics.jsonl").read_text().splitlines()]
    assert [line["test"] for line in lines] == [
        {k: v.item() for k, v in t._asdict().items()} for t in history.test
    ]
    assert [(line["epoch"], line["steps"]) for line in lines] == [(1, 15), (2, 30), (3, 45)]


@pytest.mark.parametrize(
    "more",
    [
        ("--model", "vae", "--beta", "linear:0:1@0.5,1", "--free-bits", "0.05", "--arch", "burda"),
        ("--model", "iwae", "--samples", "3", "--lr", "cosine:4e-3:0"),
        ("--model", "iwae", "--gradient", "dreg", "--lr", "burda"),
        ("--model", "vae", "--gradient", "path", "--samples", "2"),
        ("--model", "categorical", "--tau", "exponential:1.0:0.3", "--categories", "4"),
        ("--model", "categorical-st", "--tau", "0.7"),
        ("--model", "categorical-score", "--samples", "2"),
    ],
)
def test_every_model_can_be_asked_for(more, tmp_path, capsys):
    assert _main(tmp_path, *more, "--nll-k", "20", "--nll-images", "50", "--patience", "3") == 0
    test = json.loads((tmp_path / "run.json").read_text())["test"]
    bound = test.get("bound", test["elbo"])
    assert (test["nll"]["k"], test["nll"]["images"]) == (20, 50)
    # The likelihood is that of other draws of other images; they share a distribution, and the bound is below.
    error = (test["nll"]["nll_se"] ** 2 + test["elbo_se"] ** 2) ** 0.5
    assert -test["nll"]["nll"] > bound - 4 * error
    assert f"NLL (k=20) {test['nll']['nll']:.2f}" in capsys.readouterr().out


@pytest.mark.parametrize(("more", "gradient"), [((), "total"), (("--gradient", "shortcut"), "shortcut")])
def test_two_stochastic_layers(more, gradient, tmp_path, capsys):
    base = ["--arch", "burda2", "--epochs", "1", "--batch-size", "500", "--nll-k", "5", "--nll-images", "20"]
    assert _main(tmp_path, *more, base=base) == 0
    record = json.loads((tmp_path / "run.json").read_text())
    assert record["gradient"] == gradient
    assert record["latents"] == [100, 50]
    assert record["test"]["nll"]["nll"] < -record["test"]["elbo"] + 4 * record["test"]["nll"]["nll_se"]
    assert capsys.readouterr().err == ""


def _in_a_child(folder, ready, number):
    """Run the command in a child process, send it a signal once ``ready()``, return its status and its stderr."""
    folder.mkdir(exist_ok=True)
    said = folder / "stderr"
    if (child := os.fork()) == 0:
        try:
            os.dup2(os.open(said, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), 2)
            sys.stderr = os.fdopen(2, "w", closefd=False)
            status = _main(folder, "--epochs", "4000", "--every", "2", "--resume")
            sys.stderr.flush()
            os._exit(status)
        finally:
            os._exit(1)
    while not ready():
        time.sleep(0.01)
    time.sleep(0.05)
    os.kill(child, number)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), said.read_text()


def test_kill_9_then_ctrl_c_then_to_the_end(tmp_path):
    folder, newest = tmp_path / "run", tmp_path / "run" / "checkpoint.pt"
    assert _in_a_child(folder, lambda: newest.exists(), signal.SIGKILL) == (-9, "")
    killed = newest.read_bytes() if newest.exists() else b""  # the kill may fall between two renames
    status, said = _in_a_child(
        folder, lambda: newest.exists() and newest.read_bytes() != killed, signal.SIGINT
    )
    assert (status, said) == (
        130,
        "reparam.train: stopped by SIGINT; --resume goes on from the last checkpoint\n",
    )
    epochs = str(checkpoints.load(newest)["steps"] // 15 + 1)
    assert _main(folder, "--epochs", epochs, "--every", "2", "--resume") == 0
    assert _main(tmp_path / "whole", "--epochs", epochs) == 0
    assert _equal(_weights(folder), _weights(tmp_path / "whole"))


def test_signals_end_with_their_status(tmp_path, capsys, monkeypatch):
    for number, status in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
        folder = tmp_path / str(status)
        with monkeypatch.context() as patch:
            original = objectives.beta_elbo
            count = iter(range(1000))

            def signalled(*arguments, number=number, count=count, original=original, **options):
                if next(count) == 7:
                    os.kill(os.getpid(), number)
                return original(*arguments, **options)

            recipe = train.RECIPES["vae"]._replace(objective=signalled)
            patch.setitem(train.RECIPES, "vae", recipe)
            assert _main(folder) == status
        assert "stopped by" in _one_line(capsys)
        assert checkpoints.load(folder / "checkpoint.pt")["steps"] == 8
        assert _main(folder, "--resume") == 0
        capsys.readouterr()
    assert _equal(_weights(tmp_path / "130"), _weights(tmp_path / "143"))


def test_nan_ends_with_status_2_and_names_the_term(tmp_path, capsys):
    assert _main(tmp_path, "--lr", "1e-3@0.5,1e30") == 2
    err = _one_line(capsys)
    assert "not finite: " in err
    assert "(step 2" in err, "the rate explodes half-way through 45 steps"
    assert checkpoints.load(tmp_path / "checkpoint.pt")["steps"] == 15
    assert not (tmp_path / "run.json").exists()


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (("--tau", "0.5"), "--model vae takes no --tau"),
        (("--samples", "2"), "--model vae takes no --samples"),
        (("--model", "iwae", "--beta", "1"), "--model iwae takes no --beta"),
        (("--model", "iwae", "--free-bits", "1"), "--model iwae takes no --free-bits"),
        (
            ("--model", "categorical", "--tau", "exponential:1:0"),
            "exponential: end must be one finite number > 0",
        ),
        (("--gradient", "dreg"), "--gradient must be one of total, path, got 'dreg'"),
        (("--model", "iwae", "--gradient", "shortcut"), "--gradient must be one of total, path, dreg, got"),
        (("--model", "categorical", "--gradient", "path"), "--model categorical takes no --gradient"),
        (("--gradient", "path", "--beta", "2"), "--model vae --gradient path takes no --beta"),
        (("--arch", "burda2"), "--arch burda2 takes no --hidden and no --latents"),
        (("--model", "categorical", "--tau", "0"), "tau must be one finite number > 0, got 0.0"),
        (("--lr", "fast"), "a schedule is a number or one of"),
        (("--lr", "-1"), "fit: lr must be one finite number > 0, got -1.0"),
        (("--epochs", "0"), "fit: epochs must be a whole number >= 1, got 0"),
        (("--hidden", "16,0"), "hidden must be a whole number >= 1, got 0"),
        (("--latents", "0"), "latents must be a whole number >= 1, got 0"),
        (("--threads", "0"), "threads must be a whole number >= 1, got 0"),
        (("--nll-k", "0"), "nll_k must be a whole number >= 1, got 0"),
        (("--every", "0"), "every must be a whole number >= 1, got 0"),
        (("--device", "abacus"), "name must be 'auto' or one of cpu"),
    ],
)
def test_errors_are_one_line(more, message, tmp_path, capsys):
    assert _main(tmp_path, *more) == 2
    assert message in _one_line(capsys)


def test_debug_shows_the_traceback(tmp_path):
    with pytest.raises(ValueError, match="fit: epochs must be"):
        _main(tmp_path, "--epochs", "0", "--debug")


def test_two_runs_in_one_folder(tmp_path, capsys):
    with checkpoints.Folder(tmp_path):
        assert _main(tmp_path) == 2
    assert f"{tmp_path} is in use by process {os.getpid()}; stop it or choose another folder" in _one_line(
        capsys
    )


def test_a_finished_run_is_not_overwritten_but_prolonged(tmp_path, capsys):
    assert _main(tmp_path) == 0
    capsys.readouterr()
    assert _main(tmp_path) == 2
    assert "already holds a run; resume it or choose another folder" in _one_line(capsys)
    assert _main(tmp_path, "--resume", "--seed", "1") == 2
    assert "the run was started with seed=0, not 1" in _one_line(capsys)
    assert _main(tmp_path, "--resume", "--epochs", "4") == 0
    assert _main(tmp_path / "whole", "--epochs", "4") == 0
    assert _equal(_weights(tmp_path), _weights(tmp_path / "whole"))


def test_a_full_disk_ends_the_run_and_loses_nothing(tmp_path, capsys):
    assert _main(tmp_path) == 0
    capsys.readouterr()
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(
        resource.RLIMIT_FSIZE, (20_000, limit[1])
    )  # the system refuses to write more, as a full disk
    try:
        assert _main(tmp_path, "--resume", "--epochs", "5") == 2
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
    assert "checkpoint.pt could not be written (File too large); what was there before still is" in _one_line(
        capsys
    )
    assert checkpoints.load(tmp_path / "checkpoint.pt")["steps"] == 45
    assert _main(tmp_path, "--resume", "--epochs", "5") == 0
    assert _main(tmp_path / "whole", "--epochs", "5") == 0
    assert _equal(_weights(tmp_path), _weights(tmp_path / "whole"))


def test_a_damaged_checkpoint_is_said_and_mended(tmp_path, capsys):
    assert _main(tmp_path) == 0
    whole = _weights(tmp_path)
    capsys.readouterr()
    path = tmp_path / "checkpoint.pt"
    path.write_bytes(path.read_bytes()[:-1])
    assert _main(tmp_path, "--resume") == 0
    err = capsys.readouterr().err
    assert "is cut short" in err
    assert "going on from the one before it" in err
    assert err.count("\n") == 1
    assert _equal(_weights(tmp_path), whole)
    path.write_bytes(b"something else")
    assert _main(tmp_path, "--resume") == 2
    assert "is not a checkpoint of this package" in _one_line(capsys)
