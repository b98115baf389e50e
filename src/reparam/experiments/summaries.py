"""Means of paired test terms, each with the standard errors over seeds and over images, ready for JSON.

Terms are ``[S, N]``: nats of every image under each of ``S`` models. Of models, or of paired differences
between two estimators' models, alike.
"""

from collections.abc import Mapping

import torch
from torch import Tensor

__all__ = ["rounded", "spaced", "summary", "terms"]


def rounded(value: float | list | None, digits: int = 4) -> float | list | None:
    """Return ``value``, a number, nothing, or a list of such, with so many ``digits`` after the point."""
    if isinstance(value, list):
        return [rounded(each, digits) for each in value]
    return None if value is None else round(value, digits)


def spaced(size: int, count: int) -> Tensor:
    """Return ``count`` different whole numbers below ``size``, evenly spaced; all of them if there are no more."""
    return torch.arange(count) * size // count


def summary(each: Tensor) -> dict:
    r"""Return the mean and its two standard errors.

    Over seeds it is that of the ``S`` models' means, ``None`` for one model: what another training run would
    change. Over images it is that of the ``N`` images' means over models: what another test set would.

    Args:
        each: ``[S, N]`` nats.

    Returns:
        ``each`` model's mean, ``mean``, ``se_seeds``, ``se_images`` and the number of ``images``.
    """
    models, images = each.mean(1), each.mean(0)
    errors = [v.std().item() / len(v) ** 0.5 if len(v) > 1 else None for v in (models, images)]
    numbers = {"each": models.tolist(), "mean": models.mean().item()}
    numbers |= dict(zip(("se_seeds", "se_images"), errors, strict=True))
    return {name: rounded(value) for name, value in numbers.items()} | {"images": len(images)}


def terms(each: Mapping[str, Tensor]) -> dict[str, dict]:
    r"""Summarise every term, and carry the NLL of a few images over to the whole test set, as ``nll_test``.

    .. math:: -\overline{L} + \overline{(\mathrm{NLL} + L)}_{\text{chosen}}

    A bound :math:`L` of fewer draws, known for all images, says which of them are hard; what is left, the
    gap, varies little from image to image. ``se_chosen`` is the standard error for not having taken
    all images. ``se_images`` is that of the bound, as for a new test set.

    Args:
        each: ``elbo`` and ``bound``, ``[S, N]`` nats, and ``nll``, ``[S, n]``, of ``spaced(N, n)``.

    Returns:
        a :func:`summary` of each by name, and ``nll_test``.
    """
    size, count = each["bound"].shape[1], each["nll"].shape[1]
    gap = each["nll"] + each["bound"][:, spaced(size, count)]
    whole = summary(gap.mean(1, keepdim=True) - each["bound"])
    whole["se_chosen"] = rounded(gap.mean(0).std().item() * (1 / count - 1 / size) ** 0.5)
    return {name: summary(values) for name, values in each.items()} | {"nll_test": whole}
