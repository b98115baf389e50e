r"""The measure-valued (weak) derivative of a Gaussian: two evaluations of the cost, none of its slope.

The derivative of the density is a difference of two densities, up to a constant:

.. math:: \partial_\mu \mathcal N = \frac{1}{\sigma \sqrt{2\pi}} (p_+ - p_-), \qquad
    \partial_\sigma \mathcal N = \frac{1}{\sigma} (p_M - \mathcal N).

Noise is ``[S, 4]``: ``w_plus, w_minus`` (Rayleigh) for the mean, ``m`` (double-sided Maxwell) and
``eps`` (normal) for the scale. How the four are *coupled* is a property of the noise alone.
"""

import math

import torch
from torch import Tensor

from reparam import checks
from reparam.estimators import Cost, Params, Surrogate, _cost_per_draw

__all__ = ["coupled", "measure_valued_normal"]


def coupled(eps: Tensor, w: Tensor) -> Tensor:
    r"""Build the four parts from one normal and one Rayleigh draw, so that each difference shares its noise.

    .. math:: w_+ = w_- = w, \qquad m = \mathrm{sign}(\epsilon) \sqrt{\epsilon^2 + w^2}

    :math:`|m|` is the length of a vector of three normals whose first entry is :math:`\epsilon` and whose
    other two have length :math:`w`; given :math:`m`, the ratio :math:`\epsilon / m` is uniform. For
    independent parts draw all four and ``torch.stack((w_plus, w_minus, m, eps), -1)``.

    Args:
        eps: ``[S]`` standard normal noise.
        w: ``[S]`` Rayleigh noise, independent of ``eps``, see :func:`reparam.noise.rayleigh`.

    Returns:
        ``[S, 4]`` noise for :func:`measure_valued_normal`.

    Raises:
        TypeError: an argument is not a floating-point tensor.
        ValueError: shapes or devices differ.

    Source: Mohamed, Rosca, Figurnov & Mnih (2020), section 7.2, who draw ``m`` and set ``eps = m * u``.
    """
    checks.same_shape("coupled", eps=eps, w=w)
    checks.numbers("coupled", eps=eps, w=w)
    return torch.stack((w, w, torch.copysign(torch.hypot(eps, w), eps), eps), -1)


def measure_valued_normal(f: Cost) -> Surrogate:
    r"""Compare the cost at samples of the derivative's positive and negative part.

    .. math:: \frac{f(\mu + \sigma w_+) - f(\mu - \sigma w_-)}{\sigma \sqrt{2\pi}}, \qquad
        \frac{f(\mu + \sigma m) - f(\mu + \sigma \epsilon)}{\sigma}

    for the mean and the scale. Unbiased for any ``f``, differentiable or not; a constant added to
    ``f`` cancels in every draw.

    Args:
        f: cost, maps samples ``[S]`` to ``[S]``; it is called four times.

    Returns:
        a surrogate for ``params = (loc, scale)``, each ``[S]``, and noise ``[S, 4]``, see
        :func:`coupled`. Its value is ``f(loc + scale * eps)``; gradients of ``f``'s own parameters pass.

    Raises:
        TypeError, ValueError: when called, if shapes do not fit, a value is out of its range, or ``f`` does not
            return one cost per draw.

    Source: Pflug (1989); Mohamed, Rosca, Figurnov & Mnih (2020), section 6.
    """

    def surrogate(params: Params, noise: Tensor) -> Tensor:
        loc, scale = params
        checks.same_shape("measure_valued_normal", loc=loc, scale=scale)
        checks.tensor("measure_valued_normal", "noise", noise)
        checks.scale("measure_valued_normal", "scale", scale, zero=False)
        checks.numbers("measure_valued_normal", loc=loc, noise=noise)
        if noise.shape != (*loc.shape, 4):
            raise ValueError(
                f"measure_valued_normal: noise must have shape {(*loc.shape, 4)}, got {tuple(noise.shape)}; "
                "build it with measure_valued.coupled"
            )
        at, width = loc.detach(), scale.detach()
        w_plus, w_minus, m, eps = noise.unbind(-1)
        plus, minus, wide, narrow = (
            _cost_per_draw("measure_valued_normal", f, at + width * e, loc.shape).to(
                torch.result_type(at, noise)
            )
            for e in (w_plus, -w_minus, m, eps)
        )
        by_loc = (plus - minus).detach() / (width * math.sqrt(2 * math.pi))
        by_scale = (wide - narrow).detach() / width
        return narrow + by_loc * (loc - at) + by_scale * (scale - width)

    return surrogate
