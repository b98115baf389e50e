"""distributed: several processes make the run of one, and end together whatever happens to one of them."""

import json
import os
import signal
import subprocess
import sys
import threading

import pytest
import torch

from reparam import checkpoints, data, distributed, models, training
from reparam.distributed import Group


def test_shares_are_disjoint_and_complete():
    for size in (1, 2, 3, 8):
        for batch in (1, 2, 7, 8, 128):
            groups = [Group(rank, size) for rank in range(size)]
            slices = [group.share(batch) for group in groups]
            rows = [
                row
                for group, part in zip(groups, slices, strict=True)
                if group.weight
                for row in range(batch)[part]
            ]
            assert rows == list(range(batch))
            for group, part in zip(groups, slices, strict=True):
                length = part.stop - part.start
                assert length >= 1, "every process has something to compute"
                assert group.weight == (length / batch if group.weight else 0)
            assert sum(group.weight for group in groups) == pytest.approx(1)


def test_alone_nothing_is_exchanged():
    value = torch.tensor([1.0])
    group = Group()
    assert group.sum(value) is value
    assert group.agree(value) is value
    group.fail([])
    assert group.share(5) == slice(0, 5)
    assert group.weight == 1


def test_signals_are_caught_in_the_main_thread_only():
    group, before = Group(), signal.getsignal(signal.SIGTERM)
    with group.catching_signals():
        assert not group.stopping
        os.kill(os.getpid(), signal.SIGTERM)
        assert group.stopping
        with pytest.raises(distributed.Stopped, match="stopped by SIGTERM"):
            group.stop()
    assert signal.getsignal(signal.SIGTERM) is before

    def elsewhere():
        with Group().catching_signals():
            found.append(signal.getsignal(signal.SIGTERM))

    found = []
    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join()
    assert found == [before]


def test_join_without_torchrun(monkeypatch):
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    with distributed.join("cpu") as (group, device):
        assert (group.rank, group.size, device) == (0, 1, torch.device("cpu"))
    with pytest.raises(ValueError, match="pick_device: name must be"), distributed.join("abacus"):
        pass


EPOCHS = 4
WORKER = """
import contextlib, json, math, os, signal, sys, torch
from pathlib import Path
from reparam import data, distributed, models, objectives, train, training
from reparam.checkpoints import Folder

torch.set_num_threads(1)
out = Path(sys.argv[1])
rank = int(os.environ["RANK"])
said = {}

def run(name, objective=objectives.elbo, resume=False):
    model = models.VAE(64, 16, 3, generator=torch.Generator().manual_seed(0))
    images = data.digits()
    torch.distributed.barrier()
    with Folder(out / name, resume=resume, writes=rank == 0) as folder:
        history = training.fit(
            model, images.train, epochs=EPOCHS, batch_size=1499, lr=3e-3, test=images.test, progress=False,
            objective=objective, folder=folder, group=fresh(),
        )
    torch.save(model.state_dict(), out / f"{name}.{rank}.pt")
    return history.lines

def at_step(number, action):
    count = iter(range(1, 1000))
    def objective(model, x, noise):
        terms = objectives.elbo(model, x, noise)
        if torch.is_grad_enabled() and next(count) == number and rank == 1:
            return action(terms)
        return terms
    return objective

def broken(terms):
    return terms._replace(elbo=terms.elbo * math.nan)

def interrupted(terms):
    os.kill(os.getpid(), signal.SIGTERM)
    return terms

with distributed.join("cpu") as (group, device):
    # Processes can join once; the runs that follow share the connection and nothing else.
    fresh = lambda: distributed.Group(group.rank, group.size, device)
    train.join = lambda name: contextlib.nullcontext((fresh(), device))
    said["lines"] = run("whole")
    for name, action in (("nan", broken), ("signal", interrupted)):
        try:
            run(name, at_step(3, action))
        except (training.NotFiniteError, distributed.Stopped) as error:
            said[name] = str(error)
    run("signal", resume=True)
    said["status"] = train.main(["--hidden", "16", "--latents", "3", "--epochs", "2", "--out", str(out / "command")])
(out / f"said.{rank}.json").write_text(json.dumps(said))
""".replace("EPOCHS", str(EPOCHS))


@pytest.fixture(scope="module")
def two(tmp_path_factory):
    """Run the worker in two processes; batches of 1,499 and 1 of 1,500 rows, so that one process goes without."""
    out = tmp_path_factory.mktemp("two")
    (out / "worker.py").write_text(WORKER)
    command = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node=2", "--standalone"]
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(sys.path)}
    process = subprocess.Popen(
        [*command, str(out / "worker.py"), str(out)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env=environment, start_new_session=True,
    )  # fmt: skip
    try:
        printed, errors = process.communicate(timeout=100)
    except subprocess.TimeoutExpired:  # one process waits for another: end the launcher and both of them
        os.killpg(process.pid, signal.SIGKILL)
        printed, errors = process.communicate()
    said = [json.loads(path.read_text()) for path in sorted(out.glob("said.*.json"))]
    return out, said, subprocess.CompletedProcess(command, process.returncode, printed, errors)


def _alone(epochs, **options):
    model = models.VAE(64, 16, 3, generator=torch.Generator().manual_seed(0))
    images = data.digits()
    history = training.fit(model, images.train, epochs=epochs, test=images.test, progress=False, **options)
    return model.state_dict(), history


def _close(ours, theirs, tolerance):
    return all(torch.allclose(ours[name], theirs[name], atol=tolerance, rtol=0) for name in theirs)


def test_two_processes_make_the_run_of_one(two):
    out, said, run = two
    assert run.returncode == 0, run.stderr
    first, second = (torch.load(out / f"whole.{rank}.pt") for rank in range(2))
    assert all(torch.equal(first[name], second[name]) for name in first), "one model, bit for bit"
    weights, history = _alone(EPOCHS, batch_size=1499, lr=3e-3)
    # Sums in another order: float32 rounding, times the number of steps. Adam's steps are 3e-3.
    assert _close(first, weights, 1e-5)
    for ours, theirs in zip(said[0]["lines"], history.lines, strict=True):
        for curve in ("train", "test"):
            assert ours[curve] == pytest.approx(theirs[curve], abs=1e-4)
    assert [line["test"] for line in said[0]["lines"]] == [line["test"] for line in said[1]["lines"]]


def test_nan_in_one_process_stops_all_at_that_step(two):
    out, said, _ = two
    assert said[1]["nan"] == "train_step: not finite: elbo, loss; lower the learning rate? (step 3)"
    assert said[0]["nan"] == "fit: another process found a term that is not finite (step 3)"
    assert checkpoints.load(out / "nan" / "checkpoint.pt")["steps"] == 2


def test_a_signal_to_one_process_stops_all_and_the_run_goes_on(two):
    out, said, _ = two
    assert said[1]["signal"] == "stopped by SIGTERM"
    assert said[0]["signal"].startswith("stopped by")
    assert checkpoints.load(out / "signal" / "checkpoint.previous.pt")["steps"] == 2 * EPOCHS - 2
    for rank in range(2):
        whole, resumed = (torch.load(out / f"{name}.{rank}.pt") for name in ("whole", "signal"))
        assert all(torch.equal(whole[name], resumed[name]) for name in whole)
    metrics = [json.loads(line) for line in (out / "signal" / "metrics.jsonl").read_text().splitlines()]
    for ours, theirs in zip(metrics, said[0]["lines"], strict=True):
        assert ours["train"] == pytest.approx(theirs["train"], abs=1e-4)


def test_the_command_under_torchrun(two):
    out, said, run = two
    assert [words["status"] for words in said] == [0, 0]
    record = json.loads((out / "command" / "run.json").read_text())
    assert record["processes"] == 2
    assert run.stdout.count("test elbo") == 1, "process 0 alone reports"
    _, history = _alone(2)
    assert record["curve"] == pytest.approx([terms.elbo.item() for terms in history.test], abs=2e-3)
