"""flows: a density that integrates its own Jacobian, and three computations of one path gradient."""

import pytest
import torch

from reparam import estimators, flows, noise, quadrature

F64 = torch.float64
PATHS = (flows.path_naive, flows.path_two_pass, flows.path_recursive)


def _params(gen, layers=4):
    return 0.6 * noise.normal((layers, 4), generator=gen, dtype=F64)


def _log_joint(z):
    return torch.sin(z[..., 0]) * z[..., 1] - 0.5 * (z**2).sum(-1) - 0.1 * z[..., 0] ** 4


def _grads(surrogate, params, z, log_joint=_log_joint):
    return estimators.per_sample_grads(surrogate(log_joint), params, z).flatten(1)


def test_the_density_is_that_of_the_jacobian(gen):
    params, z = _params(gen), noise.normal((10, 2), generator=gen, dtype=F64)
    x, log_q = flows.forward(params.expand(10, -1, -1), z)
    for point, noise_of_point, got in zip(x, z, log_q, strict=True):
        jacobian = torch.autograd.functional.jacobian(lambda e: flows.forward(params, e)[0], noise_of_point)
        want = torch.distributions.Normal(0.0, 1.0).log_prob(noise_of_point).sum() - jacobian.logdet()
        assert abs(got - want) < 1e-12
        assert abs(flows.log_density(params, point) - want) < 1e-11, "the way back"


def test_every_layer_changes_one_coordinate_in_turn():
    params = torch.zeros(2, 4, dtype=F64)
    z = torch.tensor([0.3, -0.7], dtype=F64)
    assert torch.equal(flows.forward(params, z)[0], z)
    for layer in (0, 1):
        changed = params.clone()
        changed[layer, 2] = 5.0
        want = z.clone()
        want[1 - layer] += 5
        assert torch.allclose(flows.forward(changed, z)[0], want)


@pytest.mark.parametrize("layers", [1, 2, 5])
def test_three_ways_to_one_gradient(layers, gen):
    params, z = _params(gen, layers), noise.normal((50, 2), generator=gen, dtype=F64)
    total = flows.total(_log_joint)(params.expand(50, -1, -1), z)
    first = _grads(flows.path_naive, params, z)
    x, _ = flows.forward(params.expand(50, -1, -1), z)
    score = estimators.per_sample_grads(flows.log_density, params, x).flatten(1)
    assert torch.allclose(first, _grads(flows.total, params, z) + score, rtol=1e-9, atol=1e-9)
    for path in PATHS:
        assert torch.allclose(path(_log_joint)(params.expand(50, -1, -1), z), total, rtol=1e-9, atol=1e-10)
        assert torch.allclose(_grads(path, params, z), first, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("affine", [True, False])
def test_at_the_exact_posterior_the_path_sticks(affine, gen):
    """With c1 = 0 the flow is affine, its law a correlated Gaussian; and the same holds when it is bent."""
    params, z = _params(gen), noise.normal((200, 2), generator=gen, dtype=F64)
    if affine:
        params[:, 1] = 0
        mean, ends = flows.forward(params, torch.zeros(2, dtype=F64))[0], torch.eye(2, dtype=F64)
        matrix = torch.stack([flows.forward(params, e)[0] - mean for e in ends], -1)
        target = torch.distributions.MultivariateNormal(mean, matrix @ matrix.T).log_prob
    else:

        def target(x):
            return flows.log_density(params.expand(*x.shape[:-1], -1, -1), x) - 2.0

    for path in PATHS:
        assert _grads(path, params, z, target).square().max() < 1e-22
    assert _grads(flows.total, params, z, target).var(0).max() > 0.1


def test_all_are_unbiased():
    params = torch.tensor([[0.1, 0.3, -0.2, 0.5], [-0.3, 0.2, 0.4, -0.4]], dtype=F64)
    leaf = params.clone().requires_grad_()

    def value(z):
        return flows.total(_log_joint)(leaf.expand(len(z), -1, -1), z)

    (truth,) = torch.autograd.grad(quadrature.hermite(value, dims=2, nodes=50).value, leaf)
    for surrogate in (flows.total, *PATHS):
        got = quadrature.hermite(lambda z, s=surrogate: _grads(s, params, z), dims=2, nodes=50)
        assert got.error.max() < 1e-6
        assert (got.value - truth.flatten()).abs().max() < 1e-6


def test_the_models_own_parameters_learn_too(gen):
    params, z = _params(gen).expand(20, -1, -1), noise.normal((20, 2), generator=gen, dtype=F64)
    slope = torch.tensor(0.7, dtype=F64, requires_grad=True)
    got = [
        torch.autograd.grad(s(lambda x: _log_joint(slope * x))(params, z).sum(), slope)[0]
        for s in (flows.total, *PATHS)
    ]
    assert got[0] != 0
    assert all(abs(g / got[0] - 1) < 1e-12 for g in got)


def test_bad_shapes(gen):
    params, z = _params(gen), noise.normal((2,), generator=gen, dtype=F64)
    for bad in ((params[0], z), (params[:, :3], z), (params, z[:1]), (params, z.expand(3, 2))):
        for function in (flows.forward, flows.log_density):
            with pytest.raises(
                ValueError, match=r"params must have shape \[..., layers, 4\] and [xz] \[..., 2\]"
            ):
                function(*bad)
