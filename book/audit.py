"""Ask whether a fault is known in what this book is built with: ``python book/audit.py``.

Sends names and versions of ``requirements.txt`` and ``book/package-lock.json`` to osv.dev and prints what is known.
A known fault fails unless ``ACCEPTED`` says why it does not reach us. Without a network it says so and passes.
"""

import json
import re
import sys
from pathlib import Path
from urllib.error import URLError
from urllib.request import Request, urlopen

ROOT = Path(__file__).resolve().parent.parent
SERVICE = "https://api.osv.dev/v1/querybatch"
TIMEOUT = 15.0  # seconds

# Identifier of a fault: why it does not reach us.
ACCEPTED: dict[str, str] = {}


def pinned() -> list[tuple[str, str, str]]:
    """Return ecosystem, name and version of all that is installed for the build."""
    lines = (ROOT / "requirements.txt").read_text().splitlines()
    python = [("PyPI", *line.split("==")) for line in lines if re.match(r"[\w.-]+==", line)]
    lock = json.loads((ROOT / "book" / "package-lock.json").read_text())["packages"]
    npm = [
        ("npm", path.rpartition("node_modules/")[2], about["version"]) for path, about in lock.items() if path
    ]
    return python + npm


def known(packages: list[tuple[str, str, str]], service: str = SERVICE) -> dict[str, list[str]]:
    """Return the identifiers of known faults by package.

    Raises:
        OSError, ValueError: the service cannot be reached, or answers something else.
    """
    queries = [{"package": {"ecosystem": e, "name": n}, "version": v.strip()} for e, n, v in packages]
    body = json.dumps({"queries": queries}).encode()
    with urlopen(Request(service, body, {"Content-Type": "application/json"}), timeout=TIMEOUT) as answer:
        results = json.load(answer)["results"]
    if len(results) != len(packages):
        raise ValueError(f"{len(results)} answers to {len(packages)} questions")
    found = {}
    for (_, name, version), result in zip(packages, results, strict=True):
        if faults := [fault["id"] for fault in result.get("vulns", ())]:
            found[f"{name} {version.strip()}"] = faults
    return found


def main(service: str = SERVICE) -> int:
    """Print what is known, and return 1 if something is that nobody has accepted."""
    packages = pinned()
    try:
        found = known(packages, service)
    except (URLError, OSError, ValueError, KeyError) as error:
        print(
            f"not checked: offline, or osv.dev does not answer ({type(error).__name__}); {len(packages)} pins"
        )
        return 0
    for name, faults in found.items():
        for fault in faults:
            print(f"{name}: https://osv.dev/{fault} ({ACCEPTED.get(fault, 'NOT ACCEPTED')})")
    bad = [fault for faults in found.values() for fault in faults if fault not in ACCEPTED]
    print(f"{len(packages)} packages checked at osv.dev: {len(bad)} known faults that nobody has accepted")
    return int(bool(bad))


if __name__ == "__main__":
    sys.exit(main())
