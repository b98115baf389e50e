"""Build and test the book: ``python book/build.py book | draft | pdf | test | proof | check | serve | screenshots``.

Called by the Makefile with the interpreter of ``.venv``. A target is a list of steps; each prints its
name, then what it says, then its time. All steps run even after one fails, unless they need its result;
the exit status is 1 when any failed. The full log of the site build is ``_build/build.log``.
"""

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SITE = ROOT / "_build" / "html"
LOG = ROOT / "_build" / "build.log"
CACHE = ROOT / "_build" / ".jupyter_cache"  # named in _config.yml too
BIN = Path(sys.executable).parent
CODE = ["src", "tests", "figures", "benchmarks", "book", "chapters", "classroom"]


def run(*command: str | Path, **environment: str) -> bool:
    """Run one command in the root; return whether it succeeded."""
    return subprocess.run(command, cwd=ROOT, env={**os.environ, **environment}).returncode == 0


def style() -> bool:
    """Check code and notebooks with ruff."""
    folders = [name for name in CODE if (ROOT / name).is_dir()]
    return run(BIN / "ruff", "check", "-q", *folders) & run(BIN / "ruff", "format", "-q", "--check", *folders)


def units() -> bool:
    """Run the Python tests."""
    return run(sys.executable, "-m", "pytest", "tests", "-n", "2", "-p", "no:nbval")


def node_tests(*files: Path, reporter: str = "spec", at_once: int = 2) -> bool:
    """Run ``node --test`` on files, so many at once."""
    options = [f"--test-concurrency={at_once}", f"--test-reporter={reporter}"]
    return bool(files) and run(BIN / "node", "--test", *options, *files)


def widgets() -> bool:
    """Run the widgets' own tests, which need no browser."""
    return node_tests(*sorted((ROOT / "tests" / "js").glob("*.test.mjs")), reporter="dot")


def kernels() -> dict[str, str]:
    """Return the environment of chapters' kernels; errors there are one line without paths of this machine."""
    profile = ROOT / "_build" / "ipython" / "profile_default"
    profile.mkdir(parents=True, exist_ok=True)
    settings = 'c.InteractiveShell.xmode = "Minimal"\nc.HistoryManager.enabled = False\n'
    (profile / "ipython_kernel_config.py").write_text(settings)
    return {
        "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
        "IPYTHONDIR": str(profile.parent),
        "NO_COLOR": "1",
        "PYTHONWARNINGS": "ignore",
    }


def notebooks() -> bool:
    """Run every chapter in its own kernel, compare the outputs of tagged cells, and keep all outputs for the site."""
    shutil.rmtree(CACHE, ignore_errors=True)
    nbval = ["--nbval-lax", "--nbval-cell-timeout=120", "-pbook.nbval_cache", f"--nbval-cache={CACHE}"]
    workers = ["-n2", "--dist=loadfile", "-pno:cacheprovider"]
    return run(sys.executable, "-m", "pytest", *nbval, *workers, "chapters", **kernels())


def reason(log: str) -> str:
    """Return the part of a failed build's log that says why: the cell that raised, or the warnings."""
    cell = re.search(r"An error occurred while executing.*?(?=\n+The above exception)", log, re.DOTALL)
    if cell:
        place = re.search(r"ExecutionError: (\S+\.ipynb)", log)
        return f"{place[1] if place else ''}: {cell[0].strip()}"
    shown = [line for line in log.splitlines() if "WARNING: " in line or "ERROR: " in line]
    return "\n".join(shown or log.splitlines()[-30:])


def build_site(*options: str) -> bool:
    """Fill the cache with ``execute.py`` and its options; build all pages of it, warnings fatal; trim and check."""
    for name in ("html", ".doctrees", "jupyter_execute"):
        shutil.rmtree(ROOT / "_build" / name, ignore_errors=True)
    LOG.parent.mkdir(exist_ok=True)
    command = [BIN / "jupyter-book", "build", ".", "--all", "-W", "-n", "--keep-going"]
    environment = {**os.environ, **kernels()}
    with LOG.open("w") as log:
        subprocess.run([sys.executable, "book/execute.py", *options], cwd=ROOT, env=environment, stderr=log)
        done = subprocess.run(command, cwd=ROOT, env=environment, stdout=log, stderr=subprocess.STDOUT)
    text = re.sub(r"\x1b\[[\d;]*m", "", LOG.read_text()).replace(f"{ROOT}/", "")
    if done.returncode:
        print(f"{reason(text)}\n  the whole log: {LOG.relative_to(ROOT)}")
        return False
    return run(sys.executable, "-m", "press.finish", SITE, PYTHONPATH=str(ROOT / "book"))


def book() -> bool:
    """Execute every chapter and build the site."""
    return build_site()


def draft() -> bool:
    """Build the site, executing only the chapters whose code cells changed since the last build."""
    return build_site("--changed")


def site() -> bool:
    """Build the site of the outputs that nbval has just compared; only chapters that failed are executed again."""
    return build_site("--changed")


def browser() -> bool:
    """Test the built site in a real browser, installing one if there is none."""
    files = sorted((ROOT / "tests" / "site").glob("*.test.mjs"))
    # One file at a time: each opens two pages at once, and one measures time.
    return run(BIN / "node", "book/browser.mjs") and node_tests(*files, at_once=1)


def editions() -> bool:
    """Run half of the Colab editions, in Colab's versions or the oldest allowed, twice and out of order."""
    return run(sys.executable, "book/run_editions.py")


def mutants() -> bool:
    """Plant mistakes in a copy of the package, one at a time: the tests must see each."""
    return run(sys.executable, "tests/mutants.py") & run(sys.executable, "tests/js_mutants.py")


def proof_tests(name: str) -> bool:
    """Run one file of ``tests/proof``, which the Python tests leave out."""
    return run(
        sys.executable, "-m", "pytest", f"tests/proof/test_{name}.py", "-n", "2", "-p", "no:cacheprovider"
    )


def fuzz() -> bool:
    """Call every public function with ten thousand odd arguments: promised values, or the promised error."""
    return proof_tests("fuzz")


def faults() -> bool:
    """Kill, fill, flip and stall at random places: each fault has its one outcome."""
    return proof_tests("faults")


def audit() -> bool:
    """Ask osv.dev for known faults in what this is built with, and compare THIRD_PARTY.toml."""
    return run(sys.executable, "book/audit.py") & run(sys.executable, "book/third_party.py", "--check")


def slides() -> bool:
    """Make the slides from the built site, and turn every one of them in a browser."""
    built = (SITE / "index.html").exists() or draft()
    tests = sorted((ROOT / "tests" / "classroom").glob("*.test.mjs"))
    return built and run(sys.executable, "classroom/slides.py") and node_tests(*tests)


def lab() -> bool:
    """Run a chapter in a real JupyterLab: its sliders write back to Python."""
    return run(BIN / "node", "book/browser.mjs") and node_tests(ROOT / "tests" / "lab" / "lab.test.mjs")


def pdf() -> bool:
    """Print every chapter and the whole book, and check their links, headings and bookmarks."""
    return (
        run(BIN / "node", "book/browser.mjs")
        and ((SITE / "index.html").exists() or draft())
        and run(sys.executable, "-m", "press.pdf", SITE, SITE.parent / "pdf", PYTHONPATH=str(ROOT / "book"))
        and run(sys.executable, "-m", "pytest", "tests/site/test_pdf.py", "-p", "no:cacheprovider")
    )


def grading() -> bool:
    """Release two assignments, grade two students with nbgrader, and read their feedback."""
    return run(sys.executable, "-m", "pytest", "classroom/test_grading.py", "-p", "no:cacheprovider")


def drag() -> bool:
    """Drag every kind of slider on a slowed processor: frames a second, and what a thousand moves leave behind."""
    return run(BIN / "node", "book/browser.mjs") and node_tests(ROOT / "tests" / "drag" / "drag.test.mjs")


QUICK = [fuzz, faults, audit, slides, grading, mutants]
STEPS: dict[str, list[Callable[[], bool]]] = {
    "book": [book],
    "draft": [draft],
    "check": [style, units, widgets],
    "test": [style, units, widgets, notebooks, site, browser],
    "quick-proof": QUICK,
    "proof": [*QUICK, lab, drag, pdf, editions],
    "pdf": [pdf],
}


def run_steps(target: str) -> bool:
    """Run the steps of a target; a browser has nothing to look at when the site failed."""
    failed = []
    started = int(os.environ.get("BOOK_STARTED") or time.time())
    for step in STEPS[target]:
        if step is browser and "site" in failed:
            print("== browser: not run, the site was not built")
            failed.append("browser")
            continue
        print(f"== {step.__name__}: {step.__doc__.splitlines()[0]}", flush=True)
        start = time.monotonic()
        if not step():
            failed.append(step.__name__)
        print(f"== {step.__name__}: {'FAILED' if step.__name__ in failed else 'passed'}"
              f" in {time.monotonic() - start:.0f} s\n", flush=True)  # fmt: skip
    verdict = "FAILED: " + ", ".join(failed) if failed else "passed"
    print(f"make {target}: {verdict} ({time.time() - started:.0f} s in all)")
    return not failed


def serve() -> bool:
    """Serve the built site on this machine only, until Ctrl-C."""
    if not (SITE / "index.html").exists():
        print("There is no book yet: run `make book` first.")
        return False
    port = int(os.environ.get("PORT", "8000"))

    def handler(*args):
        return SimpleHTTPRequestHandler(*args, directory=str(SITE))

    with ThreadingHTTPServer(("127.0.0.1", port), handler) as server:
        print(f"The book is at http://127.0.0.1:{port}/  (Ctrl-C stops it)", flush=True)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            print()
    return True


def main(target: str) -> bool:
    """Run one target of the Makefile."""
    if target == "serve":
        return serve()
    if target == "screenshots":
        return run(BIN / "node", "book/screenshots.mjs", SITE, ROOT / "_build" / "screenshots")
    passed = run_steps(target)
    if target in ("book", "draft") and passed:
        print(f"Open {SITE / 'index.html'} in a browser, or run `make serve`.")
    if target == "pdf" and passed:
        print(f"The PDFs are in {SITE.parent / 'pdf'}.")
    return passed


if __name__ == "__main__":
    sys.exit(not main(sys.argv[1]))
