"""Ten thousand calls: what is promised comes back, finite, or the promised error does; never a silent NaN.

``EXAMPLES`` are shared out evenly over the cases of ``cases.py``. One example in three is spoiled in one place (a NaN,
an infinity, another dtype or shape, no tensor at all, an option out of its range) and must be refused by a
sentence that names the function and the argument. The others must return what the case promises, without
NaN, the same for a contiguous copy of the arguments, with a gradient that is a number; infinite only where the
case allows it or where the same call in float64 exceeds the dtype's range.
"""

import importlib
import inspect
import math
import re
import warnings
from pathlib import Path

import pytest
import torch
from cases import CASES, NOT_FUZZED, OPTIONS
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from torch import Generator

import reparam

EXAMPLES = 10_000
EACH = math.ceil(EXAMPLES / len(CASES))
DTYPES = [torch.float32, torch.float64, torch.float16, torch.bfloat16]
LEADING = [(), (3,), (0,), (2, 3), (1, 1, 2), (400,), (2, 0)]
SIZES = {
    "K": [1, 2, 3, 70],
    "S": [1, 2, 5],
    "B": [1, 2, 3],
    "L": [1, 2, 4],
    "C": [1, 2, 3],
    "layers": [1, 2, 4],
}
REFUSALS = (TypeError, ValueError, FloatingPointError)


def sizes_of(shape, sizes):
    """Return the sizes of a shape such as ``"* K"``."""
    out = []
    for word in shape.split():
        if word == "*":
            out += sizes["*"]
        elif word.isdigit():
            out.append(int(word))
        elif word in ("LL", "KK"):
            out.append(2 * sizes[word[0]])
        elif word[-1].isdigit():  # "S2": at least two; "K3": three
            out.append(3 if word == "K3" else max(int(word[-1]), sizes[word[0]]))
        else:
            out.append(sizes[word])
    return tuple(out)


def values(kind, shape, level, gen):
    """Return float64 numbers of a kind: ordinary at level 0, at the ends of what is allowed above."""
    normal = torch.empty(shape, dtype=torch.float64).normal_(generator=gen)
    unit = torch.empty(shape, dtype=torch.float64).uniform_(generator=gen)
    if kind in ("real", "logits", "finite logits", "log_var"):
        z = normal * (1.0, 1e4, 1e-40, 0.0)[level]
        z = z.clamp(-1e4, 1e4)
        if kind == "logits" and level in (1, 2) and z.ndim and z.shape[-1] > 1:
            z[..., 1:] = torch.where(unit[..., 1:] < 0.3, -math.inf, z[..., 1:])
        return z
    if kind == "code":
        return normal * (1.0, 1e2, 1e-40, 0.0)[level]
    if kind == "log scale":
        return (normal * (1.0, 10.0, 1e-40, 0.0)[level]).clamp(-10, 10)
    if kind == "unit real":
        return normal.clamp(-2, 2) * (1.0, 1.0, 1e-40, 0.0)[level]
    if kind == "noise":
        return normal.clamp(-6, 6)
    if kind == "uniform":
        return unit.clamp(1e-3, 1 - 4e-3) if level != 1 else torch.where(unit < 0.5, 1e-4, 0.996).double()
    if kind in ("scale", "scale or 0"):
        z = (0.1 + unit) * (1.0, 1e4, 1e-3, 0.0 if kind == "scale or 0" else 1.0)[level]
        return z.clamp_max(1e4)
    if kind == "shape":
        return (0.2 + unit) * (1.0, 1e4, 0.6, 3.0)[level]
    if kind == "pixels":
        return (unit, unit.round(), unit * 0, unit * 0 + 1)[level]
    if kind == "bits":
        return unit.round()
    if kind == "one-hot":
        return torch.zeros(shape, dtype=torch.float64).index_fill_(-1, torch.tensor([0]), 1.0)
    if kind == "simplex":
        return (normal * (1.0, 3.0, 0.1, 0.0)[level]).softmax(-1)
    raise KeyError(kind)


def laid_out(t, layout):
    """Return the same numbers in memory of another order."""
    if layout == "transposed" and t.ndim > 1:
        return t.transpose(0, -1).contiguous().transpose(0, -1)
    if layout == "strided" and t.ndim:
        return torch.stack([t, t + 1], -1)[..., 0]
    if layout == "expanded" and t.ndim > 1 and len(t):
        return t[:1].expand_as(t)
    return t


def spoil(t, how):
    """Return what must not be accepted in place of ``t``; an empty tensor holds nothing that could be spoiled."""
    if how in ("nan", "inf") and t.numel():
        t = t.clone(memory_format=torch.contiguous_format)
        t.view(-1)[-1] = math.nan if how == "nan" else math.inf
    if how in ("nan", "inf") or not t.numel():
        return t
    if how == "shape":
        return torch.stack([t] * 7)  # no size that is drawn is 7
    return {"list": [t.tolist()], "int": t.nan_to_num(0, 1, 0).long(), "none": None, "text": "x"}[how]


def call_of(case, choose):
    """Choose the arguments of one call; and which of them is spoiled, if one is."""
    sizes = {"*": choose(LEADING[:5] if case.small else LEADING)}
    sizes |= {name: choose(among[:3] if case.small else among) for name, among in SIZES.items()}
    dtype, layout = choose(DTYPES), choose(["contiguous", "transposed", "strided", "expanded"])
    gen = Generator().manual_seed(choose(range(2**30)))
    tensors = {}
    for name, spec in case.args.items():
        kind, shape = (spec + " ").split(": ")
        t = values(kind, sizes_of(shape, sizes), choose([0, 0, 1, 2, 3]), gen)
        tensors[name] = laid_out(t.to(dtype), layout)
    options = {name: choose(OPTIONS[kind][0]) for name, kind in case.options.items()}
    wrong = choose([*tensors, *options]) if choose(range(3)) == 0 and (tensors or options) else None
    if wrong in options:
        options[wrong] = choose(OPTIONS[case.options[wrong]][1])
    elif wrong:
        hows = ["nan", "inf"] + ["shape"] * (len(tensors) > 1 and wrong != case.loose)
        how = choose(hows if wrong in case.encoded else [*hows, "list", "int", "none", "text"])
        tensors[wrong], wrong = spoil(tensors[wrong], how), wrong if tensors[wrong].numel() else None
    return tensors, options, wrong, sizes, dtype


@st.composite
def calls(draw, case):
    """Let hypothesis choose."""
    return call_of(case, lambda among: draw(st.sampled_from(among)))


def results(case, tensors, options):
    out = case.call(**tensors, **options)
    return out if isinstance(out, tuple) else () if out is None else (out,)


# A function may leave the words to the one that it calls, if that names the same argument, perhaps by its own name.
CALLEES = (
    "normal|gumbel_softmax|gumbel_max|gumbel_given|log_bernoulli|tame_log_var|codes|relax|score_function|signal|"
    "constant|exponential|per_sample_grads"
)
ALIASES = {
    "noise": "eps|g|v|z",
    "params": "logits|loc",
    "mean": "loc",
    "log_var": "scale",
    "log_scale": "scale",
    "g": "noise|v",
    "logits": "noise|g|params|mean",
    "text": "schedule|number|share|value|start",
}


def spoken(case, error, wrong):
    """Say whether the sentence names the function, and the argument that was spoiled."""
    head = re.match(rf"([a-z_]+\.)?({case.function}|{CALLEES}): (.+)", str(error), re.S)
    names = f"{wrong}|{ALIASES.get(wrong, wrong)}"
    return bool(head) and (wrong is None or re.search(rf"\b({names})\b", head[3]) is not None)


def expected_dtype(case, dtype, options):
    if case.dtype == "noise":
        return options["dtype"] or torch.get_default_dtype()
    if case.dtype == "wide":
        return torch.promote_types(dtype, torch.float32)
    return dtype if case.dtype == "same" else case.dtype


def check_values(case, tensors, options, sizes, dtype):
    leaves = {n: t.clone().requires_grad_(not case.args[n].startswith("noise")) for n, t in tensors.items()}
    out = results(case, leaves, options)
    if case.out or case.args:
        assert [tuple(v.shape) for v in out] == [sizes_of(shape, sizes) for shape in case.out]
    if case.dtype == "noise":
        assert tuple(out[0].shape) == tuple(options["shape"])
    if case.dtype != "own":
        wide = expected_dtype(case, dtype, options)
        assert all(v.dtype == wide or (case.dtype == "wide" and v.dtype == dtype) for v in out), [
            v.dtype for v in out
        ]
    assert not any(v.isnan().any() for v in out), "a silent NaN"
    copies = results(case, {n: t.contiguous() for n, t in tensors.items()}, options)
    if case.dtype != "noise":
        for a, b in zip(out, copies, strict=True):
            near = 1e-2 if dtype.itemsize == 2 else 1e-4
            torch.testing.assert_close(a, b, rtol=near, atol=near)
    if not case.infinite and not all(v.isfinite().all() for v in out):
        exact = results(case, {n: t.double() for n, t in tensors.items()}, options)
        for a, b in zip(out, exact, strict=True):
            beyond = b.abs() > 0.9 * torch.finfo(a.dtype).max
            assert (a.isfinite() | beyond.expand_as(a)).all(), "infinite, but the answer is not"
    slopes = [v.double().sum() for v in out if v.requires_grad]
    if slopes and dtype.itemsize > 2 and all(v.isfinite().all() for v in out):
        wanted = {name: leaf for name, leaf in leaves.items() if leaf.requires_grad}
        grads = torch.autograd.grad(sum(slopes), list(wanted.values()), allow_unused=True)
        for name, grad in zip(wanted, grads, strict=True):
            assert grad is None or not grad.isnan().any(), f"the gradient in {name} is NaN"


def check(case, tensors, options, wrong, sizes, dtype):
    """Make one call and hold it against what is promised."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        try:
            if wrong:
                out = results(case, tensors, options)
            else:
                check_values(case, tensors, options, sizes, dtype)
        except REFUSALS as error:
            said = error
        else:
            said = None
    half = case.may_refuse.startswith("half") and dtype == torch.float16
    if said is None:
        assert not wrong, f"accepted a bad {wrong}: {out}"
    elif wrong or case.may_refuse:
        assert half or not case.may_refuse.startswith("half") or wrong, f"refused: {said}"
        assert half or spoken(case, said, wrong), f"not the promised words on {wrong}: {said!r}"
    else:
        raise AssertionError(f"refused: {said}")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_call_keeps_its_promise_or_says_why_not(case):
    @settings(max_examples=EACH, derandomize=True, database=None, deadline=None,
              phases=[Phase.generate, Phase.shrink], suppress_health_check=list(HealthCheck))  # fmt: skip
    @given(calls(case))
    def one(call):
        check(case, *call)

    one()


def test_every_public_function_has_a_case():
    covered = {case.name for case in CASES} | NOT_FUZZED.keys()
    missing = []
    for path in sorted(Path(reparam.__file__).parent.glob("[a-z]*.py")):
        module = importlib.import_module(f"reparam.{path.stem}")
        own = [
            getattr(module, name) for name in getattr(module, "__all__", ()) if path.stem not in NOT_FUZZED
        ]
        functions = [f for f in own if inspect.isfunction(f) and f.__module__ == module.__name__]
        missing += [name for f in functions if (name := f"{path.stem}.{f.__name__}") not in covered]
    assert not missing, f"no fuzz case for {missing}"
    assert len(CASES) * EACH >= EXAMPLES
