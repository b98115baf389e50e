"""A step of the two small VAEs, Gaussian and categorical, against the usual loops and Pyro.

``python benchmarks/steps.py --rounds 25`` prints the tables.
"""

import copy
from collections.abc import Callable, Iterator
from functools import partial

import loops
import torch
from side_by_side import Aim, Comparison, installed, main
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.data import Dataset, TensorDataset

from reparam import models, objectives

PIXELS, HIDDEN, LATENTS, CATEGORIES, BATCH = 784, 400, 20, 10, 128
TAU = 0.5
SHARED = "products and Adam, the same for everyone, are most of a step on this processor"
SMALL = "the likelihood of the pixels and the calls of many small operations are the rest"
SHORT_ROWS = "the KL's log-softmax over rows of ten is slow on a processor"


class ImageFiles(Dataset):
    """Images as torchvision hands them out: one picture at a time, from bytes to PIL to a tensor."""

    def __init__(self, x: Tensor) -> None:
        self.bytes = (x * 255).byte().view(-1, 28, 28)

    def __len__(self) -> int:
        return len(self.bytes)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        from PIL import Image

        picture = Image.fromarray(self.bytes[index].numpy())
        content = torch.frombuffer(bytearray(picture.tobytes()), dtype=torch.uint8)
        return content.view(picture.height, picture.width, 1).permute(2, 0, 1).contiguous().float().div(
            255
        ), 0


class UsualVAE(nn.Module):
    """The VAE of many tutorials: two heads, and a sigmoid or not."""

    def __init__(self, *, sigmoid: bool) -> None:
        super().__init__()
        self.inner, self.sigmoid = nn.Linear(PIXELS, HIDDEN), sigmoid
        self.mean, self.log_var = nn.Linear(HIDDEN, LATENTS), nn.Linear(HIDDEN, LATENTS)
        self.outer, self.last = nn.Linear(LATENTS, HIDDEN), nn.Linear(HIDDEN, PIXELS)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return pixels, as logits or as probabilities, mean and log-variance."""
        h = F.relu(self.inner(x))
        mean, log_var = self.mean(h), self.log_var(h)
        z = mean + torch.randn_like(mean) * torch.exp(0.5 * log_var)
        out = self.last(F.relu(self.outer(z)))
        return (torch.sigmoid(out) if self.sigmoid else out), mean, log_var


def usual_loss(model: UsualVAE, x: Tensor) -> Tensor:
    """Return the negative bound of the batch, summed over images."""
    x = x.view(-1, PIXELS)
    out, mean, log_var = model(x)
    cross_entropy = F.binary_cross_entropy if model.sigmoid else F.binary_cross_entropy_with_logits
    kl = -0.5 * torch.sum(1 + log_var - mean.pow(2) - log_var.exp())
    return cross_entropy(out, x, reduction="sum") + kl


def categorical_loss(model: models.CategoricalVAE, x: Tensor) -> Tensor:
    """Return the common categorical loss: clamped uniforms, torch's softmax, KL on probabilities."""
    logits = model.encode(x)
    u = torch.rand_like(logits).clamp(1e-9, 1 - 1e-9)
    y = F.softmax((logits - torch.log(-torch.log(u))) / TAU, dim=-1)
    q = F.softmax(logits, dim=-1)
    kl = torch.sum(q * torch.log(q * CATEGORIES + 1e-9))
    return F.binary_cross_entropy_with_logits(model.decode(y), x, reduction="sum") + kl


def gaussian(batches: int) -> Comparison:
    """Compare steps of the Gaussian VAE."""
    grey = loops.pixels(BATCH * batches)
    x = (grey > 0.5).float()
    net = partial(models.VAE, PIXELS, HIDDEN, LATENTS)
    checked = loops.ours(net(), objectives.elbo, x, BATCH)
    bare = loops.ours(net(), objectives.elbo, x, BATCH)

    def without_checks() -> None:
        with loops.unchecked():
            bare()

    variants = {
        "pytorch/examples' loop: a picture at a time": loops.usual(
            UsualVAE(sigmoid=True), usual_loss, ImageFiles(grey), BATCH
        ),
        "common loop": loops.usual(UsualVAE(sigmoid=False), usual_loss, TensorDataset(x), BATCH),
        "common loop, fused Adam": loops.usual(
            UsualVAE(sigmoid=False), usual_loss, TensorDataset(x), BATCH, fused=True
        ),
        **(loops.pyro_svi(net(), x, BATCH, "TraceMeanField_ELBO") if installed("pyro") else {}),
        "ours": checked,
        "ours, without checks": without_checks,
        "ours, pixels drawn anew at each step": loops.ours(net(), objectives.elbo, grey, BATCH, dynamic=True),
        "floor": loops.floor(loops.layers(net(), BATCH), batches),
    }
    return Comparison(
        f"VAE step, {PIXELS}-{HIDDEN}-{LATENTS}, batch {BATCH}",
        "common loop",
        variants,
        steps=dict.fromkeys(variants, batches),
        aims=(
            Aim("ours", "pytorch/examples' loop: a picture at a time", 4.0, SHARED),
            Aim("ours", "Pyro SVI, TraceMeanField_ELBO", 2.4, SHARED),
            Aim("ours", "floor", 1 / 1.35, SMALL),
        ),
    )


def categorical(batches: int) -> Comparison:
    """Compare steps of the categorical VAE."""
    x = (loops.pixels(BATCH * batches) > 0.5).float()
    net = partial(models.CategoricalVAE, PIXELS, HIDDEN, LATENTS, CATEGORIES)
    start = net()
    variants = {
        "common loop": loops.usual(copy.deepcopy(start), categorical_loss, TensorDataset(x), BATCH),
        "common loop, fused Adam": loops.usual(
            copy.deepcopy(start), categorical_loss, TensorDataset(x), BATCH, fused=True
        ),
        **(loops.pyro_svi(net(), x, BATCH, "TraceGraph_ELBO") if installed("pyro") else {}),
        "ours": loops.ours(copy.deepcopy(start), objectives.categorical_elbo, x, BATCH, tau=TAU),
        "floor": loops.floor(loops.layers(start, BATCH), batches),
    }
    return Comparison(
        f"Categorical VAE step, {PIXELS}-{HIDDEN}-{LATENTS}x{CATEGORIES}, batch {BATCH}",
        "common loop",
        variants,
        steps=dict.fromkeys(variants, batches),
        aims=(
            Aim("ours", "common loop", 1.3, SHORT_ROWS),
            Aim("ours", "Pyro SVI, TraceGraph_ELBO", 3.5, SHARED),
        ),
    )


def comparisons(*, batches: int = 12) -> Iterator[Comparison]:
    """Yield both comparisons."""
    make: Callable[[int], Comparison]
    for make in (gaussian, categorical):
        yield make(batches)


if __name__ == "__main__":
    main(__doc__, comparisons)
