"""What the exercises hand to an answer: float64 tensors from a generator."""

from torch import Generator, Tensor, float64

from reparam import noise

__all__ = ["between", "gumbel", "normal", "uniform"]


def normal(generator: Generator, *shape: int) -> Tensor:
    """Return standard normal draws."""
    return noise.normal(shape, generator=generator, dtype=float64)


def gumbel(generator: Generator, *shape: int) -> Tensor:
    """Return standard Gumbel draws."""
    return noise.gumbel(shape, generator=generator, dtype=float64)


def uniform(generator: Generator, *shape: int) -> Tensor:
    """Return draws from (0, 1)."""
    return noise.uniform(shape, generator=generator, dtype=float64)


def between(generator: Generator, low: float, high: float) -> float:
    """Return one number from (low, high)."""
    return low + (high - low) * noise.uniform((), generator=generator, dtype=float64).item()
