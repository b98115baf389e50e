"""stacked: the numbers of separate runs, model by model."""

import copy
import math

import pytest
import torch

from reparam import checkpoints, checks, models, noise, objectives, schedules, stacked
from reparam.checkpoints import Folder

F64 = torch.float64
S, B = 3, 5


def _gaussian(stream):
    return [
        models.VAE(12, (8, 7), 3, activation="tanh", generator=stream(f"w{s}")).double() for s in range(S)
    ]


def _two_layers(stream):
    return [models.TwoLayerVAE(12, (8, 7), (3, 2), generator=stream(f"w{s}")).double() for s in range(S)]


def _categorical(stream):
    return [models.CategoricalVAE(12, 8, 3, 4, generator=stream(f"w{s}")).double() for s in range(S)]


CASES = {
    "elbo": (_gaussian, objectives.elbo, {}, ()),
    "beta": (_gaussian, objectives.beta_elbo, {"beta": 0.5, "free_bits": 0.02}, ()),
    "iwae": (_gaussian, objectives.iwae, {}, (4,)),
    "dreg": (_gaussian, objectives.iwae, {"gradient": "dreg"}, (4,)),
    "path": (_gaussian, objectives.sampled_elbo, {"gradient": "path"}, (4,)),
    "two layers": (_two_layers, objectives.iwae, {"gradient": "path"}, (4,)),
    "relaxed": (_categorical, objectives.categorical_elbo, {"tau": 0.7}, ()),
    "straight-through": (_categorical, objectives.categorical_elbo, {"tau": 0.7, "hard": True}, ()),
    "score": (_categorical, objectives.score_elbo, {}, (4,)),
    "rebar": (_categorical, objectives.rebar_elbo, {"tau": 0.7}, (2,)),
}


@pytest.mark.parametrize("name", CASES)
def test_a_stack_trains_as_its_models_do_alone(name, stream):
    make, objective, options, draws = CASES[name]
    alone = make(stream)
    together = stacked.stack(alone)
    optimizers = [torch.optim.Adam(model.parameters(), lr=1e-2, fused=True) for model in alone]
    optimizer = torch.optim.Adam(together.parameters(), lr=1e-2, fused=True)
    generator = stream("noise")
    for _ in range(12):
        x = (noise.uniform((S, B, 12), generator=generator) < 0.5).double()
        draw = getattr(noise, together.noise)((*draws, S, B, *together.code), generator=generator, dtype=F64)
        terms = stacked.train_step(together, optimizer, objective, x, draw, **options)
        for s, (model, own) in enumerate(zip(alone, optimizers, strict=True)):
            want = objective(model, x[s], draw.select(len(draws), s), **options)
            for got, term in zip(terms, want, strict=True):
                assert torch.allclose(got[s], term, rtol=1e-9, atol=1e-9)
            own.zero_grad()
            (-want[0].mean()).backward()
            own.step()
    back = copy.deepcopy(alone)
    for model in back:
        for parameter in model.parameters():
            parameter.data.zero_()
    stacked.unstack(together, back)
    for a, b in zip(alone, back, strict=True):
        for p, q in zip(a.parameters(), b.parameters(), strict=True):
            assert torch.allclose(p, q, rtol=1e-8, atol=1e-8)
            assert p.abs().sum() > 0


def test_fit_is_its_steps(stream):
    x = noise.uniform((10, 12), generator=stream("x"))
    x[:, :4] = torch.arange(10)[:, None] // torch.tensor([1, 2, 4, 8]) % 2  # binary: an image's number
    seen = []

    def spy(model, batch, g, *, tau):
        seen.append((batch, g, tau))
        return objectives.categorical_elbo(model, batch, g, tau=tau)

    fitted = [model.float() for model in _categorical(stream)]
    by_hand = copy.deepcopy(fitted)
    curve = stacked.fit(
        fitted, x, objective=spy, epochs=3, batch_size=4, lr=1e-2, seed=7,
        schedules={"tau": schedules.linear(1.0, 0.1)}, test=x.round(), test_objective=objectives.discrete_elbo,
    )  # fmt: skip
    assert [len(batch[0]) for batch, _, _ in seen] == [4, 4, 2] * 3
    assert [tau for _, _, tau in seen] == pytest.approx([1 - 0.1 * i for i in range(9)])
    first_epoch = torch.cat([batch[..., :4] for batch, _, _ in seen[:3]], 1) @ torch.tensor([1.0, 2, 4, 8])
    for numbers in first_epoch:
        assert sorted(numbers.tolist()) == list(range(10))
    assert len(first_epoch.unique(dim=0)) == S, "each model has its own shuffle"
    together = stacked.stack(by_hand)
    optimizer = torch.optim.Adam(together.parameters(), lr=1e-2, fused=True)
    for batch, g, tau in seen:
        assert set(batch.unique().tolist()) == {0.0, 1.0}
        for a, b in ((0, 1), (1, 2)):
            assert not torch.equal(g[a], g[b]), "and its own noise"
        stacked.train_step(together, optimizer, objectives.categorical_elbo, batch, g, tau=tau)
    stacked.unstack(together, by_hand)
    for a, b in zip(fitted, by_hand, strict=True):
        assert all(torch.equal(p, q) for p, q in zip(a.parameters(), b.parameters(), strict=True))
    assert curve.elbo.shape == (3, S)
    last = stacked.evaluate(stacked.stack(fitted), x.round(), objective=objectives.discrete_elbo)
    assert torch.allclose(curve.elbo[-1], last.elbo)
    assert torch.allclose(curve.elbo, curve.reconstruction - curve.kl)
    assert stacked.fit(fitted, x, objective=objectives.score_elbo, epochs=1, samples=3) is None


def test_the_learning_rate_may_be_scheduled(stream):
    """A rate of 0 from half-way on: the weights are those of the first half alone."""
    x = (noise.uniform((10, 12), generator=stream("x")) < 0.5).float()
    half, whole = ([model.float() for model in _gaussian(stream)] for _ in range(2))
    options = {"objective": objectives.iwae, "samples": 3, "batch_size": 5}
    stop = schedules.then(schedules.constant(0.01), schedules.constant(0.0), at=0.5)
    curve = stacked.fit(whole, x, epochs=4, schedules={"lr": stop}, test=x, **options)
    stacked.fit(half, x, epochs=2, lr=0.01, **options)
    for a, b in zip(half, whole, strict=True):
        assert all(torch.equal(p, q) for p, q in zip(a.parameters(), b.parameters(), strict=True))
    assert torch.equal(curve.bound[1], curve.bound[3])
    assert (curve.bound[1] > curve.elbo[1]).all(), "tested with its three draws"


def test_an_interrupted_stack_goes_on(stream, tmp_path):
    """Broken off in the middle of the second epoch: the end has the same weights and the same curve."""
    x = noise.uniform((10, 12), generator=stream("x"))
    calls = []

    def breaks(*arguments):
        calls.append(1)
        if len(calls) == 6:  # three steps, a test, a step
            raise InterruptedError
        return objectives.iwae(*arguments)

    def fit(objective, **options):
        nets = [models.VAE(12, 8, 3, generator=stream(f"v{s}").manual_seed(s)) for s in range(S)]
        curve = stacked.fit(
            nets, x, objective=objective, samples=2, epochs=3, batch_size=4, test=x.round(),
            schedules={"lr": schedules.cosine(1e-2, 0.0)}, **options,
        )  # fmt: skip
        return nets, curve

    whole, reference = fit(objectives.iwae)
    with pytest.raises(InterruptedError), Folder(tmp_path, every=1) as folder:
        fit(breaks, folder=folder)
    assert checkpoints.load(tmp_path / "checkpoint.pt")["step"] == 1
    with Folder(tmp_path, resume=True) as folder:
        resumed, curve = fit(objectives.iwae, folder=folder)
        saved = folder.load()
    for a, b in zip(whole, resumed, strict=True):
        assert all(torch.equal(p, q) for p, q in zip(a.parameters(), b.parameters(), strict=True))
    for a, b in zip(reference, curve, strict=True):
        assert torch.equal(a, b)
        assert a.dtype == b.dtype == F64
    assert [line["test"]["bound"] for line in saved["lines"]] == curve.bound.tolist()
    assert all(len(line["train"]["elbo"]) == S for line in saved["lines"])


def test_a_test_in_parts_is_the_same_test(stream):
    together = stacked.stack([model.float() for model in _gaussian(stream)])
    x = (noise.uniform((10, 12), generator=stream("x")) < 0.5).float()

    def seen(model, rows, eps):
        return objectives.elbo(model, rows, torch.zeros_like(eps))

    whole = stacked.evaluate(together, x, objective=seen, draws=3)
    parts = stacked.evaluate(together, x, objective=seen, draws=3, batch_size=7)
    for a, b in zip(whole, parts, strict=True):
        assert torch.allclose(a, b, rtol=1e-6)


def test_a_test_does_not_disturb_training(stream):
    x = noise.uniform((10, 12), generator=stream("x"))
    watched, alone = ([model.float() for model in _categorical(stream)] for _ in range(2))
    options = {"objective": objectives.score_elbo, "epochs": 2, "samples": 2, "batch_size": 5}
    stacked.fit(watched, x, test=x, test_objective=objectives.discrete_elbo, **options)
    stacked.fit(alone, x, **options)
    for a, b in zip(watched, alone, strict=True):
        assert all(torch.equal(p, q) for p, q in zip(a.parameters(), b.parameters(), strict=True))


def test_many_draws_are_averaged(stream):
    together = stacked.stack([model.float() for model in _categorical(stream)])
    x = (noise.uniform((10, 12), generator=stream("x")) < 0.5).float()
    one = [stacked.evaluate(together, x, objective=objectives.discrete_elbo, seed=s).elbo for s in range(300)]
    many = stacked.evaluate(together, x, objective=objectives.discrete_elbo, draws=3000).elbo
    one = torch.stack(one)
    assert ((one.mean(0) - many).abs() < 6 * one.std(0) * (1 / 300 + 1 / 3000) ** 0.5).all()


def test_bad_arguments(stream):
    alone = [model.float() for model in _categorical(stream)]
    x = torch.ones(4, 12)
    for name, bad in (("epochs", 0), ("batch_size", 0), ("seed", -1), ("lr", 0.0)):
        options = {"objective": objectives.score_elbo, "samples": 2, "epochs": 1} | {name: bad}
        with pytest.raises(ValueError, match=rf"stacked\.fit: {name} must be"):
            stacked.fit(alone, x, **options)
    with pytest.raises(ValueError, match="divide by 255"):
        stacked.fit(alone, 255 * x, objective=objectives.score_elbo, epochs=1)
    with pytest.raises(ValueError, match="draws must be a whole number >= 1"):
        stacked.evaluate(stacked.stack(alone), x, objective=objectives.discrete_elbo, draws=0)


def test_float32_agrees_to_a_millionth_of_a_nat_per_pixel(stream):
    alone = [model.float() for model in _gaussian(stream)]
    x = (noise.uniform((S, B, 12), generator=stream("x")) < 0.5).float()
    eps = noise.normal((S, B, 3), generator=stream("eps"))
    got = objectives.elbo(stacked.stack(alone), x, eps).elbo
    want = torch.stack([objectives.elbo(m, *row).elbo for m, *row in zip(alone, x, eps, strict=True)])
    assert (got - want).abs().max() < 12e-6


def test_stacking_copies(stream):
    alone = _gaussian(stream)
    before = copy.deepcopy(alone)
    together = stacked.stack(alone)
    for parameter in together.parameters():
        parameter.data.zero_()
    assert isinstance(together, models.VAE)
    assert (together.noise, together.code) == ("normal", (3,))
    for a, b in zip(alone, before, strict=True):
        assert all(torch.equal(p, q) for p, q in zip(a.parameters(), b.parameters(), strict=True))


def test_a_broken_model_stops_the_stack_before_anyone_moves(stream):
    alone = _gaussian(stream)
    together = stacked.stack(alone)
    together.decoder[-1].bias.data[1, 0, 0] = math.nan
    before = copy.deepcopy(together.state_dict())
    optimizer = torch.optim.Adam(together.parameters(), lr=1e-2)
    with pytest.raises(checks.NotFiniteError, match="not finite: logits, and with them the reconstruction"):
        stacked.train_step(
            together,
            optimizer,
            objectives.elbo,
            torch.ones(S, B, 12, dtype=F64),
            torch.zeros(S, B, 3, dtype=F64),
        )
    for name, value in together.state_dict().items():
        assert torch.equal(value, before[name]) or name == "decoder.4.bias"


def test_bad_stacks(stream):
    alone = _gaussian(stream)
    with pytest.raises(ValueError, match="stack: models must hold at least one model"):
        stacked.stack([])
    with pytest.raises(TypeError, match="stack: models must be of one class, got CategoricalVAE, VAE"):
        stacked.stack([alone[0], _categorical(stream)[0]])
    with pytest.raises(ValueError, match="stack: models must have parameters of equal shapes"):
        stacked.stack([alone[0], models.VAE(12, (8, 6), 3)])
    with pytest.raises(
        TypeError, match=r"stack: parameters must belong to linear layers with biases, got \['1"
    ):
        stacked.stack([torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.BatchNorm1d(2))])
    with pytest.raises(ValueError, match="unstack: models must be 3, got 2"):
        stacked.unstack(stacked.stack(alone), alone[:2])
