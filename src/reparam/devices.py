"""Where a run computes: the CPU, a GPU that exists, and noise that is right on it."""

import torch
from torch import Generator

from reparam import noise

__all__ = ["draws_well", "pick_device"]


def draws_well(device: torch.device) -> bool:
    """Return whether noise drawn on ``device`` has the right mean and variance (to 6 standard errors or more)."""
    generator = Generator(device).manual_seed(0)
    eps, g = (draw((20_000,), generator=generator).cpu().double() for draw in (noise.normal, noise.gumbel))
    right = abs(eps.mean()) < 0.05 and abs(eps.var() - 1) < 0.1 and abs(g.mean() - 0.5772) < 0.06
    return bool(right and abs(g.var() - 1.645) < 0.2)


def pick_device(name: str = "auto") -> torch.device:
    """Return the device called ``name``; ``"auto"`` takes CUDA, then MPS, then the CPU.

    MPS must first show that it draws noise correctly; ``"auto"`` passes over it otherwise.

    Raises:
        TypeError: ``name`` is not a string.
        ValueError: the device asked for is not on this machine, or draws wrong noise.
    """
    if not isinstance(name, str):
        raise TypeError(f"pick_device: name must be a string, got {name!r}")
    mps = torch.backends.mps.is_available() and draws_well(torch.device("mps"))
    here = {"cuda": torch.cuda.is_available(), "mps": mps, "cpu": True}
    if name == "auto":
        return torch.device(next(kind for kind, available in here.items() if available))
    if not here.get(name.split(":")[0], False):
        there = ", ".join(kind for kind, available in here.items() if available)
        raise ValueError(f"pick_device: name must be 'auto' or one of {there} on this machine, got {name!r}")
    device = torch.device(name)
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        raise ValueError(
            f"pick_device: name is {name!r}, but this machine has {torch.cuda.device_count()} CUDA device(s)"
        )
    return device
