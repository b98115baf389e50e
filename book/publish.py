"""Set or clear the address of the publisher's repository: ``python book/publish.py [https://github.com/owner/name]``.

It is kept in ``_config.yml`` and nowhere else. With it each page offers Colab and GitHub, without it neither.
"""

import re
import sys
from pathlib import Path

CONFIG = Path(__file__).resolve().parent.parent / "_config.yml"
ADDRESS = re.compile(r"https://github\.com/[\w.-]+/[\w.-]+|")
PLACE = re.compile(r'(?m)^(repository:\n  url: )".*"$')


def with_address(config: str, address: str) -> str:
    """Return the configuration with another address; an empty one clears it.

    Raises:
        ValueError: it is not the address of a repository on GitHub, or the configuration has no place for it.
    """
    if not ADDRESS.fullmatch(address):
        raise ValueError(f"REPO must be https://github.com/owner/name or empty, got {address!r}")
    changed, count = PLACE.subn(rf'\1"{address}"', config)
    if count != 1:
        raise ValueError(f"_config.yml must have one `repository:` with a quoted `url:`, found {count}")
    return changed


def main(arguments: list[str]) -> int:
    """Write the address given, or clear it."""
    address = (arguments[0] if arguments else "").strip().removesuffix("/").removesuffix(".git")
    try:
        CONFIG.write_text(with_address(CONFIG.read_text(), address))
    except ValueError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"Colab and GitHub on every page: {address}" if address else "No links to Colab and GitHub.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
