# ruff: noqa: E501
"""What the fuzz calls: every public function with its arguments, their kinds and shapes, and what it promises.

An argument is ``kind: shape``. Letters in a shape are sizes drawn anew for each example, equal letters equal
sizes, ``*`` any leading axes; ``LEVELS`` and ``VALUES`` say what each kind may be and may not.
"""

import functools
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor, nn

from reparam import (
    baselines,
    control_variates,
    densities,
    diffusion,
    discrete,
    divergences,
    estimators,
    flows,
    hierarchy,
    implicit,
    importance,
    inverse_cdf,
    likelihood,
    measure_valued,
    mixtures,
    noise,
    objectives,
    oracles,
    orders,
    path,
    quadrature,
    samplers,
    schedules,
    structured,
    terms,
)

# What an option may be, and what must be refused.
TENSOR = torch.ones(2)
OPTIONS = {
    "positive": ([1e-30, 0.1, 1, 3.0, 1e30, torch.tensor(0.5)],
                 [0, -1.0, float("nan"), float("inf"), True, "1", None, TENSOR, torch.tensor(0.0)]),
    "number": ([-1e4, -1, 0, 0.5, 1e4], [float("nan"), float("inf"), True, "1", None, TENSOR]),
    "from zero": ([0, 0.5, 3.0], [-1, float("nan"), float("inf"), True, "1", None, TENSOR]),
    "count": ([1, 2, 3], [0, -1, 1.5, True, "2", None, float("nan")]),
    "few nodes": ([8, 16], [0, -1, 1.5, True, "2", None, float("nan")]),
    "below zero": ([-0.1, -3.0], [0, 0.1, float("nan"), float("-inf"), True, "1", None]),
    "above one": ([1.1, 4], [1, 0.5, float("nan"), float("inf"), True, "1", None]),
    "share": ([0.01, 0.5, 0.99], [0, 1, -0.5, 2.0, float("nan"), True, "1", None]),
    "gradient": (["total", "path", "dreg"], ["score", "", None, 1, True]),
    "unbiased": (["total", "path"], ["dreg", "score", "", None, 1, True]),
    "two layers": (["total", "path", "dreg", "shortcut"], ["score", "", None, 1, True]),
    "sizes": ([(), (0,), (3,), (2, 0, 3), [2, 1], (5000,)], [3, (-1,), (1.5,), (True,), None, ("2",)]),
    "dtype": ([None, torch.float16, torch.bfloat16, torch.float32, torch.float64], [torch.int64, torch.bool, "float32", 1]),
    "generator": ([None, torch.Generator().manual_seed(0)], [0, "0", torch.float32]),
    "schedule": (["0.5", "linear:0:1@0.1,constant:1", "cosine:1:0", "burda", "exponential:1.0:0.3"],
                 ["", "linear", "linear:a:b", "linear:0:1@2,constant:1", "nan", "exponential:0:1", 1, None, True]),
}  # fmt: skip


class Case(NamedTuple):
    """One function: how it is called, with what, and what comes back.

    ``out`` lists the shapes of the results and ``dtype`` their dtype: ``"same"`` as the arguments, ``"wide"``
    (at least float32) or a dtype. ``infinite`` says that an infinite value may be the right answer,
    ``may_refuse`` which good-looking arguments the function may still refuse, in words,
    ``encoded`` which arguments are a model's output, and so tensors at least,
    ``loose`` which argument may have more leading axes than drawn.
    """

    name: str
    call: Callable
    args: dict[str, str]
    out: list[str]
    dtype: object = "same"
    options: dict[str, str] = {}  # noqa: RUF012
    infinite: bool = False
    may_refuse: str = ""
    small: bool = False
    speaks_as: str = ""
    encoded: tuple[str, ...] = ()
    loose: str = ""

    @property
    def function(self) -> str:
        """The name that its errors begin with."""
        return self.speaks_as or self.name.split(".")[1]


def cost(z: Tensor) -> Tensor:
    """A smooth cost, one number per draw of one coordinate."""
    return (z - 0.3).tanh()


def row_cost(z: Tensor) -> Tensor:
    """A smooth cost of a row."""
    return (z * torch.linspace(-1, 1, z.shape[-1], dtype=z.dtype)).sum(-1).tanh()


def log_joint(z: Tensor) -> Tensor:
    """A joint density up to a constant, heavier than any Gaussian, so finite wherever ``z`` is."""
    return -(1 + z.abs()).log().sum(-1)


def weigh_paths(log_w: Tensor) -> Tensor:
    """Register the hook on codes of two numbers and send a gradient through it."""
    codes = torch.zeros(*log_w.shape, 2, dtype=log_w.dtype, requires_grad=True)
    seen = codes * 1
    path.weigh_paths(log_w, seen)
    return torch.autograd.grad(seen.sum(), codes)[0]


class Stub:
    """A model whose encoder returns what the fuzz drew, and whose decoder is a line in every latent."""

    noise = "normal"

    def __init__(self, *encoded: Tensor) -> None:
        self.encoded, self.code = encoded, encoded[0].shape[1:]

    def encode(self, x: Tensor) -> object:
        return self.encoded if len(self.encoded) > 1 else self.encoded[0]

    def decode(self, z: Tensor) -> Tensor:
        flat = z if len(self.encoded) > 1 else z.flatten(-2)
        return flat.sum(-1, keepdim=True).tanh() * torch.linspace(-2, 2, 4, dtype=z.dtype)

    def parameters(self) -> object:
        return iter(self.encoded)


class Split(nn.Module):
    """A line from one layer to the mean and log-variance of the other, for every size."""

    def forward(self, h: Tensor) -> Tensor:
        return torch.cat([h.tanh(), 0.1 * h.tanh()], -1)


class TwoLayers(Stub):
    """A :class:`Stub` with a second layer of codes, as many as in the first."""

    def __init__(self, mean: Tensor, log_var: Tensor) -> None:
        super().__init__(mean, log_var)
        self.upper_encoder = self.upper_decoder = Split()
        self.code = (2 * mean.shape[-1],)


PAIR = {"loc": "real: S", "scale": "scale: S", "noise": "noise: S"}
ROWS = {"logits": "logits: S K", "g": "noise: S K"}
REAL3 = {"loc": "real: *", "scale": "scale or 0: *"}
TAU = {"tau": "positive"}
GATE = {"beta": "positive", "gamma": "below zero", "zeta": "above one"}
WEIGHED = {"mean": "code: B L", "log_var": "log_var: B L", "x": "pixels: B 4", "eps": "noise: K B L"}
CODED = {"logits": "finite logits: B L K", "x": "pixels: B 4", "g": "noise: B L K"}
GAUSSIAN = {"mean": "code: B L", "log_var": "log_var: B L", "x": "pixels: B 4", "eps": "noise: B L"}
CODES = {"mean": "code: *", "log_scale": "log scale: *", "z": "code: *", "eps": "noise: *"}
FLOW = {"params": "unit real: S layers 4", "noise": "noise: S 2"}


def scheduled(name: str, start: float, end: float) -> Tensor:
    return torch.tensor(float(getattr(schedules, name)(start, end)(0.5)))


def drawn(name: str) -> Case:
    options = {"shape": "sizes", "generator": "generator", "dtype": "dtype"}
    return Case(f"noise.{name}", getattr(noise, name), {}, [], "noise", options)


def quantile(name: str, last: str = "u") -> Case:
    return Case(f"inverse_cdf.{name}", getattr(inverse_cdf, name), REAL3 | {last: "uniform: *"}, ["*"])


def density(name: str) -> Case:
    args = {"loc": "real: *", "scale": "scale: *", "z": "real: *"}
    return Case(f"densities.{name}", getattr(densities, name), args, ["*"], infinite=True)


def surrogate(name: str, build: Callable, args: dict, options: dict | None = None, **more: object) -> Case:
    """Call a surrogate with its parameters and noise, and expect one value per draw."""
    names = list(args)

    def call(**given: object) -> Tensor:
        *params, eps = (given[n] for n in names)
        values = build(**{n: v for n, v in given.items() if n not in names})
        return values(tuple(params) if len(params) > 1 else params[0], eps)

    return Case(name, call, args, ["S"], options=options or {}, **more)


def flow(name: str) -> Case:
    return surrogate(f"flows.{name}", lambda: getattr(flows, name)(log_joint), FLOW, speaks_as="forward")


def integral(f: Callable) -> Callable:
    """Return the value and the error of an :class:`oracles.Integral`."""
    return lambda **given: tuple(f(**given))


_estimators = [
    surrogate("estimators.pathwise", lambda: estimators.pathwise(cost, lambda p, e: samplers.normal(*p, e)), PAIR, speaks_as="normal"),
    surrogate("estimators.pathwise_normal", lambda: estimators.pathwise_normal(cost), PAIR, speaks_as="normal"),
    surrogate("estimators.score_function", lambda baseline: estimators.score_function(
        cost, lambda p, e: samplers.normal(*p, e), lambda p, z: densities.normal(*p, z), baseline=baseline),
        PAIR, {"baseline": "number"}, speaks_as="normal|score_function", infinite=True),
    surrogate("estimators.score_function_normal", lambda: estimators.score_function_normal(cost), PAIR, speaks_as="normal", infinite=True),
    surrogate("estimators.score_function_categorical", lambda: estimators.score_function_categorical(row_cost), ROWS, speaks_as="gumbel_max"),
    surrogate("estimators.antithetic", lambda: estimators.antithetic(estimators.pathwise_normal(cost)), PAIR, speaks_as="normal"),
    surrogate("estimators.relaxed", lambda tau: estimators.relaxed(row_cost, tau=tau), ROWS, TAU, speaks_as="relaxed|gumbel_softmax"),
    surrogate("estimators.straight_through", lambda tau: estimators.straight_through(row_cost, tau=tau), ROWS, TAU),
    Case("estimators.per_sample_grads", lambda params, noise: estimators.per_sample_grads(
        estimators.relaxed(row_cost, tau=1.0), params, noise), {"params": "logits: K", "noise": "noise: S K"}, ["S K"],
        speaks_as="per_sample_grads|gumbel_softmax"),
    surrogate("control_variates.relax", lambda: control_variates.relax(row_cost, row_cost),
              {"logits": "finite logits: S K", "noise": "noise: S 2 K"}),
    surrogate("control_variates.rebar", lambda tau, eta: control_variates.rebar(row_cost, tau=tau, eta=eta),
              {"logits": "logits: S K", "noise": "noise: S 2 K"}, TAU | {"eta": "number"}, speaks_as="rebar|relax"),
    surrogate("control_variates.gumbel_rao", lambda tau: control_variates.gumbel_rao(row_cost, tau=tau, inner=2),
              {"logits": "logits: S K", "noise": "noise: S 3 K"}, TAU),
    Case("control_variates.mean_square", lambda tau, **g: control_variates.mean_square(
        control_variates.rebar(row_cost, tau=tau, eta=1.0), *g.values()), {"logits": "finite logits: K", "noise": "noise: S 2 K"}, [""],
        options={"tau": "positive"}, speaks_as="per_sample_grads|relax|rebar", infinite=True),
    surrogate("measure_valued.measure_valued_normal", lambda: measure_valued.measure_valued_normal(cost),
              {"loc": "real: S", "scale": "scale: S", "noise": "noise: S 4"}),
]  # fmt: skip

CASES = [
    *map(drawn, noise.__all__),
    Case("samplers.normal", samplers.normal, REAL3 | {"eps": "noise: *"}, ["*"]),
    Case("samplers.gumbel_max", samplers.gumbel_max, {"logits": "logits: * K", "g": "noise: * K"}, ["* K"]),
    Case("samplers.gumbel_softmax", samplers.gumbel_softmax, {"logits": "logits: * K", "g": "noise: * K"}, ["* K"], options=TAU),
    Case("samplers.straight_through", samplers.straight_through, {"logits": "logits: * K", "g": "noise: * K"}, ["* K"], options=TAU),
    Case("samplers.gumbel_given", samplers.gumbel_given, {"logits": "finite logits: * K", "z": "one-hot: * K", "v": "noise: * K"}, ["* K"]),
    quantile("logistic"), quantile("laplace"), quantile("gumbel"),
    Case("inverse_cdf.exponential", inverse_cdf.exponential, {"rate": "scale: *", "u": "uniform: *"}, ["*"]),
    Case("structured.gumbel_top_k", functools.partial(structured.gumbel_top_k, k=2), {"logits": "logits: * K2", "g": "noise: * K2"},
         ["* 2"], torch.int64, may_refuse="fewer than two finite logits"),
    Case("structured.hard_concrete", structured.hard_concrete, {"log_alpha": "real: *", "u": "uniform: *"}, ["*"], options=GATE),
    Case("structured.hard_concrete_probs", structured.hard_concrete_probs, {"log_alpha": "real: *"}, ["*", "*", "*"], options=GATE),
    Case("structured.gumbel_sinkhorn", structured.gumbel_sinkhorn, {"scores": "real: * K K", "g": "noise: * K K"}, ["* K K"],
         options=TAU | {"n_iters": "count"}),
    Case("implicit.attach", lambda params, z: implicit.attach(lambda m, x: (x - m).tanh() + x, (params,), z),
         {"params": "real: *", "z": "real: *"}, ["*"]),
    Case("implicit.gamma", implicit.gamma, {"concentration": "shape: *", "rate": "scale: *", "u": "uniform: *"}, ["*"], small=True),
    Case("implicit.beta", implicit.beta, {"a": "shape: *", "b": "shape: *", "u": "uniform: *"}, ["*"], small=True),
    Case("implicit.dirichlet", implicit.dirichlet, {"concentration": "shape: * K", "u": "uniform: * K"}, ["* K"], small=True),
    Case("implicit.student_t", implicit.student_t, {"df": "shape: *", "loc": "real: *", "scale": "scale or 0: *", "u": "uniform: *"},
         ["*"], small=True),
    density("normal"), density("logistic"), density("laplace"), density("gumbel"),
    Case("densities.exponential", densities.exponential, {"rate": "scale: *", "z": "real: *"}, ["*"], infinite=True),
    Case("densities.categorical", densities.categorical, {"logits": "logits: * K", "z": "one-hot: * K"}, ["*"], infinite=True),
    Case("densities.concrete", densities.concrete, {"logits": "finite logits: * K", "y": "simplex: * K"}, ["*"], options=TAU,
         infinite=True, may_refuse="y rounds to the boundary"),
    Case("divergences.tame_log_var", divergences.tame_log_var, {"log_var": "log_var: *"}, ["*"]),
    Case("divergences.kl_normal_standard", divergences.kl_normal_standard, {"mean": "real: *", "log_var": "log_var: *"}, ["*"], "wide"),
    Case("divergences.kl_normal", divergences.kl_normal, {"mean_q": "real: *", "log_var_q": "log_var: *", "mean_p": "real: *",
         "log_var_p": "log_var: *"}, ["*"], "wide"),
    Case("divergences.kl_categorical", divergences.kl_categorical, {"logits_q": "logits: * K", "logits_p": "logits: * K"}, ["*"], "wide",
         infinite=True),
    Case("divergences.kl_categorical_uniform", divergences.kl_categorical_uniform, {"logits": "logits: * K"}, ["*"], "wide"),
    *_estimators,
    Case("baselines.leave_one_out", baselines.leave_one_out, {"cost": "real: S2 *"}, ["S2 *"]),
    Case("baselines.optimal", baselines.optimal, {"cost": "real: S", "score": "real: S K"}, [""], may_refuse="every score rounds to 0"),
    Case("baselines.coefficient", baselines.coefficient, {"estimate": "real: S2 K", "control": "real: S2 K"}, ["K"]),
    Case("measure_valued.coupled", measure_valued.coupled, {"eps": "noise: *", "w": "scale: *"}, ["* 4"]),
    Case("terms.log_bernoulli", terms.log_bernoulli, {"x": "pixels: * K", "logits": "real: * K"}, ["*"], "wide"),
    Case("objectives.elbo", lambda mean, log_var, x, eps: tuple(objectives.elbo(Stub(mean, log_var), x, eps)), GAUSSIAN, ["B"] * 3, "wide", may_refuse="half: a scale of exp(20)", encoded=("mean", "log_var")),
    Case("objectives.beta_elbo", lambda mean, log_var, x, eps, **o: tuple(objectives.beta_elbo(Stub(mean, log_var), x, eps, **o)),
         GAUSSIAN, ["B"] * 4, "wide", {"beta": "from zero", "free_bits": "from zero"}, may_refuse="half: a scale of exp(20)", encoded=("mean", "log_var")),
    Case("importance.log_weights", lambda mean, log_var, x, eps, **o: importance.log_weights(Stub(mean, log_var), x, eps, **o),
         WEIGHED, ["K B"], "wide", options={"gradient": "gradient"}, may_refuse="half: a scale of exp(20)", encoded=("mean", "log_var")),
    Case("importance.sampled_elbo", lambda mean, log_var, x, eps, **o: tuple(importance.sampled_elbo(Stub(mean, log_var), x, eps, **o)),
         WEIGHED, ["B"] * 3, "wide", options={"gradient": "unbiased"}, may_refuse="half: a scale of exp(20)", encoded=("mean", "log_var")),
    Case("importance.iwae", lambda mean, log_var, x, eps, **o: tuple(importance.iwae(Stub(mean, log_var), x, eps, **o)),
         WEIGHED, ["B"] * 2, "wide", options={"gradient": "gradient"}, speaks_as="log_weights", may_refuse="half: a scale of exp(20)", encoded=("mean", "log_var")),
    Case("importance.bound", importance.bound, {"log_w": "real: K *"}, ["*"]),
    Case("discrete.categorical_elbo", lambda logits, x, g, tau: tuple(discrete.categorical_elbo(Stub(logits), x, g, tau=tau)), CODED,
         ["B"] * 3, "wide", TAU, speaks_as="categorical_elbo|gumbel_softmax", encoded=("logits",)),
    Case("discrete.discrete_elbo", lambda logits, x, g: tuple(discrete.discrete_elbo(Stub(logits), x, g)), CODED, ["B"] * 3, "wide",
         speaks_as="discrete_elbo|gumbel_max", encoded=("logits",)),
    Case("discrete.score_elbo", lambda logits, x, g: tuple(discrete.score_elbo(Stub(logits), x, g)), CODED | {"g": "noise: S2 B L K"},
         ["B"] * 3, "wide", speaks_as="score_elbo|gumbel_max", encoded=("logits",)),
    Case("discrete.rebar_elbo", lambda logits, x, g, **o: tuple(discrete.rebar_elbo(Stub(logits), x, g, **o)), CODED | {"g": "noise: 2 B L K"},
         ["B"] * 3, "wide", TAU | {"eta": "number"}, speaks_as="rebar|relax|rebar_elbo", encoded=("logits",)),
    Case("path.log_q", functools.partial(path.log_q, gradient="path"), CODES, ["*"], infinite=True, speaks_as="log_q|log_q_seen_by"),
    Case("path.log_q_seen_by", path.log_q_seen_by, CODES, ["*"], infinite=True),
    Case("path.weigh_paths", weigh_paths, {"log_w": "real: K B"}, ["K B 2"], encoded=("log_w",)),
    Case("path.log_weights", lambda mean, log_var, eps, gradient: path.log_weights(log_joint, mean, log_var, eps, gradient=gradient),
         {"mean": "code: B L", "log_var": "log_var: B L", "eps": "noise: K B L"}, ["K B"], options={"gradient": "gradient"},
         may_refuse="half: a scale of exp(20)"),
    Case("hierarchy.codes", lambda mean, log_scale, eps, gradient: hierarchy.codes(TwoLayers(mean, log_scale), mean, log_scale, eps, gradient)[1],
         {"mean": "code: B L", "log_scale": "log scale: B L", "eps": "noise: K B LL"}, ["K B"], options={"gradient": "two layers"}, encoded=("mean", "log_scale"), loose="eps", infinite=True),
    Case("mixtures.log_density", mixtures.log_density, {"logits": "logits: * C", "mean": "code: * C L", "scale": "scale: * C L",
         "z": "code: * K L"}, ["* K"], infinite=True, loose="z"),
    Case("mixtures.elbo", lambda logits, mean, log_scale, eps, gradient: mixtures.elbo(log_joint, logits, mean, log_scale, eps, gradient=gradient),
         {"logits": "logits: * C", "mean": "code: * C L", "log_scale": "log scale: * C L", "eps": "noise: * C L"}, ["*"],
         options={"gradient": "unbiased"}),
    Case("flows.forward", flows.forward, {"params": "unit real: * layers 4", "z": "noise: * 2"}, ["* 2", "*"]),
    Case("flows.log_density", flows.log_density, {"params": "unit real: * layers 4", "x": "noise: * 2"}, ["*"], infinite=True),
    *map(flow, ("total", "path_naive", "path_two_pass", "path_recursive")),
    Case("oracles.outcomes", oracles.outcomes, {}, [], "own", {"latents": "count", "categories": "count"}),
    Case("oracles.exact_expectation", lambda logits: oracles.exact_expectation(row_cost, logits), {"logits": "logits: K"}, [""], torch.float64),
    Case("oracles.exact_grad", lambda logits: oracles.exact_grad(row_cost, logits), {"logits": "logits: K"}, ["K"], torch.float64),
    Case("oracles.uniform_expectation", integral(functools.partial(oracles.uniform_expectation, lambda u: u[:, 0].tanh())), {}, ["", ""], "own",
         {"dims": "count", "nodes": "few nodes"}),
    Case("oracles.normal_expectation", integral(functools.partial(oracles.normal_expectation, cost)), {}, ["", ""], "own",
         {"loc": "number", "scale": "positive", "nodes": "few nodes"}),
    Case("oracles.normal_grad", lambda **o: tuple(v for pair in oracles.normal_grad(cost, **o) for v in pair), {}, [""] * 4, "own",
         {"loc": "number", "scale": "positive", "nodes": "few nodes"}),
    Case("quadrature.hermite", integral(functools.partial(quadrature.hermite, lambda e: e[:, 0].tanh())), {}, ["", ""], "own",
         {"dims": "count", "nodes": "few nodes"}),
    Case("quadrature.moments", lambda nodes: tuple(v for i in quadrature.moments(lambda e: e[:, 0].tanh(), ["normal"], nodes=nodes) for v in i),
         {}, [""] * 4, "own", {"nodes": "few nodes"}, speaks_as="uniform_expectation"),
    Case("quadrature.log_mean", integral(functools.partial(quadrature.log_mean, lambda e: e)), {}, ["", ""], "own",
         {"k": "count", "nodes": "few nodes"}),
    Case("quadrature.shares", lambda **o: tuple(v for i in quadrature.shares(lambda e: (e, e.tanh()), **o) for v in i), {}, [""] * 4, "own",
         {"k": "count", "power": "count", "nodes": "few nodes"}),
    Case("orders.ordered_subsets", functools.partial(orders.ordered_subsets, 3), {}, [], "own", {"k": "count"}),
    Case("orders.permutations", orders.permutations, {}, [], "own", {"n": "count"}),
    Case("orders.plackett_luce", lambda logits: orders.plackett_luce(logits, torch.zeros(*logits.shape[:-1], 1, dtype=torch.int64)),
         {"logits": "logits: * K"}, ["*"], infinite=True, encoded=("logits",)),
    Case("orders.permanent", orders.permanent, {"matrix": "unit real: K K"}, [""], torch.float64, small=True),
    Case("orders.matching_log_probs", orders.matching_log_probs, {"scores": "real: K3 K3"}, ["6"], torch.float64),
    Case("orders.matching_marginals", orders.matching_marginals, {"scores": "real: K3 K3"}, ["K3 K3"], torch.float64,
         speaks_as="matching_log_probs"),
    Case("diffusion.signal", diffusion.signal, {"log_snr": "real: *"}, ["*", "*"]),
    Case("diffusion.diffuse", diffusion.diffuse, {"x": "real: * K", "eps": "noise: * K"}, ["* K"], options={"log_snr": "number"}),
    Case("diffusion.mixture_denoiser", diffusion.mixture_denoiser, {"x": "code: * L", "logits": "logits: C", "means": "code: C L",
         "stds": "scale or 0: C L"}, ["* L"], options={"log_snr": "level"}, loose="x"),
    Case("likelihood.nll_each", lambda mean, log_var, x, k: likelihood.nll_each(Stub(mean, log_var), x, k=k), {"mean": "code: B1 L",
         "log_var": "log_var: B1 L", "x": "bits: B1 4"}, ["B1"], torch.float64, {"k": "count"}, small=True, may_refuse="half: a scale of exp(20)", encoded=("mean", "log_var")),
    Case("schedules.at", lambda lr: torch.tensor(schedules.at({"lr": lambda p: lr}, 0.5)["lr"]), {}, [""], "own", {"lr": "rate"}, speaks_as="fit"),
    Case("schedules.constant", lambda value: torch.tensor(schedules.constant(value)(0.5)), {}, [""], "own", {"value": "number"}),
    *(Case(f"schedules.{name}", functools.partial(scheduled, name), {}, [""], "own",
           {"start": kind, "end": kind}) for name, kind in (("linear", "number"), ("cosine", "number"), ("exponential", "positive float"))),
    Case("schedules.then", lambda at: torch.tensor(float(schedules.then(schedules.constant(1), schedules.constant(2), at=at)(0.5))), {}, [""], "own",
         {"at": "share"}),
    Case("schedules.burda", lambda: torch.tensor(schedules.burda()(0.5)), {}, [""], "own"),
    Case("schedules.parse", lambda text: torch.tensor(float(schedules.parse(text)(0.5))), {}, [""], "own", {"text": "schedule"}),
]  # fmt: skip

OPTIONS |= {
    "level": ([-30.0, -1, 0, 5.0, 30.0], OPTIONS["number"][1]),
    "rate": ([0, 1e-3, 1.0], [-1, float("nan"), float("inf")]),
    "positive float": ([1e-30, 0.1, 1, 3.0, 1e4], [0, -1.0, float("nan"), float("inf"), True, "1", None]),
}

# Modules, and two functions, that do, rather than compute: files, processes, drawings and commands. Faults and units are their tests.
NOT_FUZZED = {
    "archive": "reads files: tests/test_data.py and the faults",
    "checkpoints": "writes files: tests/test_checkpoints.py and the faults",
    "checks": "what every case here is refused by; tests/test_checks.py",
    "data": "reads files: tests/test_data.py and the faults",
    "devices": "asks the machine: tests/test_devices.py",
    "distributed": "joins processes: tests/test_distributed.py",
    "models": "networks: their sizes are refused in tests/test_models.py",
    "palette": "colours: tests/test_palette.py",
    "plots": "draws on axes: tests/test_palette.py",
    "recipes": "a table of runs: tests/test_recipes.py",
    "stacked": "trains: tests/test_stacked.py",
    "state": "a run on a disk: tests/test_state.py and the faults",
    "train": "a command: tests/test_train.py and the faults",
    "training": "trains: tests/test_training.py and the faults",
    "hierarchy.has_two_layers": "looks whether a model has an attribute",
    "hierarchy.stopped": "calls the module that it is given",
    "terms.expand_pixels": "a view; every objective below log_bernoulli calls it",
}
