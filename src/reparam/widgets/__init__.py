"""The book's live pictures, each a class; importing this module loads none of them.

``GaussianNode`` and ``GumbelSimplex`` show random nodes, ``ThreeGradients`` three estimates of
one derivative, ``GumbelRace`` a draw as a race, ``TopKRace`` several draws without replacement,
``HardConcreteGate`` a gate that can be exactly shut, ``Sinkhorn`` a soft matching,
``InverseCdf`` how noise becomes a sample, ``Decoder`` a latent space,
``EstimatorArena`` lets six estimators compete, ``DiffusionStep`` reads noise off a noisy point,
``IwaeBias`` follows three gradients of one bound over the number of draws,
``ElboGap``, ``KlExplorer`` and ``VaeStep`` show a bound, a divergence and a training step in exact numbers,
``LandingSurface`` and ``FitQ`` show a gradient with and without its score,
``TinyVae`` trains while one watches, ``ScheduleExplorer`` and ``TrainingReplay`` show recorded runs,
``SeedTable`` sets a difference beside the spread of repeated runs,
``Quiz``, ``Cards`` and ``Deck`` ask. They compute in the reader's browser: no kernel, no network.
"""

from importlib import import_module

FOLDERS = {
    "Cards": "cards",
    "Deck": "deck",
    "Decoder": "decoder",
    "DiffusionStep": "diffusion_step",
    "ElboGap": "elbo_gap",
    "EstimatorArena": "estimator_arena",
    "FitQ": "fit_q",
    "GaussianNode": "gaussian_node",
    "GumbelRace": "gumbel_race",
    "GumbelSimplex": "gumbel_simplex",
    "HardConcreteGate": "hard_concrete_gate",
    "InverseCdf": "inverse_cdf",
    "IwaeBias": "iwae_bias",
    "KlExplorer": "kl_explorer",
    "LandingSurface": "landing_surface",
    "Quiz": "quiz",
    "ScheduleExplorer": "schedule_explorer",
    "SeedTable": "seed_table",
    "Sinkhorn": "sinkhorn",
    "ThreeGradients": "three_gradients",
    "TinyVae": "tiny_vae",
    "TopKRace": "top_k_race",
    "TrainingReplay": "training_replay",
    "VaeStep": "vae_step",
}

__all__ = [*FOLDERS]


def __getattr__(name: str) -> object:
    if name not in FOLDERS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{FOLDERS[name]}"), name)


def __dir__() -> list[str]:
    return __all__
