"""Shared fixtures: every test owns its random streams, derived from its own name."""

import hashlib
import os
from collections.abc import Callable

import pytest
import torch
from torch import Generator

import reparam

# The salt is fixed in CI. Set another one to draw every test's randomness afresh.
SALT = os.environ.get("REPARAM_TEST_SALT", "0")

torch.set_num_threads(1)

if not reparam.__file__.startswith(os.environ.get("REPARAM_EXPECT", "")):
    raise RuntimeError(f"the tests import {reparam.__file__}, not the mutant")


@pytest.fixture
def stream(request: pytest.FixtureRequest) -> Callable[[str], Generator]:
    """Return named generators: independent streams, all derived from the test's id."""

    def generator(name: str = "") -> Generator:
        digest = hashlib.sha256(f"{SALT}/{request.node.nodeid}/{name}".encode()).digest()
        return Generator().manual_seed(int.from_bytes(digest[:7], "big"))

    return generator


@pytest.fixture
def gen(stream: Callable[[str], Generator]) -> Generator:
    """Return the test's first stream."""
    return stream("")
