"""Trim the built site: ``python -m press.finish _build/html``. Exits 1 on a broken link or a heavy page.

Sizes for pictures, notebooks to take away, fonts cut to what is used, unused style rules and files deleted; then every
reference is checked and every page weighed.
"""

import re
import sys
from pathlib import Path

from .editions import write_editions
from .fonts import trim
from .images import write_sizes
from .links import faults
from .site import Page, pages, urls_in_css
from .weight import CEILING, weigh

__all__ = ["finish"]

FRONT = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<meta http-equiv="refresh" content="0; url={url}"><link rel="canonical" href="{url}"></head>
<body><main><h1>{title}</h1><p><a href="{url}">Open the book</a></p></main></body></html>
"""
RULE = re.compile(r"(?<=[}\n;])([^{}@;]*\.sd-[^{}]*)\{[^{}]*\}")


def drop_rules(sheet: Path, book: list[Page]) -> None:
    """Delete the rules of sphinx-design (most of its style sheet) whose classes no page has."""
    used = set(re.findall(r"sd-[\w-]+", " ".join(page.path.read_text(encoding="utf-8") for page in book)))

    def keep(rule: re.Match) -> str:
        selectors = [part for part in rule[1].split(",") if set(re.findall(r"sd-[\w-]+", part)) <= used]
        return rule[0].replace(rule[1], ",".join(selectors)) if selectors else ""

    sheet.write_text(RULE.sub(keep, sheet.read_text()))


def drop_files(site: Path, book: list[Page]) -> None:
    """Delete every file that no page links to or loads."""
    kept = {page.path for page in book}
    for page in book:
        kept |= page.loads() | {found[0] for url in page.links() if (found := page.local(url))}
    kept |= {url for path in list(kept) if path.suffix == ".css" for url in urls_in_css(path)}
    for path in sorted(site.rglob("*"), reverse=True):
        if path.is_file() and path.resolve() not in kept:
            path.unlink()
        elif path.is_dir() and not any(path.iterdir()):
            path.rmdir()


def finish(site: Path) -> int:
    """Trim, check and weigh the site; return the exit status."""
    front = site / "index.html"
    if "http-equiv" in front.read_text():
        front.write_text(FRONT.format(title="Gradients Through Noise", url="chapters/index.html"))
    for page in pages(site):
        write_sizes(page)
    write_editions(site)
    book = pages(site)
    trim(site / "_static", book)
    drop_rules(site / "_static" / "book.css", book)
    drop_files(site, book)

    broken = faults(site, book)
    for line in broken:
        print(f"  broken: {line}")
    table = weigh(site, book)
    for name, size in table.items():
        print(f"  {size / 1024:6.0f} KB at most  {name}")
    heavy = [name for name, size in table.items() if size > CEILING]
    if heavy:
        print(f"  over the ceiling of {CEILING // 1024} KB: {', '.join(heavy)}")
    return 1 if broken or heavy else 0


if __name__ == "__main__":
    sys.exit(finish(Path(sys.argv[1]).resolve()))
