"""Networks that map data and codes to parameters of distributions, never to samples.

A model says what noise its codes need: ``model.noise`` is the name of a function of
:mod:`reparam.noise`, and ``model.code`` the shape of the noise of one code.
"""

import math

import torch
from torch import Generator, Tensor, nn

from reparam import checks

__all__ = ["VAE"]


def _linear(inputs: int, outputs: int, generator: Generator | None) -> nn.Linear:
    """Return a layer with torch's default law of weights, drawn from ``generator`` and nothing else."""
    # Linear() would draw once from the global stream first, and so change whatever comes after.
    layer = nn.utils.skip_init(nn.Linear, inputs, outputs, device=torch.get_default_device())
    bound = 1 / math.sqrt(inputs)
    nn.init.uniform_(layer.weight, -bound, bound, generator=generator)
    nn.init.uniform_(layer.bias, -bound, bound, generator=generator)
    return layer


class VAE(nn.Module):
    r"""A Gaussian encoder and a Bernoulli decoder, one hidden layer each.

    .. math:: q_\phi(z \mid x) = \mathcal N\big(\mu_\phi(x), \sigma_\phi^2(x)\big), \qquad
        p_\theta(x \mid z) = \mathrm{Bernoulli}\big(\mathrm{sigmoid}(\mathrm{decode}_\theta(z))\big)

    Args:
        pixels: ``D``, size of a flattened image.
        hidden: width of both hidden layers.
        latents: ``L``, size of the code.
        generator: the stream the weights are drawn from; torch's global one if ``None``.

    Raises:
        TypeError, ValueError: a size is not a whole number ``>= 1``.
    """

    noise = "normal"

    def __init__(self, pixels: int, hidden: int, latents: int, *, generator: Generator | None = None) -> None:
        super().__init__()
        for name, value in (("pixels", pixels), ("hidden", hidden), ("latents", latents)):
            checks.count("VAE", name, value)
        self.latents = latents
        self.code = (latents,)
        self.encoder = nn.Sequential(
            _linear(pixels, hidden, generator), nn.ReLU(), _linear(hidden, 2 * latents, generator)
        )
        self.decoder = nn.Sequential(
            _linear(latents, hidden, generator), nn.ReLU(), _linear(hidden, pixels, generator)
        )

    def encode(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Map ``[B, D]`` pixels to ``mean`` and ``log_var``, each ``[B, L]``."""
        mean, log_var = self.encoder(x).chunk(2, dim=-1)
        return mean, log_var

    def decode(self, z: Tensor) -> Tensor:
        """Map ``[B, L]`` codes to ``[B, D]`` pixel logits."""
        return self.decoder(z)
