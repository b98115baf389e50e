"""The recipes for a class: pins that agree, a hub whose limits come from the measurement, a true page."""

import importlib.util
import json
import re
from pathlib import Path

import pytest
from traitlets.config.loader import PyFileConfigLoader

ROOT = Path(__file__).resolve().parent.parent
CLASSROOM = ROOT / "classroom"


def pins(path: Path) -> dict[str, str]:
    """Return ``{package: version}`` of a requirements file."""
    return dict(re.findall(r"^([\w-]+)==(\S+)$", path.read_text(), re.M))


@pytest.fixture(scope="module")
def measured() -> dict:
    """Return the measurement as it was written."""
    return json.loads((CLASSROOM / "measured.json").read_text())


def test_binder_installs_what_the_book_was_built_with():
    book = pins(ROOT / "requirements.txt") | pins(CLASSROOM / "requirements.txt")
    binder = pins(ROOT / ".binder" / "requirements.txt")
    assert {"torch", "numpy", "matplotlib", "anywidget", "jupyterlab"} <= set(binder)
    assert binder == {name: book[name] for name in binder}
    needed = re.findall(r'^  "([\w-]+)>=', (ROOT / "pyproject.toml").read_text(), re.M)
    assert needed
    assert set(needed) <= set(binder)


@pytest.mark.parametrize("name", ["postBuild", "start"])
def test_binder_can_run_its_scripts(name):
    path = ROOT / ".binder" / name
    assert path.stat().st_mode & 0o111
    assert path.read_text().startswith("#!/bin/sh\n")


def test_the_hub_gives_each_student_what_was_measured(measured):
    config = PyFileConfigLoader("jupyterhub_config.py", str(CLASSROOM / "jupyterhub")).load_config()
    limit = int(config.SystemdSpawner.mem_limit.removesuffix("M"))
    one = max(row["peak_one_resident_mb"] for row in measured["rows"])
    assert 2 * one < limit < 8 * one
    assert (
        f"\n{limit} MB, read from the measurement"
        in (ROOT / "chapters" / "a-class-on-one-machine.md").read_text()
    )
    assert config.Spawner.environment["OMP_NUM_THREADS"] == "1"
    assert {role["name"] for role in config.JupyterHub.load_roles} == {
        service["name"] for service in config.JupyterHub.services
    }


def test_the_page_shows_the_measurement(measured):
    spec = importlib.util.spec_from_file_location("measure", CLASSROOM / "measure.py")
    measure = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(measure)
    page = (ROOT / "chapters" / "a-class-on-one-machine.md").read_text()
    assert measure.table(measured) in page
    for said in (measured["command"], measured["date"], measured["machine"]["processor"]):
        assert said in page
    assert [row["kernels"] for row in measured["rows"]] == [1, 5, 20]
