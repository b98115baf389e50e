"""What nbval has passed is kept for the site as it was shown, and nothing else is."""

import subprocess
import sys
from pathlib import Path

import nbformat
import yaml
from jupyter_cache import get_cache

ROOT = Path(__file__).resolve().parents[1]
SHOWN = """
from IPython.display import display, update_display
from ipywidgets import IntSlider
print("seen"); slider = IntSlider(3); display(slider); slider.value = 4
display("first", display_id="it"); update_display("second", display_id="it")
"""


def _write(path: Path, *sources: str) -> Path:
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    return path


def test_only_a_notebook_that_passes_is_kept_with_its_outputs_and_widgets(tmp_path):
    good = _write(tmp_path / "good.ipynb", SHOWN, "slider.value")
    bad = _write(tmp_path / "bad.ipynb", "1", "assert False", "2")
    nbval = ["--nbval-lax", "-pbook.nbval_cache", f"--nbval-cache={tmp_path / 'cache'}", "-pno:cacheprovider"]
    command = [sys.executable, "-m", "pytest", *nbval, good, bad]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert "1 failed, 4 passed" in done.stdout

    cache = get_cache(tmp_path / "cache")
    assert [Path(record.uri).name for record in cache.list_cache_records()] == ["good.ipynb"]
    kept = cache.get_cache_bundle(cache.list_cache_records()[0].pk).nb
    printed, picture, text = kept.cells[0].outputs
    assert printed.text == "seen\n"
    assert text.data["text/plain"] == "'second'"
    model = picture.data["application/vnd.jupyter.widget-view+json"]["model_id"]
    state = kept.metadata.widgets["application/vnd.jupyter.widget-state+json"]["state"]
    assert state[model]["state"]["value"] == 4
    assert kept.cells[1].outputs[0].data["text/plain"] == "4"


def test_the_site_is_built_of_the_cache_that_nbval_fills(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "book")
    import build

    folder = yaml.safe_load((ROOT / "_config.yml").read_text())["execute"]["cache"]
    assert ROOT / folder == build.CACHE
