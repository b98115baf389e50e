"""What a class costs: ``python classroom/measure.py`` runs 1, 5 and 20 kernels through one chapter together.

Every kernel is a process of its own, as on a JupyterHub, and starts at the same moment as the others.
All of them share as many processor cores as ``--cores`` says. Twice a second their memory is read from
``/proc``, so this needs Linux. *Proportional* memory counts a page that n processes share as 1/n in each; it is what
a machine needs. The result goes to ``classroom/measured.json``; the load of the machine stands beside it.
"""

import argparse
import asyncio
import json
import os
import platform
import statistics
import time
from datetime import date
from importlib.metadata import version
from pathlib import Path

import nbformat
import psutil
from nbclient import NotebookClient

ROOT = Path(__file__).resolve().parent.parent
MEASURED = ROOT / "classroom" / "measured.json"
MB = 2**20
NO_BREAK = "\N{NO-BREAK SPACE}"
IMPORTS = (
    "import torch",
    "import matplotlib.pyplot",
    "from reparam import estimators, noise, oracles, plots, samplers; from reparam.widgets import Cards, Quiz",
)
# What the hub gives every kernel too: one thread, and freed blocks above a megabyte go back to the system.
SETTINGS = {"OMP_NUM_THREADS": "1", "MALLOC_MMAP_THRESHOLD_": "1048576", "MALLOC_TRIM_THRESHOLD_": "1048576"}


async def watch(processes: dict[int, psutil.Process], peaks: dict[str, float]) -> None:
    """Note the largest memory seen, of all kernels together and of a single one, until cancelled."""
    while True:
        held = []
        for process in processes.values():
            try:
                memory = process.memory_full_info()
            except psutil.NoSuchProcess:
                continue
            held.append((memory.pss, memory.rss))
        if held:
            together = sum(pss for pss, _ in held)
            peaks["together"] = max(peaks["together"], together)
            peaks["one"] = max(peaks["one"], *(rss for _, rss in held))
        await asyncio.sleep(0.5)


async def student(
    chapter: Path, processes: dict[int, psutil.Process], end: asyncio.Barrier
) -> tuple[float, float]:
    """Run the chapter in a kernel of its own; return its seconds from the start, and those of a processor.

    The kernel stays until all students are through, as it does when they leave the notebook open.
    """
    notebook = nbformat.read(chapter, as_version=4)
    where = {"metadata": {"path": str(chapter.parent)}}
    client = NotebookClient(notebook, timeout=None, startup_timeout=600, resources=where)
    start = time.monotonic()
    async with client.async_setup_kernel():
        pid = client.km.provisioner.pid
        process = processes[pid] = psutil.Process(pid)
        for index, cell in enumerate(notebook.cells):
            await client.async_execute_cell(cell, index)
        seconds = time.monotonic() - start
        work = process.cpu_times()
        await end.wait()
        processes.pop(pid)
    return seconds, work.user + work.system


async def together(chapter: Path, students: int) -> dict[str, float]:
    """Let so many students run the chapter at once; return one row of the result."""
    processes: dict[int, psutil.Process] = {}
    peaks = {"together": 0.0, "one": 0.0}
    end = asyncio.Barrier(students)
    load = os.getloadavg()[0]
    watcher = asyncio.create_task(watch(processes, peaks))
    pairs = await asyncio.gather(*(student(chapter, processes, end) for _ in range(students)))
    watcher.cancel()
    seconds, work = zip(*pairs, strict=True)
    return {
        "kernels": students,
        "load_before": round(load, 1),
        "median_seconds": round(statistics.median(seconds)),
        "last_seconds": round(max(seconds)),
        "median_processor_seconds": round(statistics.median(work), 1),
        "peak_together_mb": round(peaks["together"] / MB),
        "peak_each_mb": round(peaks["together"] / MB / students),
        "peak_one_resident_mb": round(peaks["one"] / MB),
    }


def imports() -> dict[str, int]:
    """Return the proportional memory in MB that a lone kernel holds after each import of a chapter."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(line) for line in ("0", *IMPORTS)])
    client = NotebookClient(notebook, startup_timeout=600)
    held = []
    with client.setup_kernel():
        process = psutil.Process(client.km.provisioner.pid)
        for index, cell in enumerate(notebook.cells):
            client.execute_cell(cell, index)
            held.append(round(process.memory_full_info().pss / MB))
    return dict(zip(("nothing", "torch", "matplotlib", "reparam"), held, strict=True))


def machine(cores: list[int]) -> dict[str, object]:
    """Return what was measured on."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    model = next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    memory = round(psutil.virtual_memory().total / 2**30)
    return {"processor": model, "cores": len(cores), "memory_gb": memory, "system": platform.system()}


def table(measured: dict) -> str:
    """Return the measurement as the Markdown table of the page "A class on one machine"."""
    rows = [
        "| Kernels at once | Median time | Last one done | Work of each | Memory of all | per kernel | Other load |",
        "|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for row in measured["rows"]:
        cells = [
            row["kernels"],
            f"{row['median_seconds']} s",
            f"{row['last_seconds']} s",
            f"{row['median_processor_seconds']:.0f} s",
            f"{row['peak_together_mb'] / 1024:.1f} GB",
            f"{row['peak_each_mb']} MB",
            row["load_before"],
        ]
        together = [str(cell).replace(" ", NO_BREAK) for cell in cells]  # a number and its unit
        rows.append(f"| {' | '.join(together)} |")
    return "\n".join(rows)


def main() -> None:
    """Measure and write the result."""
    parser = argparse.ArgumentParser(description=__doc__.partition(":")[0])
    parser.add_argument("--chapter", default="which-gradient", help="name of a chapter")
    parser.add_argument("--kernels", type=int, nargs="+", default=[1, 5, 20], help="how many at once")
    parser.add_argument("--cores", type=int, default=2, help="processor cores that they share")
    parser.add_argument("--out", type=Path, default=MEASURED)
    given = parser.parse_args()
    cores = sorted(os.sched_getaffinity(0))[: given.cores]
    os.sched_setaffinity(0, cores)
    chapter = ROOT / "chapters" / f"{given.chapter}.ipynb"
    os.environ |= {"OMP_NUM_THREADS": "1", "MPLBACKEND": "agg"}
    after = imports()
    without = asyncio.run(together(chapter, 1))
    os.environ |= SETTINGS
    rows = [asyncio.run(together(chapter, students)) for students in given.kernels]
    counts = " ".join(map(str, given.kernels))
    measured = {
        "date": date.today().isoformat(),
        "command": f"python classroom/measure.py --chapter {given.chapter} --kernels {counts} --cores {given.cores}",
        "chapter": given.chapter,
        "machine": machine(cores),
        "versions": {name: version(name) for name in ("torch", "ipykernel", "matplotlib")}
        | {"python": platform.python_version()},
        "mb_after_importing": after,
        "settings": SETTINGS,
        "one_without_malloc_settings": without,
        "rows": rows,
    }
    given.out.write_text(json.dumps(measured, indent=1) + "\n")
    print(table(measured))


if __name__ == "__main__":
    main()
