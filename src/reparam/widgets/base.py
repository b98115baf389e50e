"""What every widget shares: one self-contained script, one style sheet, honest traits.

A widget is a folder with ``model.js`` (numbers), ``view.js`` (markup) and ``widget.js``
(wiring), real ES modules that import each other and ``kit/``. :func:`bundle` joins them
into the one string that the page runs; comments stay behind, nothing is minified. Traits refuse
bad values with a sentence that names the widget, the trait, the value and what is allowed.
"""

import math
import re
from collections.abc import Mapping, Sequence
from numbers import Integral, Real
from pathlib import Path

import anywidget
import traitlets

from reparam import palette

__all__ = ["Choice", "Count", "Number", "Numbers", "Widget", "bundle", "plain", "stylesheet"]

HERE = Path(__file__).parent
IMPORT = re.compile(r'^import \{[^}]*\} from "(\.[^"]+)";\n', re.MULTILINE)
COMMENT = re.compile(r"^[ \t]*/\*\*.*?\*/[ \t]*\n", re.MULTILINE | re.DOTALL)
TAG = re.compile(r"<(?:[/!]?[a-zA-Z]|!--)[^<>]*>")


def bundle(folder: str) -> str:
    """Join ``folder/widget.js`` and all that it imports into one module without imports.

    Left out are the ``/** ... */`` comments that have their lines to themselves, as readers of the
    sources need them and readers of the page do not.
    """
    sources: dict[Path, str] = {}

    def visit(path: Path) -> None:
        if path in sources:
            return
        text = path.read_text(encoding="utf-8")
        for needed in IMPORT.findall(text):
            visit((path.parent / needed).resolve())
        sources[path] = COMMENT.sub("", IMPORT.sub("", text))

    entry = (HERE / folder / "widget.js").resolve()
    visit(entry)
    parts = [re.sub(r"^export (?!default)", "", text, flags=re.MULTILINE) for text in sources.values()]
    return "\n".join(part.strip() + "\n" for part in parts)


def stylesheet(folder: str) -> str:
    """Join the palette, the shared style and the widget's own."""
    sheets = [HERE / "kit" / "style.css", HERE / folder / "style.css"]
    return palette.css() + "".join(sheet.read_text(encoding="utf-8") for sheet in sheets)


def plain(widget: str, name: str, text: object) -> str:
    """Return ``text`` if it is a non-empty string without HTML tags; raise otherwise."""
    if not isinstance(text, str):
        raise TypeError(f"{widget}: {name} must be a string, got {text!r} of type {type(text).__name__}")
    if not text.strip():
        raise ValueError(f"{widget}: {name} must not be empty, got {text!r}")
    if tag := TAG.search(text):
        raise ValueError(
            f"{widget}: {name} must be plain text without HTML, got {tag[0]!r}; allowed are `code`, "
            "*emphasis*, x_{i} and x^{2}; write 'a < b' with spaces around the sign"
        )
    return text


class Number(traitlets.TraitType):
    """One finite number from ``low`` to ``high``."""

    def __init__(self, default: float, low: float, high: float) -> None:
        self.low, self.high = low, high
        super().__init__(default)
        self.tag(sync=True)

    def validate(self, obj: object, value: object) -> float:
        where = f"{type(obj).__name__}: {self.name} must be a number from {self.low:g} to {self.high:g}"
        if isinstance(value, bool) or not isinstance(value, Real):
            raise TypeError(f"{where}, got {value!r} of type {type(value).__name__}")
        if not (math.isfinite(value) and self.low <= value <= self.high):
            raise ValueError(f"{where}, got {value!r}")
        return float(value)


class Count(traitlets.TraitType):
    """One whole number from ``low`` to ``high``."""

    def __init__(self, default: int, low: int, high: int) -> None:
        self.low, self.high = low, high
        super().__init__(default)
        self.tag(sync=True)

    def validate(self, obj: object, value: object) -> int:
        where = f"{type(obj).__name__}: {self.name} must be a whole number from {self.low} to {self.high}"
        if isinstance(value, bool) or not isinstance(value, Integral):
            raise TypeError(f"{where}, got {value!r} of type {type(value).__name__}")
        if not self.low <= value <= self.high:
            raise ValueError(f"{where}, got {value!r}")
        return int(value)


class Numbers(traitlets.TraitType):
    """Finite numbers from ``low`` to ``high``: as many as the default has, or as ``sizes`` allow."""

    def __init__(self, default: Sequence[float], low: float, high: float, sizes: Sequence[int] = ()) -> None:
        self.low, self.high, self.sizes = low, high, sizes or (len(default),)
        super().__init__(list(default))
        self.tag(sync=True)

    def validate(self, obj: object, value: object) -> list[float]:
        size = " or ".join(map(str, self.sizes))
        where = f"{type(obj).__name__}: {self.name} must be {size} numbers from {self.low:g} to {self.high:g}"
        try:
            numbers = [float(v) for v in value]
        except (TypeError, ValueError):
            raise TypeError(f"{where}, got {value!r}") from None
        if len(numbers) not in self.sizes or not all(self.low <= v <= self.high for v in numbers):
            raise ValueError(f"{where}, got {value!r}")
        return numbers


class Choice(traitlets.TraitType):
    """One of a few words."""

    def __init__(self, *allowed: str) -> None:
        self.allowed = allowed
        super().__init__(allowed[0])
        self.tag(sync=True)

    def validate(self, obj: object, value: object) -> str:
        if value not in self.allowed:
            listed = ", ".join(repr(word) for word in self.allowed)
            raise ValueError(f"{type(obj).__name__}: {self.name} must be one of {listed}, got {value!r}")
        return value


class Widget(anywidget.AnyWidget):
    """A live picture that also has a name and a summary in words, kept true to its state.

    Subclasses set ``_esm`` and ``_css``, declare synced traits and say in :meth:`describe`
    what is to be seen. Where no picture can be drawn (a terminal, a printed page, GitHub),
    the summary is what the reader gets.
    """

    title = traitlets.Unicode().tag(sync=True)
    summary = traitlets.Unicode().tag(sync=True)

    def __init__(self, **state: object) -> None:
        super().__init__(**state)
        self._summarise()
        own = [name for name in type(self).class_own_traits(sync=True) if not name.startswith("_")]
        self.observe(self._summarise, own)

    def describe(self) -> str:
        """Return one or two sentences that say what the widget shows now."""
        raise NotImplementedError

    def _summarise(self, _change: object = None) -> None:
        self.summary = self.describe()

    def __repr__(self) -> str:
        return self.summary

    def _repr_mimebundle_(self, **kwargs: object) -> object:
        shown = super()._repr_mimebundle_(**kwargs)
        data = shown[0] if isinstance(shown, tuple) else shown
        if isinstance(data, Mapping):
            data["text/plain"] = self.summary
        return shown
