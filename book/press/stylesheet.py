"""One style sheet and its typefaces, made at build time: palette, fonts, maths, then our own files.

Writes ``_static/book.css``, ``_static/palette.css`` and ``_static/fonts/*.woff2``, and keeps the theme's
own style sheets and scripts (a megabyte) off every page; the search page keeps Sphinx's search.
"""

import re
import shutil
from pathlib import Path

import sphinx_design
from sphinx.application import Sphinx

from reparam import palette

__all__ = ["setup"]

BOOK = Path(__file__).resolve().parent.parent
MODULES = BOOK / "node_modules"
FACES = {
    "source-serif-4": ("400", "400-italic", "600"),
    "source-sans-3": ("400", "600"),
    "ibm-plex-mono": ("400",),
}
SCRIPTS = ("latin", "latin-ext", "greek")
BLOCK = re.compile(r"@font-face\s*\{[^}]*\}")
WOFF2 = re.compile(r"url\(\.?/?(?:files|fonts)/([\w-]+\.woff2)\)")
OURS = {"book.js"}
SEARCH = {"documentation_options.js", "doctools.js", "sphinx_highlight.js"}


def take_font(css: str, folder: Path, fonts: Path) -> str:
    """Copy the woff2 file of each ``@font-face`` in ``css`` and return those rules, woff2 only."""
    rules = []
    for block in BLOCK.findall(css):
        name = WOFF2.search(block)[1]
        shutil.copyfile(folder / name, fonts / name)
        rules.append(re.sub(r"src:[^;}]*", f'src:url(fonts/{name}) format("woff2")', block))
    return "\n".join(rules)


def text_faces(fonts: Path) -> str:
    """Return the rules of the text typefaces, for the scripts that this book is written in."""
    rules = []
    for family, faces in FACES.items():
        folder = MODULES / "@fontsource" / family
        for face in faces:
            for block in BLOCK.findall((folder / f"{face}.css").read_text()):
                if WOFF2.search(block)[1].startswith(
                    tuple(f"{family}-{script}-{face[:3]}" for script in SCRIPTS)
                ):
                    rules.append(take_font(block, folder / "files", fonts))
    return "\n".join(rules)


def mathematics(fonts: Path) -> str:
    """Return KaTeX's style sheet, pointing at our copy of its fonts."""
    dist = MODULES / "katex" / "dist"
    css = (dist / "katex.min.css").read_text()
    return take_font(css, dist / "fonts", fonts) + BLOCK.sub("", css)


def paper() -> str:
    """Return the light palette once more for print: paper is white in dark mode too."""
    light = palette.css().partition("}")[0].partition("{")[2]
    return f"@media print {{ html[data-theme] {{ {light} }} }}"


def write_stylesheet(app: Sphinx) -> None:
    """Write the style sheet before any page is rendered."""
    static = Path(app.outdir) / "_static"
    fonts = static / "fonts"
    fonts.mkdir(parents=True, exist_ok=True)
    design = (Path(sphinx_design.__file__).parent / "static" / "sphinx-design.min.css").read_text()
    own = [path.read_text() for path in sorted((BOOK / "theme" / "css").glob("*.css"))]
    parts = [palette.css(), paper(), text_faces(fonts), mathematics(fonts), design, *own]
    (static / "palette.css").write_text(palette.css())
    (static / "book.css").write_text("\n".join(parts))


def keep_ours(app: Sphinx, pagename: str, templatename: str, context: dict, doctree) -> None:
    """Leave on each page only the scripts that it uses; our layout links the one style sheet."""
    wanted = OURS | (SEARCH if pagename == "search" else set())
    if "sd-tab-set" in context.get("body", ""):
        wanted |= {"design-tabs.js"}
    names = {
        script: Path(str(getattr(script, "filename", script) or "")).name
        for script in context["script_files"]
    }
    context["script_files"] = [script for script, name in names.items() if name in wanted]


def setup(app: Sphinx) -> None:
    """Write first, filter last."""
    app.add_js_file("book.js", loading_method="defer")
    app.connect("builder-inited", write_stylesheet)
    app.connect("html-page-context", keep_ours, priority=900)
