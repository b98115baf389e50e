/** A deck: which card lies on top, which side is up, what the reader knew. */

export const deal = (size) => ({ size, top: 0, flipped: false, known: Array(size).fill(false) });

const turn = (deck, step) => ({ ...deck, top: (deck.top + step + deck.size) % deck.size, flipped: false });

/** The next card that is not yet known, or simply the next one. */
function onward(deck) {
  for (let step = 1; step < deck.size; step += 1) {
    if (!deck.known[(deck.top + step) % deck.size]) return turn(deck, step);
  }
  return turn(deck, 1);
}

export const ACTIONS = {
  flip: (deck) => ({ ...deck, flipped: !deck.flipped }),
  next: (deck) => turn(deck, 1),
  previous: (deck) => turn(deck, -1),
  knew: (deck) => onward({ ...deck, known: deck.known.map((k, i) => k || i === deck.top) }),
  notyet: (deck) => onward({ ...deck, known: deck.known.map((k, i) => k && i !== deck.top) }),
};

export const score = (deck) => deck.known.filter(Boolean).length;
