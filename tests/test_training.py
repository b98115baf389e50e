"""training: it learns, it repeats itself exactly, it stops at NaN, and looking does not change it."""

import copy
import math
from typing import NamedTuple

import pytest
import torch
from montecarlo import assert_cdf, assert_counts

from reparam import data, models, noise, objectives, schedules, training

PIXELS, LATENTS = 16, 3


@pytest.fixture
def x(gen):
    return noise.uniform((50, PIXELS), generator=gen)


def _model(seed=0):
    return models.VAE(PIXELS, 8, LATENTS, generator=torch.Generator().manual_seed(seed))


def _weights(model):
    return [p.detach().clone() for p in model.parameters()]


def _equal(a, b):
    return all(torch.equal(p, q) for p, q in zip(a, b, strict=True))


def _fit(x, **options):
    model = _model()
    history = training.fit(model, x, **{"epochs": 3, "batch_size": 16, "progress": False} | options)
    return model, history


def test_one_step_is_adam_on_minus_the_mean_elbo(x, gen):
    ours, by_hand = _model(), _model()
    eps = noise.normal((50, LATENTS), generator=gen)
    binary = data.binarize(x, noise.uniform(x.shape, generator=gen))
    terms = training.train_step(ours, torch.optim.Adam(ours.parameters(), lr=0.01), binary, eps)
    optimizer = torch.optim.Adam(by_hand.parameters(), lr=0.01)
    want = objectives.elbo(by_hand, binary, eps)
    (-want.elbo.mean()).backward()
    optimizer.step()
    assert _equal(_weights(ours), _weights(by_hand))
    assert _equal(terms, want)
    assert not any(term.requires_grad for term in terms)
    assert (objectives.elbo(ours, binary, eps).elbo.mean() > want.elbo.mean()).item(), (
        "the step went downhill"
    )


def test_gradients_do_not_pile_up(x, gen):
    eps = noise.normal((50, LATENTS), generator=gen)
    twice, fresh = _model(), _model()
    still = torch.optim.SGD(twice.parameters(), lr=0.0)
    for _ in range(2):
        training.train_step(twice, still, x, eps)
    training.train_step(fresh, torch.optim.SGD(fresh.parameters(), lr=0.0), x, eps)
    assert _equal([p.grad for p in twice.parameters()], [p.grad for p in fresh.parameters()])


def test_same_seed_same_run_bit_for_bit(x):
    (a, run_a), (b, run_b), (c, run_c) = _fit(x, test=x), _fit(x, test=x), _fit(x, test=x, seed=1)
    assert _equal(_weights(a), _weights(b))
    assert all(_equal(s, t) for s, t in zip(run_a.train + run_a.test, run_b.train + run_b.test, strict=True))
    assert not _equal(_weights(a), _weights(c))
    assert run_a.train[0].elbo != run_c.train[0].elbo


def test_looking_does_not_change_training(x):
    plain, _ = _fit(x)
    watched, history = _fit(x, test=x[:20])
    torch.rand(7)  # somebody else uses the global stream
    disturbed, _ = _fit(x)
    assert _equal(_weights(plain), _weights(watched))
    assert _equal(_weights(plain), _weights(disturbed))
    assert len(history.train) == len(history.test) == 3
    assert history.steps == 3 * 4  # 16 + 16 + 16 + 2


def test_every_epoch_shuffles_and_draws_its_pixels_anew(gen):
    # Rows are recognised by a black and white code in front; the grey rest must turn black and white at random.
    code = torch.eye(32)
    x = torch.cat([code, torch.full((32, 300), 0.3)], -1)
    seen = []

    class Spy(models.VAE):
        def encode(self, batch):
            seen.append(batch.clone())
            return super().encode(batch)

    training.fit(Spy(332, 4, 2, generator=gen), x, epochs=2, batch_size=8, progress=False)
    epochs = [torch.cat(seen[:4]), torch.cat(seen[4:])]
    for epoch in epochs:
        assert torch.equal(epoch[:, :32].sum(0), torch.ones(32)), "every row once"
        assert set(epoch.unique().tolist()) == {0.0, 1.0}
        assert_counts(epoch[:, 32:].sum(), 32 * 300, 0.3)
    orders = [epoch[:, :32].argmax(-1) for epoch in epochs]
    assert not torch.equal(orders[0], orders[1])
    assert not torch.equal(orders[0], torch.arange(32))
    same = epochs[0][orders[0].argsort(), 32:] == epochs[1][orders[1].argsort(), 32:]
    assert_counts(same.sum(), 32 * 300, 0.3**2 + 0.7**2)


def test_every_code_has_its_own_noise(gen):
    seen = []

    class Spy(models.VAE):
        def decode(self, z):
            seen.append(z.detach().clone())
            return super().decode(z)

    model = Spy(4, 4, 50, generator=gen)
    for parameter in model.encoder.parameters():
        torch.nn.init.zeros_(parameter)  # q is N(0, 1): the code is its noise
    training.fit(model, torch.zeros(40, 4), epochs=2, batch_size=16, lr=1e-30, progress=False)
    codes = torch.cat(seen)
    assert codes.shape == (80, 50)
    assert len(codes.flatten().unique()) > 3990  # 4,000 float32 draws; a few ties are chance
    assert_cdf(codes, lambda z: 0.5 * torch.erfc(-z / math.sqrt(2)))


def test_the_global_stream_is_left_alone(x):
    before = torch.get_rng_state()
    model, _ = _fit(x, test=x)
    training.evaluate(model, x)
    assert torch.equal(torch.get_rng_state(), before)


def test_evaluate_repeats_itself_and_leaves_no_trace(x):
    model = _model()
    before = _weights(model)
    first, second = training.evaluate(model, x), training.evaluate(model, x)
    assert _equal(first, second)
    assert first.elbo != training.evaluate(model, x, seed=1).elbo
    assert _equal(before, _weights(model))
    assert all(p.grad is None for p in model.parameters())
    each = training.evaluate_each(model, x)
    assert all(term.shape == (50,) for term in each)
    assert each.elbo.mean() == first.elbo
    assert torch.allclose(each.elbo, each.reconstruction - each.kl, rtol=1e-6)


def test_history_is_the_mean_over_images(x):
    # Black and white pixels survive binarisation and a tiny lr moves nothing: the KL, which needs no noise,
    # is then that of the initial model, whatever the batches. 50 float32 numbers sum to 1e-6 of their size.
    binary = (x < 0.5).float()
    want = objectives.elbo(_model(), binary, torch.zeros(50, LATENTS)).kl.mean().item()
    for batch_size in (50, 16, 7):
        (mean,) = _fit(binary, epochs=1, lr=1e-30, batch_size=batch_size)[1].train
        assert mean.kl.item() == pytest.approx(want, rel=1e-5)
        assert mean.elbo.item() == pytest.approx((mean.reconstruction - mean.kl).item(), rel=1e-5)


@pytest.mark.parametrize(
    ("where", "named"),
    [("encoder.2.bias", "mean, log_var"), ("decoder.2.bias", "logits, and with them the reconstruction")],
)
@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_nan_stops_names_the_term_and_leaves_the_weights(where, named, value, x, gen):
    model = _model()
    with torch.no_grad():
        model.get_parameter(where)[:] = value
    before = copy.deepcopy(_weights(model))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.1)
    with pytest.raises(training.NotFiniteError, match=f"not finite: {named}"):
        training.train_step(model, optimizer, x, noise.normal((50, LATENTS), generator=gen))
    for p, q in zip(before, _weights(model), strict=True):
        assert torch.equal(p.nan_to_num(7.0), q.nan_to_num(7.0))


def test_an_objective_of_ones_own_stops_at_nan_too(x, gen):
    def broken(model, x, eps):
        terms = objectives.elbo(model, x, eps)
        return terms._replace(elbo=terms.elbo * math.nan)

    model = _model()
    before = copy.deepcopy(_weights(model))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.1)
    eps = noise.normal((50, LATENTS), generator=gen)
    with pytest.raises(training.NotFiniteError, match="train_step: not finite: elbo, loss"):
        training.train_step(model, optimizer, x, eps, objective=broken)
    assert all(map(torch.equal, before, _weights(model)))


def test_a_run_that_diverges_stops(x):
    with pytest.raises(training.NotFiniteError, match=r"not finite: .*; lower the learning rate\?"):
        _fit(x, lr=1e30, epochs=5)


def test_it_beats_independent_pixels():
    # The baseline is the exact expected log-likelihood of the test images under the training mean, pixel by pixel:
    # the best model without a latent. An extra count of one half keeps its logarithm finite.
    images = data.digits()
    p = (images.train.sum(0) + 0.5) / (len(images.train) + 1)
    baseline = (images.test * p.log() + (1 - images.test) * (1 - p).log()).sum(-1).double()
    model = models.VAE(64, 64, 8, generator=torch.Generator().manual_seed(0))
    history = training.fit(model, images.train, epochs=30, batch_size=100, lr=3e-3, progress=False)
    gain = training.evaluate_each(model, images.test).elbo - baseline
    assert gain.mean() > 6 * gain.std() / len(gain) ** 0.5
    assert gain.mean() > 1.5
    curve = [float(terms.elbo) for terms in history.train]
    assert curve[-1] > curve[10] > curve[3] > curve[0]
    assert history.train[-1].kl > 1, "the latent is not used"


def test_bad_arguments(x):
    model = _model()
    for name, bad, error in (
        ("epochs", 0, ValueError),
        ("epochs", 1.5, TypeError),
        ("epochs", True, TypeError),
        ("batch_size", 0, ValueError),
        ("seed", -1, ValueError),
        ("lr", 0.0, ValueError),
        ("lr", math.nan, ValueError),
        ("lr", "0.1", TypeError),
        ("samples", 0, ValueError),
        ("patience", 0, ValueError),
    ):
        with pytest.raises(error, match=f"^fit: {name} must be"):
            _fit(x, **{name: bad})
    for call in (
        lambda t: training.fit(model, t, epochs=1, progress=False),
        lambda t: training.evaluate(model, t),
    ):
        with pytest.raises(ValueError, match=r"x must lie in \[0, 1\], got values from .*; divide by 255\?"):
            call(255 * x)
        with pytest.raises(TypeError, match="got uint8; divide by 255"):
            call((255 * x).to(torch.uint8))
        with pytest.raises(ValueError, match=r"x must have shape \[N, D\] with N >= 1, got shape \(0, 16\)"):
            call(x[:0])
        with pytest.raises(ValueError, match=r"got shape \(50, 4, 4\)"):
            call(x.view(50, 4, 4))
        with pytest.raises(TypeError, match="x must be a tensor, got list"):
            call(x.tolist())
    with pytest.raises(ValueError, match=r"^fit: test must lie in \[0, 1\]"):
        _fit(x, test=2 * x)
    with pytest.raises(ValueError, match="batch_size must be a whole number >= 1"):
        training.evaluate(model, x, batch_size=0)


def test_pixels_of_another_dtype_are_named(x):
    with pytest.raises(TypeError, match="fit: x must have the model's dtype"):
        _fit(x.half(), epochs=1)


def test_the_progress_bar_is_optional(x, capsys):
    _fit(x, epochs=1)
    assert capsys.readouterr() == ("", "")
    _fit(x, epochs=1, progress=True)
    assert "elbo=" in capsys.readouterr().err


def test_any_objective_trains_its_first_term(x, gen):
    # Two named terms of which only the first may reach the weights.
    class Terms(NamedTuple):
        raised: torch.Tensor
        watched: torch.Tensor

    def objective(model, x, noise, *, pull):
        return Terms(-pull * model.encoder[2].bias.square().sum().expand(len(x)), model.decode(noise).sum(-1))

    ours, by_hand = _model(), _model()
    eps = noise.normal((50, LATENTS), generator=gen)
    terms = training.train_step(
        ours, torch.optim.SGD(ours.parameters(), lr=0.1), x, eps, objective=objective, pull=2.0
    )
    assert type(terms) is Terms
    with torch.no_grad():
        by_hand.encoder[2].bias.mul_(1 - 0.1 * 2 * 2.0)
    assert all(torch.allclose(p, q) for p, q in zip(_weights(ours), _weights(by_hand), strict=True))
    assert torch.equal(terms.watched, by_hand.decode(eps).sum(-1))


def _recorded(calls):
    """Return the ELBO as an objective that notes the options and the noise it is called with."""

    def objective(model, x, noise, **options):
        calls.append(options | {"noise": noise.shape, "trains": torch.is_grad_enabled()})
        return objectives.elbo(model, x, noise if noise.ndim == 2 else noise[0])

    return objective


def test_schedules_reach_the_objective_step_by_step(x):
    calls = []
    plan = {"tau": schedules.linear(1, 0), "lr": schedules.constant(1e-3)}
    _, history = _fit(x, epochs=2, test=x, objective=_recorded(calls), schedules=plan)
    trained = [call["tau"] for call in calls if call["trains"]]
    assert trained == pytest.approx([1 - k / 8 for k in range(8)])
    assert [call["tau"] for call in calls if not call["trains"]] == pytest.approx([1 - 3 / 8, 1 - 7 / 8])
    assert "lr" not in calls[0]
    assert [line["tau"] for line in history.lines] == pytest.approx([1 - 3 / 8, 1 - 7 / 8])


def test_the_learning_rate_follows_its_schedule(x):
    # Adam's first step moves every weight with a gradient by lr, whatever the gradient: so the lr can be seen.
    for first, moved in ((0.0, 0.0), (1e-3, 1e-3)):
        model, _ = _fit(x, epochs=1, batch_size=50, lr=0.5, schedules={"lr": schedules.constant(first)})
        change = (model.decoder[2].bias - _model().decoder[2].bias).abs()
        assert change.median().item() == pytest.approx(moved, rel=1e-3)
    for bad in (-0.5, math.nan):
        with pytest.raises(
            ValueError, match=f"fit: lr must be a finite number >= 0 at every step, got {bad}"
        ):
            _fit(x, epochs=1, schedules={"lr": lambda progress, bad=bad: bad if progress > 0.5 else 1e-3})


def test_samples_are_an_axis_of_the_noise(x):
    calls = []
    _fit(x, epochs=1, samples=5, test=x, objective=_recorded(calls), test_objective=objectives.elbo)
    assert [call["noise"] for call in calls] == [(5, 16, LATENTS)] * 3 + [(5, 2, LATENTS)]
    plain, _ = _fit(x, epochs=1)
    assert _equal(_weights(plain), _weights(_fit(x, epochs=1, objective=_recorded([]))[0]))
    history = _fit(x, epochs=1, samples=3, test=x, objective=objectives.iwae)[1]
    assert history.train[0]._fields == history.test[0]._fields == ("bound", "elbo")
    assert history.test[0].bound > history.test[0].elbo


def test_categorical_codes_get_gumbel_noise(x, gen):
    model = models.CategoricalVAE(PIXELS, 8, 2, 3, generator=gen)
    seen = []

    def objective(model, x, g, *, tau):
        seen.append(g)
        return objectives.categorical_elbo(model, x, g, tau=tau)

    history = training.fit(
        model, x, epochs=40, progress=False, objective=objective, test=x, test_objective=objectives.discrete_elbo,
        schedules={"tau": schedules.exponential(1, 0.5)}, lr=1e-2,
    )  # fmt: skip
    assert_cdf(torch.cat(seen[::2]).flatten(), lambda g: torch.exp(-torch.exp(-g)))
    assert history.test[-1].elbo > history.test[0].elbo


def test_patience_stops_after_epochs_without_gain(x):
    # The test bound is scripted: it peaks at the third epoch.
    script = iter([-5.0, -4.0, -3.0, -3.5, -3.0, -9.0, -1.0])

    def scripted(model, x, noise):
        return objectives.elbo(model, x, noise)._replace(elbo=torch.full((len(x),), next(script)))

    _, history = _fit(x, epochs=7, test=x, test_objective=scripted, patience=2)
    assert [float(terms.elbo) for terms in history.test] == [-5, -4, -3, -3.5, -3]
    with pytest.raises(ValueError, match="fit: patience needs test images, got test=None"):
        _fit(x, patience=2)


def test_weights_that_are_not_finite_stop_the_run(x):
    # A finite loss can have a gradient that is not: here that of the square root of zero.
    def objective(model, x, noise):
        terms = objectives.elbo(model, x, noise)
        return terms._replace(elbo=terms.elbo - (model.decoder[2].bias * 0).abs().sqrt().sum())

    with pytest.raises(training.NotFiniteError, match=r"fit: not finite: decoder\.2\.bias"):
        _fit(x, epochs=1, batch_size=50, objective=objective)


def test_out_of_memory_gives_advice_and_the_next_run_works(x):
    def hungry(model, x, noise):
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB")

    with pytest.raises(MemoryError, match="fit: out of memory with batch_size 16; try half of it") as error:
        _fit(x, objective=hungry)
    assert error.value.__suppress_context__
    _fit(x, epochs=1)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_cuda_trains_and_repeats_itself(x):
    runs = []
    for _ in range(2):
        model = _model().cuda()
        training.fit(model, x, epochs=2, batch_size=16, progress=False)
        runs.append(_weights(model))
    assert _equal(*runs)
