"""Live widgets on a page that has no kernel, and their still pictures for everybody else.

MyST-NB leaves two kinds of script in a page: a *view* (a model id) and the *state* of all models.
Each view becomes ``div.rp-host`` holding the widget's own ``still(state)``, drawn now; the state
becomes one small JSON block in which each module source and each style sheet appears once.
``loader.js`` does the rest in the browser. Whatever cannot be shown is a warning, fatal under ``-W``.
"""

import html
import json
import re

from sphinx.application import Sphinx
from sphinx.util import logging

from .node import NodeError, ask

__all__ = ["setup"]

LOGGER = logging.getLogger(__name__)
VIEW = re.compile(r'<script type="application/vnd\.jupyter\.widget-view\+json">(.*?)</script>', re.DOTALL)
STATE_TYPE = "application/vnd.jupyter.widget-state+json"
SCAFFOLD = {"layout", "tabbable", "tooltip"}  # traits of every DOMWidget, no use without a kernel
SILENT = ("LayoutModel", "StyleModel")  # models that only dress other models


def take_state(context: dict) -> dict[str, dict]:
    """Remove MyST-NB's state script from the page and return ``{model id: model}``."""
    for script in list(context.get("script_files", [])):
        attributes = getattr(script, "attributes", {})
        if attributes.get("type") == STATE_TYPE:
            context["script_files"].remove(script)
            return json.loads(attributes["body"])["state"]
    return {}


def public(state: dict) -> dict:
    """Return the widget's own traits: what ``render`` and ``still`` may read."""
    return {name: value for name, value in state.items() if name[0] != "_" and name not in SCAFFOLD}


class Page:
    """The widgets of one page, collected while its views are replaced."""

    def __init__(self, docname: str, models: dict[str, dict]):
        self.docname, self.models = docname, models
        self.names: dict[str, str] = {}
        self.modules: list[str] = []
        self.styles: list[str] = []
        self.live: dict[str, dict] = {}

    def warn(self, message: str, *args) -> None:
        """Report a widget that readers would not see."""
        LOGGER.warning("widget: " + message, *args, location=self.docname, type="book", subtype="widget")

    def refuse_foreign(self) -> None:
        """Plain ipywidgets (sliders, progress bars) need a kernel: they would be an empty place."""
        foreign = sorted(
            model["model_name"]
            for model in self.models.values()
            if model["model_module"] != "anywidget" and not model["model_name"].endswith(SILENT)
        )
        if foreign:
            self.warn(
                "%s cannot live on a page without a kernel; use a widget of reparam.widgets"
                " (for progress: plain tqdm, not tqdm.notebook)",
                ", ".join(dict.fromkeys(foreign)),
            )

    def place(self, match: re.Match) -> str:
        """Return the HTML for one view."""
        key = json.loads(match[1])["model_id"]
        model = self.models.get(key)
        if model is None:
            self.warn("no state for model %s (was the notebook executed?)", key)
            return ""
        if model["model_module"] != "anywidget":
            return ""
        if model.get("buffers"):
            self.warn("%s has binary traits; use lists or base64 text", model["model_name"])
        name = self.names.setdefault(key, f"w{len(self.names) + 1}")
        state = public(model["state"])
        source = model["state"].get("_esm", "")
        self.live[name] = {"module": self._index(self.modules, source), "state": state}
        self._index(self.styles, model["state"].get("_css", ""))
        if not state.get("title"):
            self.warn("%s has no `title`, which names it to a screen reader", model["model_name"])
        try:
            still = ask(do="still", source=source, state=state)
        except NodeError as error:
            self.warn("no still picture of %s: %s", state.get("title") or model["model_name"], error)
            still = ""
        label = html.escape(str(state.get("title", "")), quote=True)
        return (
            f'<div class="rp-host" data-model="{name}" role="group" aria-label="{label}">'
            f'<div class="rp-host-still">{still}</div></div>'
        )

    @staticmethod
    def _index(items: list[str], item: str) -> int:
        if item not in items:
            items.append(item)
        return items.index(item)

    def data(self) -> str:
        """Return the JSON block for the loader, safe inside a ``script`` element."""
        block = {"modules": self.modules, "models": self.live}
        text = json.dumps(block, separators=(",", ":"), ensure_ascii=False)
        safe = text.replace("</", "<\\u002f")
        return f'<script type="application/json" id="rp-widgets">{safe}</script>'


def on_page(app: Sphinx, pagename: str, templatename: str, context: dict, doctree) -> None:
    """Replace the views of one page; runs after MyST-NB has added its scripts."""
    page = Page(pagename, take_state(context))
    page.refuse_foreign()
    body = VIEW.sub(page.place, context.get("body") or "")
    if not page.live:
        return
    # At the very end, not deferred: it starts before the first layout, which is the long part of opening.
    loader = context["pathto"]("_static/loader.js", 1)
    context["body"] = f'{body}{page.data()}<script src="{loader}"></script>'
    # Preloaded, it is here before the style sheet lets layout begin.
    preload = f'<link rel="preload" as="script" href="{loader}" />'
    styles = "\n".join(style.replace("</", "<\\/") for style in page.styles if style)
    context["metatags"] = context.get("metatags", "") + f"\n{preload}<style>{styles}</style>"


def setup(app: Sphinx) -> None:
    """Run after MyST-NB, which adds its scripts at the default priority."""
    app.connect("html-page-context", on_page, priority=600)
