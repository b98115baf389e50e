"""The chapters' Markdown as its own parser sees it: blocks with their lines, inline pieces with their places.

The site is made by MyST, so the editions read with MyST's parser too. What it does not say is where
in a paragraph a formula, a role or a link stands; :func:`parse` notes that in each token's ``meta``:
``span`` is ``(start, end)`` in the paragraph's source, ``label`` the end of a link's text.
"""

import re
from collections.abc import Iterator
from functools import cache, partial
from typing import NamedTuple

from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from myst_parser.config.main import MdParserConfig
from myst_parser.parsers.mdit import create_md_parser

__all__ = ["Directive", "directive", "parse", "tokens"]

EXTENSIONS = {"amsmath", "attrs_block", "attrs_inline", "colon_fence", "deflist", "dollarmath", "tasklist"}
PLACED = ("math_inline", "myst_role", "link", "image")
OPTION = re.compile(r":([\w-]+):[ \t]*(.*)")


def _placed(rule, state, silent: bool) -> bool:
    """Run one inline rule and note where in the source its first token stands."""
    start, count = state.pos, len(state.tokens)
    label = state.md.helpers.parseLinkLabel(state, start, True) if state.src[start] == "[" else -1
    if not rule(state, silent):
        return False
    if not silent and len(state.tokens) > count:
        # Text before the piece may have been pending; it became a token of its own.
        first = next(token for token in state.tokens[count:] if token.type != "text")
        first.meta = {**first.meta, "span": (start, state.pos), "label": label}
    return True


def _parser():
    parser = create_md_parser(MdParserConfig(enable_extensions=EXTENSIONS), RendererHTML)
    rules = {rule.name: rule.fn for rule in parser.inline.ruler.__rules__}
    for name in PLACED:
        parser.inline.ruler.at(name, partial(_placed, rules[name]))
    return parser


_PARSER = _parser()


@cache
def parse(text: str) -> list[Token]:
    """Return the blocks of a text, each text parsed once: both editions and the count of labels need them."""
    return _PARSER.parse(text)


class Directive(NamedTuple):
    """``:::{name} argument``, its ``:option: value`` lines and what follows them."""

    name: str
    argument: str
    options: dict[str, str]
    body: str

    @property
    def label(self) -> str:
        """Return the name by which the text refers to this block, or an empty string."""
        return self.options.get("label") or self.options.get("name", "")


def directive(token: Token) -> Directive | None:
    """Return the directive that a fence holds, ``None`` for a listing or any other block."""
    head = re.match(r"\{([^}]+)\}\s*(.*)", token.info.strip()) if token.type.endswith("fence") else None
    if head is None:
        return None
    lines = token.content.split("\n")
    options = {}
    while lines and (found := OPTION.fullmatch(lines[0])):
        options[found[1]] = found[2].strip()
        lines.pop(0)
    return Directive(head[1], head[2].strip(), options, "\n".join(lines).strip("\n"))


def tokens(text: str) -> Iterator[Token | Directive]:
    """Yield every block and every inline piece in reading order, those inside directives too."""
    for token in parse(text):
        if found := directive(token):
            yield found
            yield from tokens(found.body)
        else:
            yield token
            yield from token.children or ()
