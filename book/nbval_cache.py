"""A plugin of pytest: a chapter that passes nbval goes, with all that its cells showed, into the cache of the site.

nbval compares what a kernel says and forgets it. Here nbclient hears it too and writes it into a copy of the
notebook, as it does for ``book/execute.py``: readers see the outputs that were tested, and no chapter runs twice.
"""

import time
from collections.abc import Generator
from pathlib import Path

import nbformat
import pytest
from jupyter_cache import get_cache
from jupyter_cache.base import CacheBundleIn
from nbclient import NotebookClient


class Copy:
    """A copy of the notebook under test, filled cell by cell with what its kernel says."""

    def __init__(self, path: Path):
        self.client = NotebookClient(nbformat.read(path, as_version=4), record_timing=False)
        self.code = [(k, cell) for k, cell in enumerate(self.client.nb.cells) if cell.cell_type == "code"]
        self.passed = 0
        self.started = time.monotonic()

    def fill(self, number: int, messages: list[dict]) -> None:
        """Write one cell's messages, the last of which says that the kernel is idle again."""
        index, cell = self.code[number]
        cell.outputs, self.client.clear_before_next_output = [], False  # as nbclient starts a cell
        for message in messages[:-1]:
            if message["parent_header"].get("msg_id") == messages[-1]["parent_header"]["msg_id"]:
                self.client.process_message(message, cell, index)
        self.passed += 1

    def keep(self, folder: Path, path: Path, language: dict) -> None:
        """Put the copy into the cache."""
        self.client.set_widgets_metadata()
        self.client.nb.metadata.language_info = language
        bundle = CacheBundleIn(
            self.client.nb, str(path), data={"execution_seconds": time.monotonic() - self.started}
        )
        get_cache(folder).cache_notebook_bundle(bundle, check_validity=False, overwrite=True)


COPY = pytest.StashKey[Copy]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that names the cache's folder."""
    parser.addoption("--nbval-cache", type=Path, help="keep the outputs of notebooks that pass here")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Hear what the kernel says while nbval runs a cell; a cell that fails raises here, and nothing is kept."""
    notebook = item.parent
    if COPY not in notebook.stash:
        notebook.stash[COPY] = Copy(notebook.path)
    copy, hear, heard = notebook.stash[COPY], notebook.get_kernel_message, []

    def listen(**where):
        heard.append(hear(**where))
        return heard[-1]

    notebook.get_kernel_message = listen
    try:
        result = yield
    finally:
        notebook.get_kernel_message = hear
    copy.fill(item.cell_num, heard)
    if copy.passed == len(copy.code):
        info = notebook.kernel.kc.kernel_info(reply=True, timeout=60)
        copy.keep(item.config.option.nbval_cache, notebook.path, info["content"]["language_info"])
    return result
