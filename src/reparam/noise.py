"""The only module that draws: a shape and a generator in, a tensor of noise out.

Each function has the signature ``(shape, *, generator=None, dtype=None, device=None)`` and
returns independent draws of that shape. Noise is drawn in float32 or wider and cast
afterwards, because half-precision uniforms are exactly 0 about twice in a thousand draws.
"""

from collections.abc import Sequence

import torch
from torch import Generator, Tensor

from reparam import checks

__all__ = ["exponential", "gumbel", "maxwell", "normal", "rayleigh", "uniform"]


def _empty(
    function: str,
    shape: Sequence[int],
    generator: Generator | None,
    dtype: torch.dtype | None,
    device: torch.device | str | None,
) -> tuple[Tensor, torch.dtype]:
    """Allocate in the drawing precision and return it with the dtype to cast to."""
    if not isinstance(shape, Sequence):
        hint = f"; try ({shape},)" if isinstance(shape, int) else ""
        raise TypeError(f"{function}: shape must be a sequence of sizes, got {shape!r}{hint}")
    for size in shape:
        checks.count(function, "shape", size, at_least=0)
    dtype = dtype or torch.get_default_dtype()
    if not isinstance(dtype, torch.dtype) or not dtype.is_floating_point:
        raise TypeError(f"{function}: dtype must be a floating-point dtype, got {dtype!r}")
    if generator is not None and not isinstance(generator, Generator):
        raise TypeError(f"{function}: generator must be a torch.Generator, got {type(generator).__name__}")
    if device is None:
        device = generator.device if generator is not None else torch.get_default_device()
    device = torch.device(device)
    if device.type == "cuda" and not torch.cuda.is_available():
        raise ValueError(f"{function}: device is {device}, but this machine has no CUDA device; try 'cpu'")
    if generator is not None and generator.device.type != device.type:
        raise ValueError(
            f"{function}: generator and device must agree, got a generator on {generator.device} "
            f"and device {device}"
        )
    wide = torch.promote_types(dtype, torch.float32)
    return torch.empty(tuple(shape), dtype=wide, device=device), dtype


def normal(
    shape: Sequence[int],
    *,
    generator: Generator | None = None,
    dtype: torch.dtype | None = None,
    device: torch.device | str | None = None,
) -> Tensor:
    r"""Draw :math:`\epsilon \sim \mathcal N(0, 1)`.

    Args:
        shape: sizes of the result.
        generator: the stream to draw from; torch's global one if ``None``.
        dtype: floating-point dtype of the result.
        device: where to draw; the generator's device if ``None``.

    Returns:
        ``shape`` standard normal draws.

    Raises:
        TypeError: ``shape`` is not a sequence of whole numbers, ``dtype`` not floating.
        ValueError: the generator lives on another device, or the device is absent.
    """
    draw, dtype = _empty("normal", shape, generator, dtype, device)
    return draw.normal_(generator=generator).to(dtype)


def uniform(
    shape: Sequence[int],
    *,
    generator: Generator | None = None,
    dtype: torch.dtype | None = None,
    device: torch.device | str | None = None,
) -> Tensor:
    r"""Draw :math:`u \sim \mathrm{Uniform}(0, 1)`, never exactly 0 and never exactly 1.

    Arguments and errors are those of :func:`normal`. The ends are excluded *in the dtype
    of the result*, so ``log(u)`` and ``log1p(-u)`` are finite; this is what a clamp to
    ``[1e-9, 1 - 1e-9]`` fails to do in float32, where ``1 - 1e-9 == 1``.
    """
    draw, dtype = _empty("uniform", shape, generator, dtype, device)
    info = torch.finfo(dtype)
    return draw.uniform_(generator=generator).to(dtype).clamp_(info.tiny, 1 - info.eps / 2)


def exponential(
    shape: Sequence[int],
    *,
    generator: Generator | None = None,
    dtype: torch.dtype | None = None,
    device: torch.device | str | None = None,
) -> Tensor:
    r"""Draw :math:`E \sim \mathrm{Exp}(1)`, never exactly 0.

    Arguments and errors are those of :func:`normal`.
    """
    draw, dtype = _empty("exponential", shape, generator, dtype, device)
    draw.exponential_(generator=generator).clamp_min_(torch.finfo(draw.dtype).tiny)
    return draw.to(dtype).clamp_min_(torch.finfo(dtype).tiny)


def gumbel(
    shape: Sequence[int],
    *,
    generator: Generator | None = None,
    dtype: torch.dtype | None = None,
    device: torch.device | str | None = None,
) -> Tensor:
    r"""Draw :math:`g = -\log E \sim \mathrm{Gumbel}(0, 1)` with :math:`E \sim \mathrm{Exp}(1)`.

    Arguments and errors are those of :func:`normal`. Mean :math:`\gamma \approx 0.5772`,
    variance :math:`\pi^2 / 6`. Drawing the exponential keeps both tails: the common
    ``-log(-log(u))`` with ``u`` clamped at ``1e-9`` cuts the left one at -3.03.

    Source: Gumbel (1954); Maddison, Tarlow & Minka (2014).
    """
    draw, dtype = _empty("gumbel", shape, generator, dtype, device)
    draw.exponential_(generator=generator).clamp_min_(torch.finfo(draw.dtype).tiny)
    return draw.log_().neg_().to(dtype)


def rayleigh(
    shape: Sequence[int],
    *,
    generator: Generator | None = None,
    dtype: torch.dtype | None = None,
    device: torch.device | str | None = None,
) -> Tensor:
    r"""Draw :math:`w = \sqrt{2 E} \sim \mathrm{Rayleigh}(1)` with :math:`E \sim \mathrm{Exp}(1)`.

    Arguments and errors are those of :func:`normal`. Density :math:`w e^{-w^2/2}` for
    :math:`w > 0`: the length of a vector of two standard normals, and Weibull's law with
    shape 2 and scale :math:`\sqrt 2`.
    """
    draw, dtype = _empty("rayleigh", shape, generator, dtype, device)
    return draw.exponential_(generator=generator).mul_(2).sqrt_().to(dtype)


def maxwell(
    shape: Sequence[int],
    *,
    generator: Generator | None = None,
    dtype: torch.dtype | None = None,
    device: torch.device | str | None = None,
) -> Tensor:
    r"""Draw from the double-sided Maxwell law, density :math:`m^2 e^{-m^2/2} / \sqrt{2\pi}` on the whole line.

    Arguments and errors are those of :func:`normal`. Its size is the length of a vector of
    three standard normals; its sign is a fair coin. Mean 0, variance 3.
    """
    draw, dtype = _empty("maxwell", shape, generator, dtype, device)
    eps = draw.normal_(generator=generator)
    # An exponential is half the squared length of a vector of two standard normals.
    rest = torch.empty_like(eps).exponential_(generator=generator)
    return torch.copysign((eps**2 + 2 * rest).sqrt(), eps).to(dtype)
