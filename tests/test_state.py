"""state: a run that was killed, stopped or interrupted anywhere ends as the one that never was, bit for bit."""

import json
import math
import os
import signal
import time

import pytest
import torch

from reparam import checkpoints, models, noise, objectives, schedules, state, training
from reparam.checkpoints import CheckpointError, Folder
from reparam.distributed import Stopped

EPOCHS, STEPS = 3, 4  # 50 images in batches of 16


@pytest.fixture
def x(gen):
    return noise.uniform((50, 16), generator=gen)


def _run(x, path=None, *, objective=objectives.elbo, every=None, resume=True, device="cpu", **options):
    """Train a small model and return it with its history."""
    model = models.VAE(16, 8, 3, generator=torch.Generator().manual_seed(0)).to(device)
    options = {"epochs": EPOCHS, "batch_size": 16, "lr": 1e-2, "test": x, "progress": False} | options
    if path is None:
        return model, training.fit(model, x, objective=objective, **options)
    with Folder(path, every=every, resume=resume, settings={"recipe": "small"}) as folder:
        return model, training.fit(model, x, objective=objective, folder=folder, **options)


def _at_step(number, action):
    """Return the ELBO as an objective that does something in the middle of its ``number``-th training step."""
    count = iter(range(1, 1_000))

    def objective(model, x, noise):
        if torch.is_grad_enabled() and next(count) == number:
            action()
        return objectives.elbo(model, x, noise)

    return objective


def _assert_same(ours, theirs):
    (model, history), (wanted, reference) = ours, theirs
    for name, weights in wanted.state_dict().items():
        assert torch.equal(model.state_dict()[name], weights), name
    assert history.steps == reference.steps
    for curve, other in ((history.train, reference.train), (history.test, reference.test)):
        assert [terms._asdict() for terms in curve] == [terms._asdict() for terms in other]
        assert {value.dtype for terms in curve for value in terms} == {
            v.dtype for terms in other for v in terms
        }
    plain = [
        [{k: v for k, v in line.items() if k != "seconds"} for line in h.lines] for h in (history, reference)
    ]
    assert plain[0] == plain[1]


def _die():
    os.kill(os.getpid(), signal.SIGKILL)


def _killed(x, path, objective, **options):
    """Run in a child process that ends by ``kill -9``."""
    if (child := os.fork()) == 0:
        try:
            _run(x, path, objective=objective, **options)
        finally:
            os._exit(0)
    assert os.WTERMSIG(os.waitpid(child, 0)[1]) == signal.SIGKILL


def test_a_folder_changes_nothing(x, tmp_path):
    _assert_same(_run(x, tmp_path, every=1), _run(x))


@pytest.mark.parametrize(
    ("every", "steps"),
    [(1, (1, 2, 4, 5, 8, 12)), (3, (2, 4, 7, 12)), (None, (3, STEPS, STEPS + 1, 9))],
)
def test_killed_at_any_step_it_ends_with_the_same_bits(x, tmp_path, every, steps):
    whole = _run(x)
    for step in steps:
        path = tmp_path / str(step)
        _killed(x, path, _at_step(step, _die), every=every)
        _assert_same(_run(x, path, every=every), whole)


def test_killed_again_and_again(x, tmp_path, gen):
    whole = _run(x)
    for step in (2, 3, 1, 4, 2):
        _killed(x, tmp_path, _at_step(step, _die), every=1)
    _assert_same(_run(x, tmp_path, every=1), whole)


def test_killed_at_any_moment(x, tmp_path, stream):
    # Not at a step but at a time: inside a save, an evaluation, between two files.
    whole = _run(x)
    delays = noise.uniform((8,), generator=stream("delays")).tolist()
    for turn, delay in enumerate(delays):
        path = tmp_path / str(turn)
        if (child := os.fork()) == 0:
            try:
                _run(x, path, every=1)
            finally:
                os._exit(0)
        time.sleep(0.12 * delay)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        _assert_same(_run(x, path, every=1), whole)
        lines = (path / "metrics.jsonl").read_text().splitlines()
        assert [json.loads(line)["epoch"] for line in lines] == [1, 2, 3]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("step", [2, STEPS, STEPS + 1, EPOCHS * STEPS])
def test_a_signal_saves_and_stops(x, tmp_path, number, step):
    before = signal.getsignal(number)
    with pytest.raises(Stopped, match=f"stopped by {number.name}") as stop:
        _run(x, tmp_path, objective=_at_step(step, lambda: os.kill(os.getpid(), number)))
    assert stop.value.number == number
    assert signal.getsignal(number) is before
    saved = checkpoints.load(tmp_path / "checkpoint.pt")
    assert saved["steps"] == step, "the step that the signal found was finished and saved"
    _assert_same(_run(x, tmp_path), _run(x))


def test_an_early_stop_stays_stopped(x, tmp_path):
    start = models.VAE(16, 8, 3, generator=torch.Generator().manual_seed(0)).decoder[0].weight

    def nearness(model, x, noise):  # best at the start, worse with every step away from it
        return objectives.elbo(model, x, noise)._replace(
            elbo=-(model.decoder[0].weight - start).abs().sum().expand(len(x))
        )

    options = {"epochs": 9, "patience": 2, "test_objective": nearness}
    whole = _run(x, **options)
    assert len(whole[1].test) < 9
    _assert_same(_run(x, tmp_path, **options), whole)
    _assert_same(_run(x, tmp_path, **options), whole)


def test_schedules_and_samples_resume(x, tmp_path):
    options = {"samples": 3, "schedules": {"lr": schedules.cosine(1e-2, 0)}}
    whole = _run(x, objective=objectives.iwae, **options)

    die = _at_step(6, _die)

    def dying(model, x, noise):
        die(model, x, noise[0])
        return objectives.iwae(model, x, noise)

    _killed(x, tmp_path, dying, every=1, **options)
    _assert_same(_run(x, tmp_path, objective=objectives.iwae, **options), whole)


def test_more_epochs_go_on_from_the_end(x, tmp_path):
    _run(x, tmp_path, epochs=1)
    _assert_same(_run(x, tmp_path, epochs=EPOCHS), _run(x))


def test_nan_leaves_the_last_good_checkpoint(x, tmp_path):
    count = iter(range(1, 100))

    def broken(model, x, noise):
        terms = objectives.elbo(model, x, noise)
        if torch.is_grad_enabled() and next(count) == 7:
            return terms._replace(elbo=terms.elbo * math.nan, kl=terms.kl * math.inf)
        return terms

    with pytest.raises(
        training.NotFiniteError, match=r"train_step: not finite: elbo, kl, loss; .* \(step 7\)"
    ):
        _run(x, tmp_path, objective=broken)
    saved = checkpoints.load(tmp_path / "checkpoint.pt")
    assert saved["steps"] == STEPS
    assert all(weights.isfinite().all() for weights in saved["model"].values())
    _assert_same(_run(x, tmp_path), _run(x))


def test_weights_that_are_not_finite_are_not_saved(x, tmp_path):
    count = iter(range(1, 100))

    def poisoned(model, x, noise):
        terms = objectives.elbo(model, x, noise)
        if torch.is_grad_enabled() and next(count) == 6:  # a finite loss with a NaN gradient
            return terms._replace(elbo=terms.elbo - (model.decoder[2].bias * 0).abs().sqrt().sum())
        return terms

    with pytest.raises(training.NotFiniteError, match=r"not finite: decoder\.2\.bias"):
        _run(x, tmp_path, objective=poisoned, every=1)
    assert checkpoints.load(tmp_path / "checkpoint.pt")["steps"] == 5


def test_a_resumed_run_must_be_the_same_run(x, tmp_path):
    _run(x, tmp_path, epochs=1)
    for change, message in (
        ({"batch_size": 8}, "cannot resume: the run was started with batch_size=16, not 8"),
        ({"lr": 0.1}, "started with lr=0.01, not 0.1"),
        ({"seed": 3}, "started with seed=0, not 3"),
        ({"samples": 2}, "started with samples=None, not 2"),
        ({"schedules": {"tau": schedules.constant(1)}}, r"started with schedules=None, not \['tau'\]"),
    ):
        with pytest.raises(CheckpointError, match=message):
            _run(x, tmp_path, **change)
    with pytest.raises(CheckpointError, match="started with images=50, not 49"):
        _run(x[1:], tmp_path)
    model = models.VAE(16, 9, 3)
    with (
        Folder(tmp_path, resume=True) as folder,
        pytest.raises(CheckpointError, match="recipe='small', not None"),
    ):
        training.fit(model, x, epochs=3, batch_size=16, lr=1e-2, progress=False, folder=folder)
    with (
        Folder(tmp_path, resume=True, settings={"recipe": "small"}) as folder,
        pytest.raises(
            CheckpointError, match=r"cannot resume: not a checkpoint of such a run \(size mismatch"
        ),
    ):
        training.fit(model, x, epochs=3, batch_size=16, lr=1e-2, progress=False, folder=folder)


def test_a_checkpoint_of_something_else(x, tmp_path):
    for content in ({}, {"settings": 3}, [1]):
        checkpoints.save(tmp_path / "checkpoint.pt", content)
        with pytest.raises(CheckpointError, match="cannot resume: not a checkpoint of such a run"):
            _run(x, tmp_path)


def test_the_time_of_all_attempts_counts(x, tmp_path):
    with pytest.raises(Stopped):
        _run(
            x, tmp_path, objective=_at_step(2, lambda: (time.sleep(0.2), os.kill(os.getpid(), signal.SIGINT)))
        )
    _, history = _run(x, tmp_path)
    assert history.seconds > 0.2 + history.processor_seconds > 0.2
    times = [line["seconds"] for line in history.lines]
    assert times == sorted(times)
    assert times[0] >= 0.2


def test_a_shuffle_is_drawn_once_an_epoch(gen):
    run = state.Run(torch.nn.Linear(1, 1), None, gen, {})
    untouched = torch.Generator()
    untouched.set_state(gen.get_state())
    orders = run.orders(20, models=2)
    assert torch.equal(orders, torch.stack([torch.randperm(20, generator=untouched) for _ in range(2)]))
    assert torch.equal(gen.get_state(), untouched.get_state())
    drawn = noise.uniform((3,), generator=gen)
    run.step = 1
    assert torch.equal(run.orders(20, models=2), orders), "the same epoch, the same orders"
    noise.uniform((3,), generator=untouched)
    assert torch.equal(gen.get_state(), untouched.get_state()), "and the stream stays where it was"
    assert drawn.shape == (3,)
