"""Networks that map data and codes to parameters of distributions, never to samples.

A model says what noise its codes need: ``model.noise`` is the name of a function of
:mod:`reparam.noise`, and ``model.code`` the shape of the noise of one code. Inputs may have
any leading axes.
"""

import itertools
import math
from collections.abc import Sequence

import torch
from torch import Generator, Tensor, nn

from reparam import checks

__all__ = ["VAE", "CategoricalVAE", "TwoLayerVAE"]

_ACTIVATIONS = {"relu": nn.ReLU, "tanh": nn.Tanh}


def _linear(inputs: int, outputs: int, generator: Generator | None) -> nn.Linear:
    """Return a layer with torch's default law of weights, drawn from ``generator`` and nothing else."""
    # Linear() would draw once from the global stream first, and so change whatever comes after.
    layer = nn.utils.skip_init(nn.Linear, inputs, outputs, device=torch.get_default_device())
    bound = 1 / math.sqrt(inputs)
    nn.init.uniform_(layer.weight, -bound, bound, generator=generator)
    nn.init.uniform_(layer.bias, -bound, bound, generator=generator)
    return layer


def _network(sizes: Sequence[int], activation: str, generator: Generator | None) -> nn.Sequential:
    """Return linear layers of these sizes with an activation between each two."""
    layers: list[nn.Module] = []
    for inputs, outputs in itertools.pairwise(sizes):
        layers += [_linear(inputs, outputs, generator), _ACTIVATIONS[activation]()]
    return nn.Sequential(*layers[:-1])


def _widths(function: str, hidden: int | Sequence[int]) -> tuple[int, ...]:
    widths = tuple(hidden) if isinstance(hidden, list | tuple) else (hidden,)
    if not widths:
        raise ValueError(f"{function}: hidden must name at least one layer, got {hidden!r}")
    for width in widths:
        checks.count(function, "hidden", width)
    return widths


class _Autoencoder(nn.Module):
    """An encoder to ``outputs`` numbers, and a decoder from ``inputs`` numbers with mirrored layers."""

    def __init__(
        self,
        pixels: int,
        hidden: int | Sequence[int],
        outputs: int,
        inputs: int,
        activation: str,
        pixel_mean: Tensor | None,
        generator: Generator | None,
    ) -> None:
        super().__init__()
        name = type(self).__name__
        widths = _widths(name, hidden)
        checks.one_of(name, "activation", activation, _ACTIVATIONS)
        if pixel_mean is not None:
            checks.unit_interval(name, "pixel_mean", pixel_mean)
            if pixel_mean.shape != (pixels,):
                raise ValueError(
                    f"{name}: pixel_mean must have shape ({pixels},), got {tuple(pixel_mean.shape)}"
                )
        self.encoder = _network((pixels, *widths, outputs), activation, generator)
        self.decoder = _network((inputs, *widths[::-1], pixels), activation, generator)
        if pixel_mean is not None:
            with torch.no_grad():
                self.decoder[-1].bias.copy_(torch.logit(pixel_mean.clamp(1e-3, 1 - 1e-3)))


class VAE(_Autoencoder):
    r"""A Gaussian encoder and a Bernoulli decoder.

    .. math:: q_\phi(z \mid x) = \mathcal N\big(\mu_\phi(x), \sigma_\phi^2(x)\big), \qquad
        p_\theta(x \mid z) = \mathrm{Bernoulli}\big(\mathrm{sigmoid}(\mathrm{decode}_\theta(z))\big)

    The network of Burda, Grosse & Salakhutdinov (2016) with one stochastic layer is
    ``VAE(784, (200, 200), 50, activation="tanh", pixel_mean=train.mean(0))``.

    Args:
        pixels: ``D``, size of a flattened image.
        hidden: width of the hidden layer, or of several, from the pixels inward; the decoder mirrors them.
        latents: ``L``, size of the code.
        activation: ``"relu"`` or ``"tanh"``.
        pixel_mean: ``[D]`` mean training image; the decoder's last bias starts at its log-odds.
        generator: the stream the weights are drawn from; torch's global one if ``None``.

    Raises:
        TypeError, ValueError: a size is not a whole number ``>= 1``, the activation is unknown, or
            ``pixel_mean`` does not hold ``D`` numbers in [0, 1].
    """

    noise = "normal"

    def __init__(
        self,
        pixels: int,
        hidden: int | Sequence[int],
        latents: int,
        *,
        activation: str = "relu",
        pixel_mean: Tensor | None = None,
        generator: Generator | None = None,
    ) -> None:
        checks.count("VAE", "pixels", pixels)
        checks.count("VAE", "latents", latents)
        super().__init__(pixels, hidden, 2 * latents, latents, activation, pixel_mean, generator)
        self.latents = latents
        self.code = (latents,)

    def encode(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Map ``[B, D]`` pixels to ``mean`` and ``log_var``, each ``[B, L]``."""
        mean, log_var = self.encoder(x).chunk(2, dim=-1)
        return mean, log_var

    def decode(self, z: Tensor) -> Tensor:
        """Map ``[B, L]`` codes to ``[B, D]`` pixel logits."""
        return self.decoder(z)


class TwoLayerVAE(VAE):
    r"""A VAE whose code has a code: two stochastic layers, Gaussian both.

    .. math:: q(h_1 \mid x)\, q(h_2 \mid h_1), \qquad p(h_2)\, p(h_1 \mid h_2)\, p(x \mid h_1), \qquad
        p(h_2) = \mathcal N(0, I)

    The lower half is a :class:`VAE` with the code :math:`h_1`; ``upper_encoder`` maps :math:`h_1` to mean and
    log-variance of :math:`h_2` side by side, ``upper_decoder`` back again. The network of Burda, Grosse &
    Salakhutdinov (2016) is ``TwoLayerVAE(784, ((200, 200), (100, 100)), (100, 50), activation="tanh", ...)``.

    Args:
        pixels: ``D``, size of a flattened image.
        hidden: widths of the lower half and of the upper one, each from the pixels inward; decoders mirror them.
        latents: ``(L1, L2)``, sizes of the two codes.
        activation: ``"relu"`` or ``"tanh"``.
        pixel_mean: ``[D]`` mean training image; the decoder's last bias starts at its log-odds.
        generator: the stream the weights are drawn from; torch's global one if ``None``.

    Raises:
        TypeError, ValueError: as for :class:`VAE`, or there are not two halves.
    """

    def __init__(
        self,
        pixels: int,
        hidden: tuple[int | Sequence[int], int | Sequence[int]],
        latents: tuple[int, int],
        *,
        activation: str = "relu",
        pixel_mean: Tensor | None = None,
        generator: Generator | None = None,
    ) -> None:
        for name, value in (("hidden", hidden), ("latents", latents)):
            if not isinstance(value, list | tuple) or len(value) != 2:
                raise ValueError(f"TwoLayerVAE: {name} must have two parts, lower and upper, got {value!r}")
        lower, upper = latents
        widths = _widths("TwoLayerVAE", hidden[1])
        checks.count("TwoLayerVAE", "latents", upper)
        super().__init__(
            pixels, hidden[0], lower, activation=activation, pixel_mean=pixel_mean, generator=generator
        )
        self.upper_encoder = _network((lower, *widths, 2 * upper), activation, generator)
        self.upper_decoder = _network((upper, *widths[::-1], 2 * lower), activation, generator)
        self.latents = (lower, upper)
        self.code = (lower + upper,)


class CategoricalVAE(_Autoencoder):
    r"""An encoder to ``L`` independent choices among ``K`` categories, and a Bernoulli decoder.

    .. math:: q_\phi(z \mid x) = \prod_l \mathrm{Cat}\big(z_l; \mathrm{softmax}(\ell_{\phi,l}(x))\big), \qquad
        p(z) = K^{-L}

    Args:
        pixels: ``D``, size of a flattened image.
        hidden: width of the hidden layer, or of several, from the pixels inward; the decoder mirrors them.
        latents: ``L``, number of choices.
        categories: ``K``, number of categories of each.
        activation: ``"relu"`` or ``"tanh"``.
        pixel_mean: ``[D]`` mean training image; the decoder's last bias starts at its log-odds.
        generator: the stream the weights are drawn from; torch's global one if ``None``.

    Raises:
        TypeError, ValueError: as for :class:`VAE`.

    Source: Jang, Gu & Poole (2017), section 4.
    """

    noise = "gumbel"

    def __init__(
        self,
        pixels: int,
        hidden: int | Sequence[int],
        latents: int,
        categories: int,
        *,
        activation: str = "relu",
        pixel_mean: Tensor | None = None,
        generator: Generator | None = None,
    ) -> None:
        for name, value in (("pixels", pixels), ("latents", latents), ("categories", categories)):
            checks.count("CategoricalVAE", name, value)
        size = latents * categories
        super().__init__(pixels, hidden, size, size, activation, pixel_mean, generator)
        self.latents, self.categories = latents, categories
        self.code = (latents, categories)

    def encode(self, x: Tensor) -> Tensor:
        """Map ``[B, D]`` pixels to ``[B, L, K]`` logits."""
        return self.encoder(x).unflatten(-1, self.code)

    def decode(self, z: Tensor) -> Tensor:
        """Map ``[B, L, K]`` codes, one-hot or relaxed, to ``[B, D]`` pixel logits."""
        return self.decoder(z.flatten(-2))
