"""devices: a device is taken if it is there and draws noise that is right."""

import pytest
import torch

from reparam import devices


def test_pick_device(monkeypatch):
    assert devices.pick_device("cpu") == torch.device("cpu")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    assert devices.pick_device() == torch.device("cpu")
    for absent in ("cuda", "cuda:1", "mps", "banana", ""):
        with pytest.raises(
            ValueError, match=f"pick_device: name must be 'auto' or one of cpu .*got '{absent}'"
        ):
            devices.pick_device(absent)
    with pytest.raises(TypeError, match="name must be a string, got None"):
        devices.pick_device(None)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    assert devices.pick_device() == torch.device("cuda")
    with pytest.raises(ValueError, match=r"'cuda:3', but this machine has 1 CUDA device"):
        devices.pick_device("cuda:3")


def test_a_device_must_draw_well_before_it_is_picked(monkeypatch):
    assert devices.draws_well(torch.device("cpu"))
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    monkeypatch.setattr(devices, "draws_well", lambda device: device.type == "cpu")
    assert devices.pick_device() == torch.device("cpu")
    with pytest.raises(ValueError, match="got 'mps'"):
        devices.pick_device("mps")


def test_noise_of_the_wrong_spread_is_noticed(monkeypatch):
    original = devices.noise.normal
    monkeypatch.setattr(devices.noise, "normal", lambda *a, **k: 1.2 * original(*a, **k))
    assert not devices.draws_well(torch.device("cpu"))
