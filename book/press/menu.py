"""The menu "Run it" of every page that is a notebook: what it may offer, given the publisher's address.

Two downloads are always there, and where a chapter has exercises a third, without the solutions. The links to
Colab and GitHub appear when ``repository.url`` in ``_config.yml`` names a repository: never an address that the
publisher has not set.
"""

import re
import tomllib
from pathlib import Path

from sphinx.application import Sphinx

from .exercises import has_exercises

__all__ = ["links", "setup"]

ROOT = Path(__file__).resolve().parents[2]
GITHUB = re.compile(r"https://github\.com/([\w.-]+/[\w.-]+)")
SITE_BRANCH = "gh-pages"  # where GitHub keeps a built site, and so the editions


def links(pagename: str, repository: str, version: str, *, exercises: bool) -> dict[str, str]:
    """Return ``{name: address}`` of what the menu offers; files of the site are relative to its root."""
    stem = pagename.split("/")[-1]
    found = {
        "notebook": f"notebooks/{stem}.ipynb",
        "wheel": f"reparam-{version}-py3-none-any.whl",
        "edition": f"colab/{stem}.ipynb",
    }
    if exercises:
        found["student"] = f"students/{stem}-student.ipynb"
    if owned := GITHUB.fullmatch(repository):
        colab = f"https://colab.research.google.com/github/{owned[1]}/blob/{SITE_BRANCH}"
        found |= {
            "colab": f"{colab}/{found['edition']}",
            "github": f"{repository}/blob/main/{pagename}.ipynb",
        }
    return found


def on_page(app: Sphinx, pagename: str, templatename: str, context: dict, doctree) -> None:
    """Tell the template what to offer, on pages made from notebooks."""
    if context.get("page_source_suffix") == ".ipynb":
        repository = app.config.html_theme_options.get("repository_url") or ""
        version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
        asks = has_exercises(ROOT / f"{pagename}.ipynb")
        context["run"] = links(pagename, repository, version, exercises=asks)


def setup(app: Sphinx) -> None:
    """Run on each page."""
    app.connect("html-page-context", on_page)
