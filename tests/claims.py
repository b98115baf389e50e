"""Find the numbers of a chapter's prose and what stands behind each of them."""

import ast
import re

from nbformat import NotebookNode

# What is no prose: code, formulas, roles, addresses, options of directives, and the marks of a list.
NOT_PROSE = re.compile(
    r"```.*?```|`[^`]*`|\$\$.*?\$\$|\$[^$]*\$|\{\w+\}|\]\([^)]*\)|https?://\S+|^:\w+:.*$|^:::.*$|^\([\w-]+\)=|^\s*\d+\.\s"
    r"|^\[\^.*?\]:|<[^>]*>",
    re.S | re.M,
)
NUMBER = re.compile(
    r"(?<![\w.\-/^_{=])(\d{1,3}(?:,\d{3})+|\d+)(\.\d+)?(?:\s?(%|percent|million|thousand))?(?![\w{])"
)
# Years and the numbers of sections, equations, tables: they name a place and claim nothing.
NAMES = re.compile(
    r"(?:\b(?:19|20)\d\d\b|\b(?:sections?|eq\.|equations?|algorithms?|tables?|figures?|appendix|chapters?|theorems?|definitions?"
    r"|levels?|steps?|parts?|cells?|cases?|seeds?|pages?|exercises?|questions?|version|layers?)\s\d+(?:\.\d+)*)",
    re.I,
)
# A number alone between dollars, or at the end of a formula after a relation, is a claim like one in words.
CLAIMED = re.compile(
    r"\$(?:[^$]*(?:\\approx|\\leq?|\\geq?|\\ll|\\gg|[=<>]))?\s*(?:\\pm\s*)?-?([\d.,{}]*\d)(?:\\,)?\s*(\\%)?\$"
)
SCALE = {"%": 0.01, "percent": 0.01, "million": 1e6, "thousand": 1e3}


def prose(source: str) -> str:
    """Return a Markdown cell without its code, formulas and addresses; a number that a formula ends with stays."""
    source = re.sub(r"```.*?```|`[^`]*`|\$\$.*?\$\$", " ", source, flags=re.S)
    source = CLAIMED.sub(lambda m: f" {m[1].replace('{,}', ',')}{' %' if m[2] else ''} ", source)
    return NOT_PROSE.sub(" ", source)


def numbers(text: str) -> list[tuple[str, float, float]]:
    """Return each number as it stands, its value, and half a unit of its last digit."""
    found = []
    for match in NUMBER.finditer(NAMES.sub(" ", text)):
        whole, fraction, unit = match.groups()
        factor = SCALE.get(unit, 1.0)
        value = float(whole.replace(",", "") + (fraction or ""))
        digit = 10.0 ** -(len(fraction) - 1) if fraction else 1.0
        found.append((match.group().strip(), value * factor, 0.5 * digit * factor))
    return found


def stated(cells: list[NotebookNode]) -> set[float]:
    """Return every number that a code cell, other than a quiz or a card, contains or prints."""
    out = set()
    for cell in cells:
        if cell.cell_type != "code" or re.match(r"\s*(Quiz|Cards)\(", cell.source):
            continue
        for node in ast.walk(ast.parse(cell.source)):
            if (
                isinstance(node, ast.Constant)
                and isinstance(node.value, int | float)
                and not isinstance(node.value, bool)
            ):
                out.add(float(node.value))
        printed = "".join("".join(o.get("text", "")) for o in cell.outputs)
        out |= {float(n.replace(",", "")) for n in re.findall(r"\d[\d,]*\.?\d*(?:e[+-]?\d+)?", printed)}
    return out


def unbacked(cells: list[NotebookNode]) -> list[tuple[str, str]]:
    """Return the numbers in prose that no cell states, each with its surroundings."""
    known, missing = stated(cells), []
    for cell in cells:
        if cell.cell_type != "markdown":
            continue
        text = prose(cell.source)
        for shown, value, half in numbers(text):
            if "%" not in shown and float(value).is_integer() and value <= 12:
                continue  # twelve and fewer are words written short
            if not any(abs(abs(k) - value) <= half * 1.0001 for k in known):
                at = text.find(shown)
                missing.append((shown, " ".join(text[max(0, at - 60) : at + 40].split())))
    return missing
