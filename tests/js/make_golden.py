"""Write the golden cases that the widgets' mathematics must meet: ``python tests/js/make_golden.py``.

Everything is computed by the package in float64 at given noise; the JavaScript models get the
same noise and must agree to 1e-6. ``tests/test_widgets.py`` holds the committed files to this.
"""

import json
import math
import re
import warnings
from collections.abc import Callable
from inspect import signature
from pathlib import Path

import mpmath as mp
import numpy as np
import torch
from torch import nn
from torch.distributions import MultivariateNormal, kl_divergence

from reparam import (
    baselines,
    control_variates,
    densities,
    diffusion,
    divergences,
    estimators,
    implicit,
    measure_valued,
    noise,
    oracles,
    orders,
    path,
    quadrature,
    samplers,
    schedules,
)
from reparam.widgets import Decoder, InverseCdf, TrainingReplay, tiny_vae
from reparam.widgets import landing_surface as landing
from reparam.widgets.diffusion_step import CENTRES, WEIGHTS, WIDTH
from reparam.widgets.fit_q import TARGETS
from reparam.widgets.gaussian_node import exact_gradient
from reparam.widgets.iwae_bias import ends

FOLDER = Path(__file__).parent / "golden"
COSTS = {
    "square": lambda z: (z - 1) ** 2,
    "cosine": lambda z: torch.cos(3 * z),
    "step": lambda z: (z > 0).to(z) + 0 * z,
}


def generator(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def average(grads: torch.Tensor) -> dict:
    return {"mean": grads.mean().item(), "se": (grads.std() / len(grads) ** 0.5).item()}


def gaussian_case(cost: str, estimator: str, mu: float, sigma: float, seed: int) -> dict:
    """Differentiate one surrogate per draw, each with its own copy of the parameters."""
    eps = noise.normal((9,), generator=generator(seed), dtype=torch.float64)
    loc, scale = (torch.full_like(eps, value).requires_grad_() for value in (mu, sigma))
    z = samplers.normal(loc, scale, eps)
    f = COSTS[cost]
    if estimator == "score":
        z = z.detach()
        surrogate = f(z) * densities.normal(loc, scale, z)
    else:
        surrogate = f(z)
    by_mu, by_sigma = torch.autograd.grad(surrogate.sum(), (loc, scale))
    exact = exact_gradient(cost, mu, sigma)
    return {
        "state": {"cost": cost, "estimator": estimator, "mu": mu, "sigma": sigma},
        "eps": eps.tolist(),
        "z": z.tolist(),
        "f": f(z).tolist(),
        "gradMu": by_mu.tolist(),
        "gradSigma": by_sigma.tolist(),
        "mu": {**average(by_mu), "exact": exact[0]},
        "sigma": {**average(by_sigma), "exact": exact[1]},
    }


def simplex_case(logits: list[float], tau: float, seed: int) -> dict:
    g = noise.gumbel((12, 3), generator=generator(seed), dtype=torch.float64)
    rows = torch.tensor(logits, dtype=torch.float64).expand_as(g)
    y = samplers.gumbel_softmax(rows, g, tau=tau)
    winners = samplers.gumbel_max(rows, g)
    slopes = torch.func.jacrev(lambda row: samplers.straight_through(row, g[0], tau=tau))(rows[0])
    at = torch.tensor([[1, 1, 1], [5, 3, 2], [1, 1, 98]], dtype=torch.float64)
    at = at / at.sum(-1, keepdim=True)
    return {
        "logits": logits,
        "tau": tau,
        "g": g.flatten().tolist(),
        "y": y.tolist(),
        "winners": winners.argmax(-1).tolist(),
        "share": winners.mean(0).tolist(),
        "mean": y.mean(0).tolist(),
        "meanSe": (y.std(0) / len(y) ** 0.5).tolist(),
        "exact": rows[0].softmax(-1).tolist(),
        "sharpness": y.amax(-1).mean().item(),
        "slopes": slopes.T.tolist(),
        "at": at.tolist(),
        "density": densities.concrete(rows[:3], at, tau=tau).tolist(),
    }


def race_case(logits: list[float], law: str, seed: int) -> dict:
    """Race by exponential clocks or with normal noise; the shares of many races by quadrature."""
    width = math.pi / math.sqrt(6)
    if law == "gumbel":
        g = noise.gumbel((11, 4), generator=generator(seed), dtype=torch.float64)
    else:
        g = 0.5772156649015329 + width * noise.normal((11, 4), generator=generator(seed), dtype=torch.float64)
    row = torch.tensor(logits, dtype=torch.float64)
    won = samplers.gumbel_max(row.expand_as(g), g)
    times = torch.exp(-g) / row.exp()
    limit = row.softmax(-1)
    if law == "normal":
        gaps = (row[:, None] - row) / width

        def ahead(k: int) -> Callable[[torch.Tensor], torch.Tensor]:
            rivals = gaps[k][torch.arange(4) != k]
            return lambda x: torch.special.ndtr(x[:, None] + rivals).prod(-1)

        limit = torch.stack([oracles.normal_expectation(ahead(k), 0.0, 1.0).value for k in range(4)])
    return {
        "logits": logits,
        "law": law,
        "g": g.flatten().tolist(),
        "winners": won.argmax(-1).tolist(),
        "wins": [int(w) for w in won.sum(0)],
        "share": won.mean(0).tolist(),
        "times": times[-1].tolist(),
        "reached": (times[-1].min() / times[-1]).tolist(),
        "target": row.softmax(-1).tolist(),
        "limit": limit.tolist(),
        "meanTime": times.amin(-1).mean().item(),
        "rate": row.exp().sum().item(),
    }


def decoder_case(activation: str, precision: str, widths: list[int], seed: int) -> dict:
    """Run the rounded weights through torch in float64, as the page does."""
    g = generator(seed)
    dtype = torch.float16 if precision == "float16" else torch.float32
    weights = [
        (torch.randn(rows, columns, generator=g).to(dtype), torch.randn(rows, generator=g).to(dtype))
        for columns, rows in zip([2, *widths], widths, strict=False)
    ]
    if precision == "int8":  # multiples of a power of two, 127 the largest in every row: exact in 8 bits
        whole = [torch.randint(-127, 128, weight.shape, generator=g) for weight, _ in weights]
        for matrix, (weight, _) in zip(whole, weights, strict=True):
            matrix[:, 0] = 127
            weight.copy_(matrix * 2.0 ** torch.randint(-8, -5, (len(matrix), 1), generator=g))
    bend = {"relu": nn.ReLU, "tanh": nn.Tanh, "silu": nn.SiLU, "softplus": nn.Softplus}[activation]
    net = nn.Sequential()
    for weight, bias in weights:
        linear = nn.Linear(*reversed(weight.shape), dtype=torch.float64)
        linear.weight.data, linear.bias.data = weight.double(), bias.double()
        net.extend([linear, bend()])
    net[-1] = nn.Sigmoid()
    widget = Decoder(weights, size=round(widths[-1] ** 0.5), activation=activation, precision=precision)
    z = torch.tensor([[0.0, 0.0], [1.25, -0.5], [-3.0, 3.0]], dtype=torch.float64)
    return {
        "state": {name: getattr(widget, name) for name in ("packed", "shapes", "precision", "activation")},
        "z": z.tolist(),
        "pixels": net(z).tolist(),
    }


def elbo_case(x: float, mean: float, log_var: float, noise_sd: float) -> dict:
    """Integrate the reconstruction by quadrature; the divergences are the package's."""
    m, v, datum, s, zero = (
        torch.tensor(value, dtype=torch.float64) for value in (mean, log_var, x, noise_sd, 0.0)
    )
    best_mean, best_log_var = datum / (1 + s**2), (s**2 / (1 + s**2)).log()
    evidence = densities.normal(zero, (1 + s**2).sqrt(), datum)
    reconstruction = oracles.normal_expectation(
        lambda z: densities.normal(z, s.expand_as(z), datum.expand_as(z)), m, (v / 2).exp()
    ).value
    kl = divergences.kl_normal_standard(m, v)
    return {
        "state": {"x": x, "mean": mean, "log_var": log_var, "noise_sd": noise_sd},
        "evidence": evidence.item(),
        "reconstruction": reconstruction.item(),
        "kl": kl.item(),
        "elbo": (reconstruction - kl).item(),
        "gap": divergences.kl_normal(m, v, best_mean, best_log_var).item(),
        "posterior": {"mean": best_mean.item(), "log_var": best_log_var.item()},
    }


def iwae_case(mu: float, sigma: float, k: int) -> dict:
    """Three estimates of one derivative, and the bound, by a finer rule than the page has."""

    def draw(eps: torch.Tensor, way: str) -> tuple[torch.Tensor, torch.Tensor]:
        z = mu + sigma * eps
        log_w = 0.5 * (eps**2 - z**2 - (1 - z) ** 2 - math.log(2 * math.pi)) + math.log(sigma)
        score = eps / sigma if way == "total" else 0
        return log_w, 1 - 2 * z + eps / sigma - score

    row = {"state": {"mu": mu, "sigma": sigma, "k": k}}
    for way, power in (("total", 1), ("path", 1), ("dreg", 2)):
        found = quadrature.shares(lambda eps, w=way: draw(eps, w), k, power=power, nodes=200)
        row[way] = {"mean": found.mean.value.item(), "sd": found.variance.value.sqrt().item()}
    row["bound"] = quadrature.log_mean(lambda eps: draw(eps, "path")[0], k, nodes=200).value.item()
    return row | {"wake": ends(mu, sigma)[1]}


def seed_case(gain: float, level_sd: float, pair_sd: float, df: int, pairing: str, n: int) -> dict:
    """Shares of repeated differences with the wrong sign: a normal tail, and Student's as an incomplete beta."""
    sd = level_sd * 2**0.5 if pairing == "apart" else pair_sd
    with mp.workdps(30):
        ratio = abs(mp.mpf(gain)) * mp.sqrt(n) / sd
        flip = float(mp.erfc(ratio / mp.sqrt(2)) / 2)
        doubt = float(
            mp.betainc(mp.mpf(df) / 2, mp.mpf(1) / 2, 0, df / (df + ratio**2), regularized=True) / 2
        )
    spreads = {"level_sd": level_sd, "level_df": df, "pair_sd": pair_sd, "pair_df": df}
    state = {"rows": [["a row", gain]], **spreads, "pairing": pairing, "n": n}
    return {"state": state, "sd": sd, "se": sd / n**0.5, "ratio": float(ratio), "flip": flip, "doubt": doubt}


def kl_case(mean: float, sigma: float, mean_p: float, sigma_p: float, direction: str) -> dict:
    """Integrate the positive part of the log ratio between the roots of its parabola."""
    q, p = (mean, sigma), (mean_p, sigma_p)
    (m, s), (other, wide) = (q, p) if direction == "q-p" else (p, q)

    def log_ratio(z: torch.Tensor) -> torch.Tensor:
        return ((z - other) / wide) ** 2 / 2 - ((z - m) / s) ** 2 / 2 + math.log(wide / s)

    halves = (0.5 / wide**2 - 0.5 / s**2, m / s**2 - other / wide**2)
    roots = np.roots([*halves, log_ratio(torch.zeros((), dtype=torch.float64)).item()])
    crossings = sorted(roots.real.tolist())
    above = oracles.normal_expectation(lambda z: log_ratio(z).relu(), m, s, breaks=crossings)
    both = [
        divergences.kl_normal(
            *(
                torch.tensor(v, dtype=torch.float64)
                for v in (a[0], 2 * math.log(a[1]), b[0], 2 * math.log(b[1]))
            )
        ).item()
        for a, b in ((q, p), (p, q))
    ]
    return {
        "state": {"mean": mean, "sigma": sigma, "mean_p": mean_p, "sigma_p": sigma_p, "direction": direction},
        "above": above.value.item(),
        "crossings": crossings,
        "kl": both,
    }


def tiny_case(params: list[float], estimator: str, seed: int) -> dict:
    """Average the package's estimator of the negative ELBO over the data; the bound itself by quadrature."""
    script = (Path(tiny_vae.__file__).parent / "model.js").read_text(encoding="utf-8")
    x = torch.tensor(json.loads(re.search(r"DATA = (\[.*?\])", script)[1]), dtype=torch.float64)
    a, b, v, w, k = leaves = [torch.tensor(p, dtype=torch.float64, requires_grad=True) for p in params]
    eps = noise.normal(x.shape, generator=generator(seed), dtype=torch.float64)
    wide = noise.rayleigh(x.shape, generator=generator(seed + 1), dtype=torch.float64)
    loc, scale = a * x + b, torch.exp(v / 2).expand_as(x)

    def log_likelihood(z: torch.Tensor, datum: torch.Tensor) -> torch.Tensor:
        return densities.normal(w * z + k, torch.full_like(z, 0.5), datum.expand_as(z))

    def cost(z: torch.Tensor) -> torch.Tensor:
        return -log_likelihood(z, x)

    surrogate, parts = {
        "pathwise": (estimators.pathwise_normal(cost), eps),
        "score": (estimators.score_function_normal(cost), eps),
        "baseline": (estimators.score_function_normal(cost, baseline=baselines.leave_one_out), eps),
        "measure-valued": (measure_valued.measure_valued_normal(cost), measure_valued.coupled(eps, wide)),
    }[estimator]
    kl = divergences.kl_normal_standard(loc, v.expand_as(x))
    grads = torch.autograd.grad((surrogate((loc, scale), parts) + kl).mean(), leaves)
    with torch.no_grad():
        reconstruction = [
            oracles.normal_expectation(lambda z, d=d: log_likelihood(z, d), m, scale[0]).value
            for m, d in zip(loc, x, strict=True)
        ]
    names = ("a", "b", "v", "w", "k")
    return {
        "params": dict(zip(names, params, strict=True)),
        "estimator": estimator,
        "eps": eps.tolist(),
        "wide": wide.tolist(),
        "grad": {name: g.item() for name, g in zip(names, grads, strict=True)},
        "elbo": (torch.stack(reconstruction) - kl.detach()).mean().item(),
        "best": densities.normal(x.mean().expand_as(x), x.std(correction=0).expand_as(x), x).mean().item(),
    }


def vae_case(x: float, encoder: list[float], decoder: list[float], eps: float, lr: float) -> dict:
    """Differentiate one step by autograd, down to every intermediate number."""
    datum, e = torch.tensor(x, dtype=torch.float64), torch.tensor(eps, dtype=torch.float64)
    params = {
        name: torch.tensor(value, dtype=torch.float64, requires_grad=True)
        for name, value in zip("abcdwk", [*encoder, *decoder], strict=True)
    }

    rules = {
        "mean": lambda a, b: a * datum + b,
        "log_var": lambda c, d: c * datum + d,
        "z": lambda mean, log_var: samplers.normal(mean, (log_var / 2).exp(), e),
        "xhat": lambda w, z, k: w * z + k,
        "reconstruction": lambda xhat: densities.normal(xhat, torch.ones_like(xhat), datum),
        "kl": lambda mean, log_var: divergences.kl_normal_standard(mean, log_var),
        "loss": lambda kl, reconstruction: kl - reconstruction,
    }

    def forward(**values: torch.Tensor) -> dict[str, torch.Tensor]:
        for name, rule in rules.items():
            values[name] = rule(**{key: values[key] for key in signature(rule).parameters})
        values["sigma"] = (values["log_var"] / 2).exp()
        values["elbo"] = values["reconstruction"] - values["kl"]
        return {name: value for name, value in values.items() if name not in params}

    before = forward(**params)
    wanted = {name: before[name] for name in ("xhat", "z", "mean", "log_var")} | params
    grads = torch.autograd.grad(before["loss"], list(wanted.values()), retain_graph=True)
    grad = {name: g.item() for name, g in zip(wanted, grads, strict=True)}
    moved = {name: value.detach() - lr * grad[name] for name, value in params.items()}

    links = {}  # one edge of the graph each: the loss's slope in its end, and the end's slope in its start
    for end, rule in rules.items():
        (above,) = torch.autograd.grad(before["loss"], before[end], retain_graph=True)
        inputs = {key: (before | params)[key].detach() for key in signature(rule).parameters}
        local = torch.func.grad(lambda given, rule=rule: rule(**given))(inputs)
        for start, slope in local.items():
            links[f"{end} {start}"] = {"above": above.item(), "local": slope.item()}

    def numbers(named: dict[str, torch.Tensor]) -> dict[str, float]:
        return {name: value.item() for name, value in named.items()}

    return {
        "state": {"x": x, "encoder": encoder, "decoder": decoder, "eps": eps, "lr": lr},
        "links": links,
        "params": numbers(params),
        "before": numbers(before),
        "grad": grad,
        "moved": numbers(moved),
        "after": numbers(forward(**moved)),
    }


def three_case(cost: str, baseline: str, k: float, mu: float, sigma: float, offset: float) -> dict:
    """Integrate each estimator over its noise, and apply it to a few draws of it."""
    f = {
        "square": lambda z: (z - k) ** 2 + offset,
        "bump": lambda z: torch.exp(-k * z**2) + offset,
        "cosine": lambda z: torch.cos(k * z) + offset,
        "step": lambda z: (z > k).to(z) + 0 * z + offset,
    }[cost]
    jumps = [k] if cost == "step" else []
    gap = [(k - mu) / sigma] if jumps else []
    weight = {"none": lambda z: 0 * z, "mean": f, "best": lambda z: f(z) * ((z - mu) / sigma) ** 2}[baseline]
    constant = oracles.normal_expectation(weight, mu, sigma, breaks=jumps, nodes=400).value.item()
    here = tuple(torch.tensor(v, dtype=torch.float64) for v in (mu, sigma))
    ways = {
        "score": (estimators.score_function_normal(f, baseline=constant), ["normal"], lambda x: x[:, 0]),
        "pathwise": (estimators.pathwise_normal(f), ["normal"], lambda x: x[:, 0]),
        "measure": (
            measure_valued.measure_valued_normal(f),
            ["rayleigh"],
            lambda x: measure_valued.coupled(torch.zeros_like(x[:, 0]), x[:, 0]),
        ),
    }
    eps = noise.normal((5,), generator=generator(1), dtype=torch.float64)
    w = noise.rayleigh((5,), generator=generator(2), dtype=torch.float64)
    variance, draws = {}, {}
    for name, (surrogate, laws, arrange) in ways.items():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the path of a step is flat, and that is the lesson
            variance[name] = quadrature.moments(
                lambda x, s=surrogate, a=arrange: estimators.per_sample_grads(s, here, a(x))[0],
                laws,
                breaks=[abs(b) for b in gap] if laws == ["rayleigh"] else gap,
                nodes=400,
            ).variance.value.item()
            x = (w if laws == ["rayleigh"] else eps)[:, None]
            draws[name] = estimators.per_sample_grads(surrogate, here, arrange(x))[0].tolist()
    names = {"cost": cost, "baseline": baseline, "k": k, "mu": mu, "sigma": sigma, "offset": offset}
    return {
        "state": names,
        "eps": eps.tolist(),
        "w": w.tolist(),
        "gradient": oracles.normal_grad(f, mu, sigma, breaks=jumps, nodes=400)[0].value.item(),
        "constant": constant,
        "variance": variance,
        "estimates": draws,
    }


def inverse_case(family: str, theta: float, u: float) -> dict:
    """Return the sample at the noise ``u``, the density there, and the implicit gradient, by the package's samplers."""
    leaf = torch.tensor([theta], dtype=torch.float64, requires_grad=True)
    uniform = torch.full_like(leaf, u, requires_grad=False)
    zero, one = torch.zeros_like(uniform), torch.ones_like(uniform)
    if family == "poisson":
        mass = (
            torch.distributions.Poisson(leaf.detach()).log_prob(torch.arange(30, dtype=torch.float64)).exp()
        )
        return {
            "state": {"family": family, "theta": theta, "u": u},
            "z": int((mass.cumsum(0) < u).sum()),
            "p": 0,
            "slope": 0,
        }
    if family == "mixture":
        share = leaf / (1 + leaf)

        def cdf(t: torch.Tensor, z: torch.Tensor) -> torch.Tensor:
            left, right = (torch.special.ndtr((z - m) / 0.5) for m in (-1.5, 1.5))
            return (left + t * right) / (1 + t)

        low, high = zero - 9, zero + 9
        for _ in range(80):
            middle = (low + high) / 2
            above = cdf(leaf.detach(), middle) > u
            low, high = torch.where(above, low, middle), torch.where(above, middle, high)
        z = implicit.attach(cdf, (leaf,), low)
        parts = [densities.normal(zero + m, zero + 0.5, z.detach()).exp() for m in (-1.5, 1.5)]
        p = (1 - share) * parts[0] + share * parts[1]
    elif family in ("exponential", "gamma"):
        z = (
            samplers.exponential(leaf, uniform)
            if family == "exponential"
            else implicit.gamma(leaf, one, uniform)
        )
        p = (
            densities.exponential(leaf, z.detach()).exp()
            if family == "exponential"
            else torch.distributions.Gamma(leaf, one).log_prob(z.detach()).exp()
        )
    else:
        z = getattr(samplers, family)(
            zero, leaf, torch.special.ndtri(uniform) if family == "normal" else uniform
        )
        p = getattr(densities, family)(zero, leaf, z.detach()).exp()
    (slope,) = torch.autograd.grad(z.sum(), leaf)
    return {
        "state": {"family": family, "theta": theta, "u": u},
        "z": z.item(),
        "p": p.item(),
        "slope": slope.item(),
    }


def gate_case(log_alpha: float, beta: float, gamma: float, zeta: float, seed: int) -> dict:
    """Draw gates at given uniforms; the density is the derivative of the distribution function by autograd."""
    u = noise.uniform((9,), generator=generator(seed), dtype=torch.float64)
    a = torch.tensor(log_alpha, dtype=torch.float64)
    options = {"beta": beta, "gamma": gamma, "zeta": zeta}
    at = torch.linspace(0, 1, 7, dtype=torch.float64).requires_grad_()
    cdf = torch.sigmoid(beta * torch.logit((at - gamma) / (zeta - gamma)) - a)
    masses = samplers.hard_concrete_probs(a, **options)._asdict()
    return {
        "state": {"log_alpha": log_alpha, **options},
        "u": u.tolist(),
        "z": samplers.hard_concrete(a.expand_as(u), u, **options).tolist(),
        "masses": {name: p.item() for name, p in masses.items()},
        "at": at.tolist(),
        "density": torch.autograd.grad(cdf.sum(), at)[0].tolist(),
        "evaluation": (a.sigmoid() * (zeta - gamma) + gamma).clamp(0, 1).item(),
    }


def top_k_case(logits: list[float], k: int, seed: int) -> dict:
    """Race for k places; the law of a set is the sum over its orders."""
    g = noise.gumbel((11, len(logits)), generator=generator(seed), dtype=torch.float64)
    row = torch.tensor(logits, dtype=torch.float64)
    listed = orders.ordered_subsets(len(logits), k)
    law = orders.plackett_luce(row.expand(len(listed), -1), listed).exp()
    sets: dict[str, float] = {}
    for order, p in zip(listed.sort(-1).values.tolist(), law.tolist(), strict=True):
        name = ",".join(map(str, order))
        sets[name] = sets.get(name, 0.0) + p
    return {
        "logits": logits,
        "k": k,
        "g": g.flatten().tolist(),
        "orders": samplers.gumbel_top_k(row.expand_as(g), g, k=k).tolist(),
        "times": torch.exp(-row - g[-1]).tolist(),
        "ordered": {",".join(map(str, o)): p for o, p in zip(listed.tolist(), law.tolist(), strict=True)},
        "sets": sets,
        "repeats": 1 - row.softmax(-1)[listed].prod(-1).sum().item(),
    }


def sinkhorn_case(tau: float, n_iters: int, seed: int) -> dict:
    """Iterate on random scores; the best matching by adding up all permutation matrices."""
    scores = 2 * noise.normal((5, 5), generator=generator(seed), dtype=torch.float64).clamp(-2.5, 2.5)
    g = noise.gumbel((5, 5), generator=generator(seed + 100), dtype=torch.float64)
    totals = (orders.permutations(5) * (scores + g)).sum((-1, -2))
    y = samplers.gumbel_sinkhorn(scores, g, tau=tau, n_iters=n_iters)
    return {
        "scores": scores.tolist(),
        "g": g.flatten().tolist(),
        "tau": tau,
        "n_iters": n_iters,
        "y": y.tolist(),
        "rowSums": y.sum(-1).tolist(),
        "columns": orders.permutations(5)[totals.argmax()].argmax(-1).tolist(),
        "total": totals.max().item(),
        "lead": -totals.topk(2).values.diff().item(),
    }


def arena_case(
    cost: str, logits: list[float], rewards: list[float], offset: float, tau: float, n: int
) -> dict:
    """Apply the package's estimators to a few draws; variances by enumerating one draw, or all n of them."""
    row, r = (torch.tensor(values, dtype=torch.float64) for values in (logits, rewards))
    f = {
        "linear": lambda z: z @ r + offset,
        "target": lambda z: (z - torch.eye(len(r), dtype=z.dtype)[0]).square().sum(-1) + offset,
        "toy": lambda z: (z[..., 0] - 0.45) ** 2 + offset,
    }[cost]
    corners, p = oracles.outcomes(1, len(row))[:, 0], row.softmax(-1)
    gradient = oracles.exact_grad(f, row)
    constant = baselines.optimal(f(corners), p.sqrt()[:, None] * (corners - p)).item()
    ways = {
        "score": estimators.score_function_categorical(f),
        "best": estimators.score_function_categorical(f, baseline=constant),
        "loo": estimators.score_function_categorical(f, baseline=baselines.leave_one_out),
        "relaxed": estimators.relaxed(f, tau=tau),
        "through": estimators.straight_through(f, tau=tau),
        "rebar": control_variates.rebar(f, tau=tau, eta=1.0),
    }
    both = noise.gumbel((7, 2, len(row)), generator=generator(n), dtype=torch.float64)
    draws = {
        name: estimators.per_sample_grads(surrogate, row, both if name == "rebar" else both[:, 0])
        for name, surrogate in ways.items()
    }

    def spread(means: torch.Tensor, chance: torch.Tensor) -> float:
        return (chance @ (means - gradient).square().sum(-1)).item()

    forced = 1e3 * corners  # noise that makes each class win
    every = oracles.outcomes(n, len(row))
    together = [estimators.per_sample_grads(ways["loo"], row, 1e3 * z).mean(0) for z in every]
    one = {name: estimators.per_sample_grads(ways[name], row, forced) for name in ("score", "best")}
    variance = {name: spread(grads, p) / n for name, grads in one.items()}
    return {
        "state": {"cost": cost, "logits": logits, "rewards": rewards, "offset": offset, "tau": tau, "n": n},
        "g": both[:, 0].flatten().tolist(),
        "v": both[:, 1].flatten().tolist(),
        "gradient": gradient.tolist(),
        "constant": constant,
        "variance": variance | {"loo": spread(torch.stack(together), (every @ p).prod(-1))},
        "draws": {name: grads.flatten().tolist() for name, grads in draws.items()},
    }


def schedule_case(shape: str, start: float, end: float, share: float) -> dict:
    """Follow the package's schedule along the run; as text it must mean the same."""
    ramp = schedules.constant(end) if shape == "constant" else getattr(schedules, shape)(start, end)
    whole = ramp if share == 1 else schedules.then(ramp, schedules.constant(end), at=share)
    at = [k / 40 for k in range(41)]
    return {
        "state": {"shape": shape, "start": start, "end": end, "share": share},
        "at": at,
        "value": [whole(p) for p in at],
        "mean": sum(whole((k + 0.5) / 200) for k in range(200)) / 200,
    }


def replay_case(side: int, count: int, epochs: list[int], with_originals: bool, seed: int) -> dict:
    """Pack pictures as the widget does; the page must find the same bytes at every epoch."""
    g = generator(seed)
    pictures = {k: torch.rand(count, side**2, generator=g, dtype=torch.float64) for k in epochs}
    originals = torch.rand(count, side**2, generator=g, dtype=torch.float64) if with_originals else None
    terms = [{"elbo": -30.0 + k, "reconstruction": -28.0 + 1.5 * k, "kl": 2.0 + 0.5 * k} for k in range(6)]
    widget = TrainingReplay(terms, pictures, originals)
    names = (
        "epoch",
        "elbo",
        "reconstruction",
        "kl",
        "side",
        "count",
        "frames",
        "packed",
        "originals",
        "name",
    )

    def as_bytes(x: torch.Tensor) -> list[int]:
        return (x.flatten() * 255).round().int().tolist()

    return {
        "state": {name: getattr(widget, name) for name in names},
        "from": [max(k for k in epochs if k <= epoch) for epoch in range(1, 7)],
        "sheets": [as_bytes(pictures[k]) for k in sorted(epochs)],
        "target": as_bytes(originals) if with_originals else [],
    }


def diffusion_case(log_snr: float, x0: float, eps: float) -> dict:
    """Diffuse a point, guess its noise, and integrate the guess for the floor, by the package."""
    f64 = torch.float64
    weights, centres = (torch.tensor(row, dtype=f64) for row in (WEIGHTS, CENTRES))
    mixture = weights.log(), centres[:, None], torch.full((2, 1), WIDTH, dtype=f64)
    alpha, sigma = diffusion.signal(log_snr)
    v = alpha**2 * WIDTH**2 + sigma**2

    def guess(x: torch.Tensor) -> torch.Tensor:
        return diffusion.mixture_denoiser(x[:, None], *mixture, log_snr=log_snr)[:, 0]

    x = diffusion.diffuse(*(torch.tensor([value], dtype=f64) for value in (x0, eps)), log_snr=log_snr)
    parts = [
        oracles.normal_expectation(lambda t: guess(t) ** 2, (alpha * m).item(), v.sqrt().item(), nodes=800)
        for m in centres
    ]
    assert all(part.error < 1e-10 for part in parts)
    best = guess(x)
    each = densities.normal(alpha * centres, v.sqrt().expand(2), x.expand(2))
    return {
        "state": {"log_snr": log_snr, "x0": x0, "eps": eps},
        "x": x.item(),
        "guess": best.item(),
        "back": ((x - sigma * best) / alpha).item(),
        "error": ((eps - best) ** 2).item(),
        "floor": 1 - sum(w * part.value for w, part in zip(weights, parts, strict=True)).item(),
        "density": (weights * each.exp()).sum().item(),
    }


def landing_case(line: str, t: float, z: float) -> dict:
    """Differentiate one log-weight along the line, total and path; the exact mean integrates over the noise."""
    a, b = landing.LINES[line]
    f64 = torch.float64

    def slope(eps: torch.Tensor, gradient: str) -> tuple[torch.Tensor, torch.Tensor]:
        at = torch.full((len(eps),), t, dtype=f64, requires_grad=True)
        log_w = path.log_weights(
            lambda z: densities.normal(torch.zeros_like(z), torch.ones_like(z), z).sum(-1),
            (a * at)[:, None],
            (2 * b * at)[:, None],
            eps[None, :, None],
            gradient=gradient,
        )
        return torch.autograd.grad(log_w.sum(), at)[0], log_w[0].detach()

    sigma = math.exp(b * t)
    eps = torch.tensor([(z - a * t) / sigma], dtype=f64)
    (total, height), (by_path, _) = slope(eps, "total"), slope(eps, "path")
    point = torch.tensor(z, dtype=f64, requires_grad=True)
    one = torch.ones((), dtype=f64)
    surface = densities.normal(0 * one, one, point) - densities.normal(a * t * one, sigma * one, point)
    exact = quadrature.hermite(lambda e: slope(e[:, 0], "path")[0])
    assert exact.error < 1e-12
    return {
        "state": {"line": line, "t": t, "z": z},
        "slopes": {
            "height": height.item(),
            "in_z": torch.autograd.grad(surface, point)[0].item(),
            "path": by_path.item(),
            "score": (by_path - total).item(),
            "exact": exact.value.item(),
        },
    }


def fit_case(
    target: str, estimator: str, lr: float, start: tuple[list[float], list[float]], seed: int
) -> dict:
    """Climb the bound by the package's gradients, one draw a step; torch knows the divergence."""
    f64 = torch.float64
    p = MultivariateNormal(*(torch.tensor(value, dtype=f64) for value in TARGETS[target]))
    mu, rho = (torch.tensor(values, dtype=f64) for values in start)
    eps = noise.normal((7, len(mu)), generator=generator(seed), dtype=f64)

    def slopes(e: torch.Tensor, gradient: str) -> tuple[torch.Tensor, ...]:
        leaves = [value.clone().requires_grad_() for value in (mu, rho)]
        log_w = path.log_weights(p.log_prob, leaves[0], 2 * leaves[1], e[None], gradient=gradient)
        return torch.autograd.grad(log_w.sum(), leaves)

    def apart(m: torch.Tensor, r: torch.Tensor) -> float:
        return kl_divergence(MultivariateNormal(m, r.mul(2).exp().diag()), p).item()

    steps, gaps = [{"mu": mu.tolist(), "rho": rho.tolist()}], [apart(mu, rho)]
    for e in eps:
        whole = slopes(e, "total" if estimator == "score" else estimator)
        if estimator == "score":  # what the path derivative leaves out
            whole = [t - d for t, d in zip(whole, slopes(e, "path"), strict=True)]
        mu, rho = mu + lr * whole[0], rho + lr * whole[1]
        steps.append({"mu": mu.tolist(), "rho": rho.tolist()})
        gaps.append(apart(mu, rho))
    return {
        "target": target,
        "estimator": estimator,
        "lr": lr,
        "start": steps[0],
        "eps": eps.tolist(),
        "path": steps,
        "kl": gaps,
        "floor": apart(p.mean, -0.5 * p.precision_matrix.diag().log()),
    }


def cases() -> dict[str, list[dict]]:
    """Return every golden case, by the name of its file."""
    points = [(0.5, 1.0), (-1.3, 0.4), (3.0, 3.0), (0.0, 0.1)]
    logits = [[1.0, 0.3, -0.5], [0.0, 0.0, 0.0], [4.0, -4.0, 2.0]]
    return {
        "inverse_cdf": [
            inverse_case(family, theta, u)
            for family in InverseCdf.family.allowed
            for theta, u in [(0.4, 0.02), (1.0, 0.5), (1.2, 0.7), (2.5, 0.98), (0.7, 0.31)]
        ],
        "diffusion_step": [
            diffusion_case(*state)
            for state in [
                (1.0, 0.8, -1.0),
                (-6.0, 2.0, 3.0),
                (6.0, -2.0, -3.0),
                (0.0, -1.2, 0.0),
                (2.5, 0.3, 1.7),
                (-3.0, -0.5, 0.4),
            ]
        ],
        "gaussian_node": [
            gaussian_case(cost, estimator, mu, sigma, seed)
            for cost in COSTS
            for estimator in ("pathwise", "score")
            for seed, (mu, sigma) in enumerate(points)
        ],
        "gumbel_simplex": [
            simplex_case(row, tau, seed) for seed, row in enumerate(logits) for tau in (0.05, 0.5, 1.0, 10.0)
        ],
        "gumbel_race": [
            race_case(row, law, seed)
            for seed, row in enumerate(
                [[1.0, 0.5, 0.0, -1.0], [0.0, 0.0, 0.0, 0.0], [3.0, -3.0, 2.0, -0.5], [-3.0, 3.0, 3.0, -3.0]]
            )
            for law in ("gumbel", "normal")
        ],
        "top_k_race": [
            top_k_case(row, k, k)
            for row in ([1.0, 0.5, 0.0, -1.0], [3.0, -3.0, 2.0, -0.5, 0.0], [0.0, 0.0, 0.0, 0.0, 0.0])
            for k in (1, 2, 3)
        ],
        "sinkhorn": [
            sinkhorn_case(tau, n_iters, seed)
            for seed, (tau, n_iters) in enumerate(
                [(0.5, 10), (0.05, 40), (5.0, 1), (0.05, 1), (1.0, 3), (0.2, 25)]
            )
        ],
        "hard_concrete_gate": [
            gate_case(*state, seed)
            for seed, state in enumerate(
                [
                    (0.0, 2 / 3, -0.1, 1.1),
                    (-5.0, 0.1, -0.3, 1.01),
                    (5.0, 3.0, -0.01, 1.3),
                    (1.3, 0.5, -0.2, 1.05),
                ]
            )
        ],
        "decoder": [
            decoder_case(activation, precision, widths, seed)
            for seed, (activation, precision, widths) in enumerate(
                [
                    ("relu", "float32", [5, 4]),
                    ("tanh", "float16", [3, 5, 9]),
                    ("silu", "float32", [4, 4]),
                    ("softplus", "float16", [4, 4]),
                    ("relu", "float32", [16]),
                    ("tanh", "int8", [7, 5, 4]),
                    ("relu", "int8", [3, 9]),
                ]
            )
        ],
        "vae_step": [
            vae_case(x, encoder, decoder, eps, lr)
            for x, encoder, decoder, eps, lr in [
                (1.0, [0.6, 0.1, -0.4, -0.2], [0.8, 0.1], 0.5, 0.1),
                (2.0, [0.4, 0.2, -0.5, 0.0], [1.2, 0.3], -0.5, 0.1),
                (-3.0, [0.5, -1.0, 0.3, 0.7], [-0.9, 2.0], -3.0, 0.01),
                (0.0, [1.0, 0.0, 1.0, 0.0], [1.0, 0.0], 0.0, 1.0),
                (2.5, [-1.1, 0.4, 0.2, -3.0], [0.0, -1.5], 2.1, 0.25),
                (-0.7, [0.3, 0.2, -0.1, 0.6], [1.4, -0.2], 1.3, 0.05),
            ]
        ],
        "estimator_arena": [
            arena_case(cost, *state)
            for cost in ("linear", "target", "toy")
            for state in [
                ([0.3, -0.3], [1.0, 0.0], 0.0, 0.5, 4),
                ([1.0, 0.3, -0.5, 0.0], [0.4, -1.2, 0.7, 2.0], 5.0, 1.0, 3),
                (
                    [2.0, -3.0, 0.1, 0.0, 1.0, -1.0, 0.5, 0.2],
                    [1.0, 2.0, 0.0, -1.0, 0.5, 0.3, 0.9, -2.0],
                    -10.0,
                    0.05,
                    2,
                ),
            ]
        ],
        "schedule_explorer": [
            schedule_case(shape, *state)
            for shape in ("constant", "linear", "exponential", "cosine")
            for state in [(1.0, 0.5, 1.0), (0.05, 5.0, 0.3), (4.0, 0.01, 0.05), (2.0, 2.0, 0.65)]
        ],
        "training_replay": [
            replay_case(2, 1, [1], False, 0),
            replay_case(3, 7, [0, 2, 5], True, 1),
            replay_case(8, 2, [1, 2, 3, 6], True, 2),
        ],
        "landing_surface": [
            landing_case(line, *point)
            for line in landing.LINES
            for point in [(0.6, -0.8), (0.0, 1.3), (-1.0, 3.0), (1.0, -3.0), (-0.4, 0.2)]
        ],
        "fit_q": [
            fit_case(
                target, estimator, 0.05, (mu[: len(TARGETS[target][0])], rho[: len(TARGETS[target][0])]), k
            )
            for target in TARGETS
            for estimator in ("path", "total", "score")
            for k, (mu, rho) in enumerate([([-1.5, 1.2], [0.4, 0.4]), ([0.5, -0.4], [-1.2, 0.1])])
        ],
        "elbo_gap": [
            elbo_case(*state)
            for state in [
                (1.0, -0.5, 0.5, 1.0),
                (0.0, 0.0, 0.0, 1.0),
                (3.0, -3.0, 2.0, 0.2),
                (-3.0, 3.0, -4.0, 0.2),
                (-2.2, 1.4, -1.3, 3.0),
                (1.0, 0.5, -0.6931471805599453, 1.0),
                (0.37, 0.3, -0.7, 0.5),
            ]
        ],
        "iwae_bias": [
            iwae_case(*state)
            for state in [
                (0.2, 0.9, 1),
                (0.2, 0.9, 2),
                (0.2, 0.9, 5),
                (0.2, 0.9, 50),
                (-1.5, 0.3, 100),
                (2.5, 0.7, 3),
                (0.5, 0.8, 10),
                (0.8, 1.1, 20),
            ]
        ],
        "seed_table": [
            seed_case(*state)
            for state in [
                (0.36, 0.1, 0.12, 20, "apart", 1),
                (0.36, 0.1, 0.12, 20, "paired", 1),
                (-0.13, 0.09, 0.05, 1, "apart", 3),
                (0.14, 0.2, 0.3, 3, "paired", 5),
                (2.34, 0.5, 0.9, 2, "apart", 2),
                (0.02, 0.3, 0.01, 7, "apart", 30),
                (0.0, 0.1, 0.1, 5, "apart", 4),
                (5.0, 0.1, 0.001, 1000, "paired", 30),
            ]
        ],
        "kl_explorer": [
            kl_case(*state, direction)
            for direction in ("q-p", "p-q")
            for state in [
                (0.8, 0.6, 0.0, 1.0),
                (-3.0, 0.2, 3.0, 2.0),
                (1.0, 0.7, -1.0, 0.7),
                (0.5, 0.5, 0.5, 1.5),
                (0.01, 1.0, 0.0, 1.01),
            ]
        ],
        "tiny_vae": [
            tiny_case(params, estimator, seed)
            for estimator in ("pathwise", "score", "baseline", "measure-valued")
            for seed, params in enumerate([[0.0, 0.0, 0.0, 0.5, -1.0], [0.6, -0.3, -2.2, 1.45, 0.5]])
        ],
        "three_gradients": [
            three_case(cost, baseline, *state)
            for cost in ("square", "bump", "cosine", "step")
            for baseline, state in [
                ("none", (1.0, 0.5, 1.0, 0.0)),
                ("mean", (3.0, -0.8, 0.4, 2.5)),
                ("best", (10.0, 3.0, 2.0, -10.0)),
                ("best", (0.1, 0.0, 0.1, 10.0)),
                ("none", (10.0, 0.4, 2.0, 0.0)),
            ]
        ],
    }


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name, rows in cases().items():
        lines = ",\n".join(json.dumps(row) for row in rows)
        (FOLDER / f"{name}.json").write_text(f"[\n{lines}\n]\n", encoding="utf-8")
