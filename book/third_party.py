"""List what others made: ``python book/third_party.py`` writes ``THIRD_PARTY.toml``; ``--check`` compares.

Name, version, licence, what it is for, and checksums: of the archive for a package from npm, of every file that
ends up on the site. A package that comes anew has no place in ``USES`` and stops the command.
"""

import hashlib
import json
import sys
import tomllib
from importlib.metadata import metadata
from importlib.util import find_spec
from pathlib import Path

BOOK = Path(__file__).resolve().parent
ROOT = BOOK.parent
LIST = ROOT / "THIRD_PARTY.toml"
MODULES = BOOK / "node_modules"

# What every package from npm is for; only what is "on the site" ships.
USES = {
    "@fontsource/ibm-plex-mono": "on the site: typeface",
    "@fontsource/source-sans-3": "on the site: typeface",
    "@fontsource/source-serif-4": "on the site: typeface",
    "katex": "on the site: style sheet and typefaces of formulas, which are drawn at build time",
    "reveal.js": "on the site: style sheet and script of the slides",
    "commander": "needed by katex, not on the site",
    "axe-core": "tests: accessibility, not on the site",
    "playwright-core": "tests: a browser, not on the site",
}
# From Python packages: the files that are copied to the site.
PYTHON = {
    "sphinx_design": ("sphinx_design", ["static/sphinx-design.min.css", "static/design-tabs.js"], "MIT"),
    "Sphinx": (
        "sphinx",
        [f"themes/basic/static/{name}" for name in ("doctools.js", "sphinx_highlight.js", "searchtools.js")],
        "BSD-2-Clause",
    ),
}
DATA = {
    "src/reparam/digits.npz": (
        "Optical Recognition of Handwritten Digits, Alpaydin and Kaynak (1998), UCI",
        "CC-BY-4.0",
        "https://doi.org/10.24432/C50P49",
    )
}


def sha256(path: Path) -> str:
    """Return the checksum of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def from_npm() -> list[dict]:
    """Return the packages of ``package-lock.json``; with the checksums of the files that ship."""
    packages = []
    for path, about in json.loads((BOOK / "package-lock.json").read_text())["packages"].items():
        if not path:
            continue
        name = path.removeprefix("node_modules/")
        entry = {"name": name, "version": about["version"], "licence": about["license"], "use": USES[name]}
        entry["archive"] = about["integrity"]
        if USES[name].startswith("on the site"):
            folder = MODULES / name
            files = [
                *folder.glob("dist/katex.min.css"),
                *folder.glob("dist/reveal.*s"),
                *folder.glob("dist/fonts/*.woff2"),
                *_faces(folder, name),
            ]
            entry["files"] = {str(f.relative_to(folder)): sha256(f) for f in sorted(files)}
        packages.append(entry)
    return packages


def _faces(folder: Path, name: str) -> list[Path]:
    """Return the files of a text typeface in the faces and scripts that the book uses."""
    sys.path.insert(0, str(BOOK))
    from press.stylesheet import FACES, SCRIPTS

    family = name.removeprefix("@fontsource/")
    names = [
        f"{family}-{script}-{face if '-' in face else f'{face}-normal'}.woff2"
        for script in SCRIPTS
        for face in FACES.get(family, ())
    ]
    return [path for each in names if (path := folder / "files" / each).exists()]


def from_python() -> list[dict]:
    """Return the Python packages of which files are copied."""
    packages = []
    for name, (module, files, licence) in PYTHON.items():
        folder = Path(find_spec(module).origin).parent
        sums = {file: sha256(folder / file) for file in files}
        version = metadata(name)["Version"]
        packages.append(
            {
                "name": name,
                "version": version,
                "licence": licence,
                "use": "on the site: files below",
                "files": sums,
            }
        )
    return packages


def data() -> list[dict]:
    """Return the data sets that the package carries."""
    return [
        {"name": path, "title": title, "licence": licence, "source": source, "sha256": sha256(ROOT / path)}
        for path, (title, licence, source) in DATA.items()
    ]


def toml(value: object) -> str:
    """Write a string or a table of strings as TOML does."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{json.dumps(k)} = {json.dumps(v)}" for k, v in value.items()) + " }"
    return json.dumps(value, ensure_ascii=False)


def text() -> str:
    """Return the whole list."""
    out = [
        "# What others made, written by `python book/third_party.py`. Icons, logo and style are our own, see LICENSE."
    ]
    for section, entries in (("npm", from_npm()), ("python", from_python()), ("data", data())):
        for entry in entries:
            out += ["", f"[[{section}]]"]
            for key, value in entry.items():
                if isinstance(value, dict):
                    out += [f"{key} = ["] + [f"  {toml([k, v])}," for k, v in value.items()] + ["]"]
                else:
                    out.append(f"{key} = {toml(value)}")
    return "\n".join(out) + "\n"


def main(arguments: list[str]) -> int:
    """Write the list, or say how it differs from what is installed."""
    new = text()
    tomllib.loads(new)
    if "--check" not in arguments:
        LIST.write_text(new)
        return 0
    if LIST.read_text() == new:
        return 0
    print("THIRD_PARTY.toml is not what is installed; run: python book/third_party.py, and read what changed")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
