"""Every link, anchor and file that a page names inside the site exists; outside files are refused."""

from pathlib import Path

from .site import Page, urls_in_css

__all__ = ["faults"]


def faults_of(page: Page, anchors: dict[Path, set[str]], site: Path) -> list[str]:
    """Return one line for each broken or outside reference of a page."""
    here = page.path.relative_to(site)
    found = []
    for url in page.links():
        target = page.local(url)
        if target is None:
            continue
        path, fragment = target
        if not path.exists():
            found.append(f"{here}: broken link {url}")
        elif fragment and path.suffix == ".html" and fragment not in anchors.get(path, set()):
            found.append(f"{here}: broken anchor {url}")
    for tag in page.soup.find_all(["img", "script", "source", "iframe", "link"]):
        url = tag.get("src") or (tag.get("href") if tag.name == "link" else None)
        if not url or url.startswith("data:"):
            continue
        target = page.local(url)
        if target is None and "canonical" not in tag.get("rel", []):
            found.append(f"{here}: file from outside {url}")
        elif target and not target[0].exists():
            found.append(f"{here}: missing file {url}")
    return found


def faults(site: Path, book: list[Page]) -> list[str]:
    """Return every broken reference of the built site and its pages."""
    anchors = {page.path: page.anchors for page in book}
    found = [line for page in book for line in faults_of(page, anchors, site)]
    for sheet in site.rglob("*.css"):
        found += [
            f"{sheet.name}: missing file {path.name}" for path in urls_in_css(sheet) if not path.exists()
        ]
    return found
