"""classroom/bank: every answer found a second way, no slip mistaken for an answer, the same seed the same sheet."""

import importlib.util
import math
import sys
import xml.etree.ElementTree as ElementTree
from itertools import combinations, product
from pathlib import Path

import pytest
import torch

from reparam import oracles

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "classroom"))

import bank  # noqa: E402

_spec = importlib.util.spec_from_file_location("questions", ROOT / "classroom" / "questions.py")
questions = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(questions)

NAMES = sorted(bank.TEMPLATES)


def slope(f, x, h=1e-4):
    """A central difference of fourth order."""
    return (8 * (f(x + h) - f(x - h)) - (f(x + 2 * h) - f(x - 2 * h))) / (12 * h)


def mean(f, mu=0.0, sigma=1.0, **options):
    return oracles.normal_expectation(f, mu, sigma, **options).value.item()


def spread(f, **options):
    return mean(lambda e: f(e) ** 2, **options) - mean(f, **options) ** 2


def log_normal(z, m, v):
    return -((z - m) ** 2) / (2 * v) - 0.5 * math.log(2 * math.pi * v)


def choice_mean(logits, f):
    """A mean over classes, summed by hand."""
    weight = [math.exp(v) for v in logits]
    return sum(w * f(k) for k, w in enumerate(weight)) / sum(weight)


def race(rates, f):
    """An integral over the time t at which some clock rings first, on a grid that the tails do not miss."""
    t = torch.linspace(0, 40 / sum(rates), 200_001, dtype=torch.float64)
    return torch.trapezoid(f(t) * torch.exp(-sum(rates) * t), t).item()


def gumbel_max_mean(logits):
    t = torch.linspace(-10, 60, 100_001, dtype=torch.float64)
    cdf = torch.exp(-sum(math.exp(v) * torch.exp(-t) for v in logits))
    return 60 - torch.trapezoid(cdf, t).item()  # an expectation is the integral of 1 - F, from where F is 0


def winner_of_weights(w):
    """Class 0 of argmax(w + g): the law of its noise against the others' distribution functions."""
    t = torch.linspace(-12, 60, 200_001, dtype=torch.float64)
    density = torch.exp(-(t - w[0]) - torch.exp(-(t - w[0])))
    others = math.prod(torch.exp(-torch.exp(-(t - v))) for v in w[1:])
    return torch.trapezoid(density * others, t).item()


def cold(p, high, tau):
    """tau times the exact total variance at a temperature where the limit is reached, over tau."""
    d, very = math.log(p / (1 - p)), 1e-4

    def squared(u):
        y = torch.sigmoid((d + torch.logit(u[:, 0])) / very)
        return (high * y * (1 - y) / very) ** 2

    cut = 1 / (1 + math.exp(d))
    second = oracles.uniform_expectation(
        squared, nodes=200, breaks=[cut - 2e-3, cut, cut + 2e-3]
    ).value.item()
    first = high * p * (1 - p)  # the bias vanishes with tau
    return 2 * (second - first**2) * very / tau


def left_in(rho, variance):
    """The smallest variance of a - c b over c, for two numbers on four equally likely points."""
    a = [math.sqrt(variance) * (rho * s + math.sqrt(1 - rho**2) * t) for s, t in product((-1, 1), repeat=2)]
    b = [s for s, _ in product((-1, 1), repeat=2)]
    curve = [sum((x - c * y) ** 2 for x, y in zip(a, b, strict=True)) / 4 for c in (-1.0, 0.0, 1.0)]
    bend, tilt = (curve[0] + curve[2]) / 2 - curve[1], (curve[2] - curve[0]) / 2
    return curve[1] - tilt**2 / (4 * bend)


def own_baseline(n, g):
    """Enumerate n coins: the mean of the estimate, for rewards that make the true gradient g."""
    reward = (0.0, 4 * g)  # p (1 - p) (r1 - r0) = g for a fair coin
    total = 0.0
    for coins in product((0, 1), repeat=n):
        costs = [reward[c] for c in coins]
        total += sum((c - sum(costs) / n) * (z - 0.5) for c, z in zip(costs, coins, strict=True)) / n
    return total / 2**n


def least_share(q, p):
    """The c that minimises the variance of -z/p + c eps/sigma, from three variances."""
    s = math.sqrt(q)
    low, here, high = (spread(lambda e, c=c: -(1 + s * e) / p + c * e / s) for c in (-1.0, 0.0, 1.0))
    return (low - high) / (2 * (low + high - 2 * here))


def grad_at(f, values, index):
    """A derivative by autograd, from a program that says what the question says."""
    leaves = [torch.tensor(float(v), dtype=torch.float64, requires_grad=True) for v in values]
    f(*leaves).backward()
    return leaves[index].grad.item()


def straight_through(y, tau, t):
    a = torch.tensor(tau * math.log(y / (1 - y)), dtype=torch.float64, requires_grad=True)
    soft = torch.sigmoid(a / tau)
    ((1 + soft - soft.detach()) - t).square().backward()
    return a.grad.item()


def loss_by_hand(x, eps):
    return lambda mu, v: 0.5 * (x - mu - torch.exp(v / 2) * eps) ** 2 + 0.5 * (mu**2 + torch.exp(v) - 1 - v)


SECOND = {
    "square_by_sigma": lambda mu, sigma, a: oracles.normal_grad(lambda z: (z - a) ** 2, mu, sigma)[
        1
    ].value.item(),
    "cube_by_mu": lambda mu, sigma: oracles.normal_grad(lambda z: z**3, mu, sigma)[0].value.item(),
    "pathwise_one_draw": lambda mu, sigma, eps, a: slope(lambda s: (mu + s * eps - a) ** 2, sigma),
    "score_one_draw": lambda mu, sigma, eps: (
        (mu + sigma * eps) ** 2 * slope(lambda m: log_normal(mu + sigma * eps, m, sigma**2), mu)
    ),
    "sample_from_log_var": lambda mu, log_var, eps: mu + math.sqrt(math.exp(log_var)) * eps,
    "step_by_mu": lambda mu, sigma: oracles.normal_grad(
        lambda z: 0.5 + 0.5 * torch.sign(z), mu, sigma, breaks=[0.0]
    )[0].value.item(),
    "redrawn_noise": lambda sigma, n, h: math.sqrt(2 * spread(lambda e: sigma * e) / n) / (2 * h),
    "wave_ratio": lambda k, sigma: (
        spread(lambda e: k * torch.sin(k * sigma * e), nodes=400)
        / spread(lambda e: torch.cos(k * sigma * e) * e / sigma, nodes=400)
    ),
    "own_cost_in_the_baseline": own_baseline,
    "first_to_ring": lambda rates: race(rates, lambda t: rates[1] + 0 * t),
    "winning_time": lambda rates: race(rates, lambda t: sum(rates) * t),
    "height_of_the_win": gumbel_max_mean,
    "weights_outside_the_log": winner_of_weights,
    "soft_coordinate": lambda logits, g, tau: choice_mean(
        [(a + b) / tau for a, b in zip(logits, g, strict=True)], lambda k: k == 0
    ),
    "winner_at_any_temperature": lambda logits, tau: winner_of_weights(logits),
    "straight_through_slope": straight_through,
    "cold_variance": cold,
    "slope_of_a_coin": lambda p, low, high: slope(
        lambda x: choice_mean([x, 0], lambda k: (high, low)[k]), math.log(p / (1 - p))
    ),
    "categorical_gradient": lambda p, r: slope(
        lambda x: choice_mean([x, *map(math.log, p[1:])], lambda k: r[k]), math.log(p[0])
    ),
    "control_variate": left_in,
    "kl_to_the_prior": lambda mu, sigma: mean(
        lambda z: log_normal(z, mu, sigma**2) - log_normal(z, 0, 1), mu, sigma
    ),
    "kl_to_uniform": lambda p: choice_mean(map(math.log, p), lambda k: math.log(p[k] * len(p))),
    "gap_of_the_bound": lambda x, m, v: (
        log_normal(x, 0, 2)
        - mean(lambda z: log_normal(x, z, 1) + log_normal(z, 0, 1) - log_normal(z, m, v), m, math.sqrt(v))
    ),
    "beta_of_means": lambda pixels, latents: (
        grad_at(lambda r, k: r / pixels - k / latents, (1, 1), 1)
        / -grad_at(lambda r, k: r / pixels - k / latents, (1, 1), 0)
    ),
    "step_by_hand": lambda mu, sigma, eps, x: grad_at(loss_by_hand(x, eps), (mu, 2 * math.log(sigma)), 1),
    "bits_per_pixel": lambda nats, pixels: -math.log2(math.exp(-nats / pixels)),
    "importance_bound": lambda log_w: (
        log_w[0] + math.log(sum(math.exp(w - log_w[0]) for w in log_w) / 3) - sum(log_w) / 3
    ),
    "signal_of_a_diffusion": lambda log_snr, x, eps: (
        (x + eps * math.exp(-log_snr / 2)) / math.sqrt(1 + math.exp(-log_snr))
    ),
    "best_share": least_share,
    "total_at_the_posterior": lambda v, m: spread(lambda e: -((m + math.sqrt(v) * e) - m) / v, nodes=60),
    "path_variance": lambda q, p: spread(lambda e: -(1 + math.sqrt(q) * e) / p + e / math.sqrt(q)),
}


@pytest.fixture(scope="module")
def drawn():
    """200 questions of each template, drawn once."""
    return {name: [bank.draw(name, seed) for seed in range(200)] for name in NAMES}


def test_there_are_questions_on_every_part_and_each_has_a_second_oracle():
    assert len(NAMES) >= 20
    assert SECOND.keys() == set(NAMES)
    assert {part for part, _, _ in bank.TEMPLATES.values()} == set(bank.PARTS)
    for _, chapter, _ in bank.TEMPLATES.values():
        assert (ROOT / "chapters" / f"{chapter}.ipynb").exists()


@pytest.mark.parametrize("name", NAMES)
def test_an_answer_is_found_a_second_way(name, drawn):
    for question in drawn[name][:4]:
        tolerance = 5e-3 if name in ("cold_variance", "wave_ratio") else 1e-6  # these two ask for a limit
        assert SECOND[name](**question.given) == pytest.approx(question.answer, rel=tolerance, abs=1e-7), (
            question
        )


def test_no_slip_is_within_rounding_of_the_answer(drawn):
    for question in (q for some in drawn.values() for q in some):
        values = [question.answer, *(value for value, _ in question.slips)]
        shown = [float(bank.number(value)) for value in values]
        off = [abs(a - b) for a, b in zip(values, shown, strict=True)]
        assert len(values) >= 4, question
        for i, j in combinations(range(len(values)), 2):
            assert abs(shown[i] - shown[j]) > 4 * (off[i] + off[j]), question
        assert all(len(word) > 12 for _, word in question.slips)
        assert abs(shown[0] - question.answer) <= 0.005 * abs(question.answer) + 1e-9, question


def test_every_template_has_several_sets_of_numbers(drawn):
    for name, some in drawn.items():
        assert len({question.text for question in some}) >= 6, name


def test_same_seed_same_sheet_and_another_seed_another(drawn):
    one, two, other = (
        questions.draw_sheets(seed, 3, questions.choose(seed, 6, [])) for seed in ("7", "7", "8")
    )
    assert one == two != other
    assert len({str(some) for some in one.values()}) == 3


def test_a_sheet_its_key_and_its_quiz_agree():
    sheets = questions.draw_sheets("7", 2, NAMES)
    key = questions.key(sheets, "A class")
    for seed, some in sheets.items():
        sheet = questions.sheet(some, seed, "A class", choices=True)
        for question in some:
            answer = f"**{questions.letter(question, seed)}** {bank.number(question.answer)}"
            assert answer in sheet.split(question.text)[1].split("\n\n")[1].replace("   - ", "")
            assert answer in key
            assert question.working in key
        assert "Answer: ___" in questions.sheet(some, seed, "A class", choices=False)
    quiz = ElementTree.fromstring(questions.moodle(sheets))
    asked = [q for q in quiz if q.get("type") == "multichoice"]
    assert len(asked) == 2 * len(NAMES)
    assert all([a.get("fraction") for a in q.iter("answer")].count("100") == 1 for q in asked)


def test_choices_are_spread_over_the_chapters():
    names = questions.choose("1", 8, [])
    assert len({bank.TEMPLATES[name][1] for name in names}) == 8
    assert {bank.TEMPLATES[n][1] for n in questions.choose("1", 2, ["temperature"])} == {"temperature"}
    with pytest.raises(ValueError, match="choose: count must be 1 to 3"):
        questions.choose("1", 4, ["temperature"])
    with pytest.raises(ValueError, match="draw: name must be one of"):
        bank.draw("unknown", 0)
