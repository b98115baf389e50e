"""Flash cards: a deck to turn over at the end of a chapter."""

from collections.abc import Sequence

import traitlets

from reparam.widgets.base import Widget, bundle, plain, stylesheet

__all__ = ["Cards"]


class Cards(Widget):
    """Show one card at a time: think, flip, and say whether you knew it.

    Args:
        cards: ``(front, back)`` pairs of plain text; `code`, *emphasis*, ``x_{i}`` and
            ``x^{2}`` are rendered.
        title: the deck's name.

    Raises:
        TypeError, ValueError: the deck is empty, a card is no pair, or a text holds HTML.
    """

    _esm = bundle("cards")
    _css = stylesheet("cards")
    cards = traitlets.List().tag(sync=True)

    def __init__(self, cards: Sequence[tuple[str, str]], title: str = "Cards") -> None:
        deck = []
        for k, card in enumerate(cards):
            if isinstance(card, str) or not isinstance(card, Sequence) or len(card) != 2:
                raise ValueError(f"Cards: cards[{k}] must be a (front, back) pair, got {card!r}")
            deck.append([plain("Cards", f"cards[{k}][{j}]", text) for j, text in enumerate(card)])
        if not deck:
            raise ValueError("Cards: cards must hold at least one (front, back) pair, got none")
        super().__init__(title=plain("Cards", "title", title), cards=deck)

    def describe(self) -> str:
        return f"{self.title}: {len(self.cards)} cards to turn over, the first asks: {self.cards[0][0]}"
