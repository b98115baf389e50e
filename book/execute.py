"""Execute the chapters side by side, one per core, into the cache that the site build reads.

``python book/execute.py`` executes every chapter; with ``--changed`` only those whose code cells changed since.
A chapter that fails is left out of the cache: the site build executes it again and says which cell raised.
"""

import shutil
import sys
from pathlib import Path

import yaml
from jupyter_cache import get_cache
from jupyter_cache.executors import load_executor

ROOT = Path(__file__).resolve().parent.parent


def main(arguments: list[str]) -> int:
    """Fill the cache and print the time of each chapter; return 1 when one failed."""
    settings = yaml.safe_load((ROOT / "_config.yml").read_text())["execute"]
    folder = ROOT / settings["cache"]
    if "--changed" not in arguments:
        shutil.rmtree(folder, ignore_errors=True)
    cache = get_cache(folder)
    chapters = sorted((ROOT / "chapters").glob("*.ipynb"))
    for path in chapters:
        cache.add_nb_to_project(str(path))
    load_executor("local-parallel", cache).run_and_cache(timeout=settings["timeout"])
    kept = [cache.get_cached_project_nb(str(path)) for path in chapters]
    for path, record in zip(chapters, kept, strict=True):
        told = f"executed in {record.data['execution_seconds']:.1f} seconds" if record else "FAILED"
        print(f"  {path.relative_to(ROOT)}: {told}")
    return 0 if all(kept) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
