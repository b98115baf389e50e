"""Say what is wrong with an argument, before any random draw.

Every check raises ``TypeError`` or ``ValueError`` with one sentence that names the
function, the argument, what it got and what is allowed; a check that passes returns
``None``. Checks that read values are skipped while ``torch.compile`` traces.
"""

import math
from collections.abc import Iterable
from numbers import Integral, Real

import torch
from torch import Tensor
from torch.distributions import Distribution

__all__ = [
    "NotFiniteError",
    "count",
    "finite",
    "logits",
    "number",
    "numbers",
    "one_of",
    "open_interval",
    "path",
    "pixels",
    "positive",
    "same_shape",
    "sampler",
    "scale",
    "tensor",
    "unit_interval",
]

WITHOUT_A_PATH = (
    "alternatives: score_function for any law with a log-probability, measure_valued_normal for normal noise "
    "and any cost, relaxed or straight_through for a choice among classes"
)


class NotFiniteError(FloatingPointError):
    """A model's output or a term of the objective became NaN or infinite."""


def tensor(function: str, name: str, value: object) -> None:
    """``value`` must be a floating-point tensor."""
    if not isinstance(value, Tensor):
        hint = f"torch.tensor({value!r})" if isinstance(value, list | tuple | float | int) else "a tensor"
        raise TypeError(f"{function}: {name} must be a tensor, got {type(value).__name__}; try {hint}")
    if not value.is_floating_point():
        raise TypeError(
            f"{function}: {name} must have a floating-point dtype, got {value.dtype}; try {name}.float()"
        )


def positive(function: str, name: str, value: object) -> None:
    """``value`` must be one finite number above zero (a 0-d tensor may carry a gradient).

    Numbers below 1.2e-38 count as zero, because float32 arithmetic would round them to it.
    """
    allowed = f"{function}: {name} must be one finite number > 0"
    if isinstance(value, Tensor):
        if value.ndim or not value.is_floating_point():
            raise TypeError(f"{allowed}, got a tensor of shape {tuple(value.shape)} and dtype {value.dtype}")
        if torch.compiler.is_compiling():
            return
        value = value.item()
    elif isinstance(value, bool) or not isinstance(value, Real):
        raise TypeError(f"{allowed}, got {value!r} of type {type(value).__name__}")
    try:
        number = float(value)
    except OverflowError:  # an int of 309 digits and more
        number = math.inf
    if not (math.isfinite(number) and number >= torch.finfo(torch.float32).tiny):
        raise ValueError(f"{allowed}, got {value!r}")


def count(function: str, name: str, value: object, *, at_least: int = 1) -> None:
    """``value`` must be a whole number ``>= at_least``."""
    allowed = f"{function}: {name} must be a whole number >= {at_least}"
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise TypeError(f"{allowed}, got {value!r} of type {type(value).__name__}")
    if value < at_least:
        raise ValueError(f"{allowed}, got {value!r}")


def number(function: str, name: str, value: object, *, at_least: float = -math.inf) -> None:
    """``value`` must be one finite number ``>= at_least``; a tensor is none."""
    allowed = f"{function}: {name} must be one finite number"
    allowed += "" if at_least == -math.inf else f" >= {at_least:g}"
    if isinstance(value, bool) or not isinstance(value, Real):
        raise TypeError(f"{allowed}, got {value!r} of type {type(value).__name__}")
    if not (math.isfinite(value) and value >= at_least):
        raise ValueError(f"{allowed}, got {value!r}")


def one_of(function: str, name: str, value: object, allowed: Iterable[str]) -> None:
    """``value`` must be one of the words ``allowed``."""
    if value not in (words := tuple(allowed)):
        raise ValueError(f"{function}: {name} must be one of {', '.join(words)}, got {value!r}")


def same_shape(function: str, **tensors: Tensor) -> None:
    """All tensors must share one shape and one device: nothing broadcasts silently."""
    (first, a), *rest = tensors.items()
    tensor(function, first, a)
    for name, b in rest:
        tensor(function, name, b)
        if a.shape != b.shape:
            raise ValueError(
                f"{function}: {first} and {name} must have the same shape, got {tuple(a.shape)} and "
                f"{tuple(b.shape)}; expand one of them explicitly"
            )
        if a.device != b.device:
            raise ValueError(
                f"{function}: {first} and {name} must be on one device, got {a.device} and {b.device}"
            )


def numbers(function: str, **tensors: Tensor) -> None:
    """Every entry of every argument must be a finite number; the message names the first that is not."""
    for name, value in tensors.items():
        tensor(function, name, value)
        # One sum is cheaper than a look at every entry, and usually settles it.
        if torch.compiler.is_compiling() or value.detach().sum().isfinite():
            continue
        broken = (~value.detach().isfinite()).nonzero()
        if len(broken):
            where = broken[0].tolist()
            got = value.detach()[tuple(where)].item()
            raise ValueError(f"{function}: {name} must be finite, got {got} at {where}")


def finite(function: str, **tensors: Tensor) -> None:
    """Computed tensors must be free of NaN and infinity, or training stops here."""
    if torch.compiler.is_compiling():
        return
    broken = [name for name, value in tensors.items() if not value.detach().isfinite().all()]
    if broken:
        raise NotFiniteError(f"{function}: not finite: {', '.join(broken)}; lower the learning rate?")


def logits(function: str, name: str, value: object) -> None:
    """``value`` must be ``[..., K]`` with ``K >= 1``; each row needs a finite largest entry.

    An entry of ``-inf`` is a class of probability zero and is welcome.
    """
    tensor(function, name, value)
    if value.ndim == 0 or value.shape[-1] == 0:
        raise ValueError(
            f"{function}: {name} must have shape [..., K] with K >= 1, got shape {tuple(value.shape)}"
        )
    # One reduction over everything is much cheaper than one over each short row, and usually settles it.
    if torch.compiler.is_compiling() or value.detach().sum().isfinite():
        return
    valid = value.detach().amax(-1).isfinite()
    if not valid.all():
        row = (~valid).nonzero()[0].tolist()
        entries = value.detach()[tuple(row)]
        got = str(entries[:8].tolist()) + ("" if len(entries) <= 8 else f" and {len(entries) - 8} more")
        raise ValueError(
            f"{function}: {name} needs a finite largest entry in every row (no NaN, no +inf, not all "
            f"-inf), got {got} in row {row}"
        )


def scale(function: str, name: str, value: object, *, zero: bool) -> None:
    """Entries of ``value`` must be finite and positive, or zero where ``zero`` is true."""
    tensor(function, name, value)
    if torch.compiler.is_compiling() or not value.numel():
        return
    low, high = (v.item() for v in value.detach().aminmax())
    if not (low >= 0 if zero else low > 0) or not math.isfinite(high):
        raise ValueError(
            f"{function}: {name} must be finite and {'>=' if zero else '>'} 0, got values from {low} to {high}"
        )


def unit_interval(function: str, name: str, value: object) -> None:
    """Entries of ``value`` must lie in [0, 1]; bytes and 0..255 are the usual slip."""
    if isinstance(value, Tensor) and value.dtype == torch.uint8:
        raise TypeError(f"{function}: {name} must be floating point in [0, 1], got uint8; divide by 255?")
    tensor(function, name, value)
    if torch.compiler.is_compiling() or not value.numel():
        return
    low, high = (v.item() for v in value.detach().aminmax())
    if not (low >= 0 and high <= 1):
        raise ValueError(
            f"{function}: {name} must lie in [0, 1], got values from {low} to {high}; divide by 255?"
        )


def pixels(function: str, name: str, value: object, dtype: torch.dtype) -> None:
    """``value`` must be ``[N, D]`` in [0, 1] and in a model's ``dtype``: 0..255 would binarise to all ones."""
    unit_interval(function, name, value)
    if value.dtype != dtype:
        raise TypeError(f"{function}: {name} must have the model's dtype {dtype}, got {value.dtype}")
    if value.ndim != 2 or not len(value):
        raise ValueError(
            f"{function}: {name} must have shape [N, D] with N >= 1, got shape {tuple(value.shape)}"
        )


def open_interval(function: str, name: str, value: object) -> None:
    """Entries of ``value`` must lie strictly between 0 and 1, as uniform noise for an inverse cdf must."""
    tensor(function, name, value)
    if torch.compiler.is_compiling() or not value.numel():
        return
    low, high = (v.item() for v in value.detach().aminmax())
    if not (low > 0 and high < 1):
        raise ValueError(
            f"{function}: {name} must lie strictly in (0, 1), got values from {low} to {high}; "
            "reparam.noise.uniform never draws the ends"
        )


def sampler(function: str, name: str, value: object) -> None:
    """``value`` must be a function of parameters and noise; a torch distribution draws noise of its own.

    Caught are a distribution, its class, and their methods.
    """
    owner = getattr(value, "__self__", value)
    law = owner if isinstance(owner, type) else type(owner)
    if not issubclass(law, Distribution):
        return
    wanted = (
        f"{function}: {name} must be a function (params, noise) -> z, got the distribution {law.__name__}"
    )
    if owner.has_rsample is False:
        raise ValueError(f"{wanted}, which has no rsample: no path leads to its parameters; {WITHOUT_A_PATH}")
    raise TypeError(f"{wanted}; write the sample out, as reparam.samplers and reparam.implicit do")


def path(function: str, name: str, z: object, params: Tensor | tuple[Tensor, ...]) -> None:
    """``z``, computed by the argument ``name``, must lead autograd back to ``params`` that want a gradient."""
    if not isinstance(z, Tensor):
        raise TypeError(f"{function}: {name} must return a tensor, got {type(z).__name__}")
    wanted = any(p.requires_grad for p in (params if isinstance(params, tuple) else (params,)))
    if wanted and torch.is_grad_enabled() and not z.requires_grad:
        raise ValueError(
            f"{function}: {name} must return a z that autograd can follow to params, got one that is cut off "
            f"(a hard choice, a draw without rsample, .detach()); {WITHOUT_A_PATH}"
        )
