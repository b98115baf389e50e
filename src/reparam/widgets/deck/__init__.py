"""All the cards of a book in one deck, which remembers when to ask each of them again."""

import hashlib
from collections.abc import Mapping, Sequence

import traitlets

from reparam.widgets.base import Widget, bundle, plain, stylesheet

__all__ = ["Deck", "card_id"]


def card_id(front: str) -> str:
    """Return the name under which a card's dates are kept: it changes only with the question."""
    return hashlib.sha256(front.encode()).hexdigest()[:12]


class Deck(Widget):
    """Ask the cards of all chapters, each again after 1, 2, 4, 8 and 16 days (Leitner's boxes).

    Args:
        chapters: chapter title to ``(front, back)`` pairs, texts as in ``Cards``. A pair that two
            chapters share is kept once, in the first of them.
        title: the deck's name.

    Raises:
        TypeError, ValueError: the deck is empty, a card is no pair, a text holds HTML, or one
            question has two answers.
    """

    _esm = bundle("deck")
    _css = stylesheet("deck")
    decks = traitlets.List().tag(sync=True)

    def __init__(self, chapters: Mapping[str, Sequence[tuple[str, str]]], title: str = "The deck") -> None:
        answers: dict[str, str] = {}
        decks = []
        for chapter, pairs in chapters.items():
            cards = []
            for k, pair in enumerate(pairs):
                where = f"chapters[{chapter!r}][{k}]"
                if isinstance(pair, str) or not isinstance(pair, Sequence) or len(pair) != 2:
                    raise ValueError(f"Deck: {where} must be a (front, back) pair, got {pair!r}")
                front, back = (plain("Deck", f"{where}[{j}]", text) for j, text in enumerate(pair))
                if answers.setdefault(front, back) != back:
                    raise ValueError(f"Deck: {where} must not answer {front!r} in a second way, got {back!r}")
                cards.append([card_id(front), front, back])
            known = {card[0] for deck in decks for card in deck["cards"]}
            cards = [card for card in cards if card[0] not in known]
            if cards:
                decks.append({"title": plain("Deck", "chapters", chapter), "cards": cards})
        if not decks:
            raise ValueError(f"Deck: chapters must hold at least one (front, back) pair, got {chapters!r}")
        super().__init__(title=plain("Deck", "title", title), decks=decks)

    def describe(self) -> str:
        count = sum(len(deck["cards"]) for deck in self.decks)
        first = self.decks[0]["cards"][0][1]
        return f"{self.title}: {count} cards of {len(self.decks)} chapters, the first asks: {first}"
