/**
 * Leitner's boxes. A new card is in box 0. Knowing it moves it up one box, not knowing it moves it
 * back to box 0; from box 1 to 5 it returns after 1, 2, 4, 8, 16 days. A card that is asked before its
 * day and known stays where it is. Days are whole numbers.
 */

export const WAIT = [0, 1, 2, 4, 8, 16];
export const ALL = -1;

/** Every card with its chapter, in the order of the book. */
export const flatten = (decks) =>
  decks.flatMap((deck, chapter) => deck.cards.map(([id, front, back]) => ({ id, front, back, chapter })));

const whole = (x, low, high) => Number.isInteger(x) && x >= low && x <= high;

/** What a browser has kept, `{id: [box, due day]}`, or what is sound in it; no date is further off than the last box. */
export function recall(text, today) {
  let kept;
  try {
    kept = JSON.parse(text);
  } catch {
    return {};
  }
  if (typeof kept !== "object" || kept === null || Array.isArray(kept)) return {};
  const sound = ([, at]) => Array.isArray(at) && at.length === 2 && whole(at[0], 0, 5) && whole(at[1], 0, 1e6);
  return Object.fromEntries(Object.entries(kept).filter(sound).map(([id, [box, due]]) => [id, [box, Math.min(due, today + 16)]]));
}

const of = (cards, chapter) => cards.filter((card) => chapter === ALL || card.chapter === chapter);
const dueDay = (card, kept) => kept[card.id]?.[1] ?? 0;

/** A round: the cards to ask, those asked before first, new ones after them; with `early` all, due or not. */
export function deal(cards, kept, today, chapter = ALL, early = false) {
  const due = of(cards, chapter).filter((card) => early || dueDay(card, kept) <= today);
  const old = due.filter((card) => card.id in kept).sort((a, b) => dueDay(a, kept) - dueDay(b, kept));
  return { cards, kept, today, chapter, flipped: false, queue: [...old, ...due.filter((card) => !(card.id in kept))] };
}

export const flip = (round) => (round.queue.length ? { ...round, flipped: !round.flipped } : round);

/** The answer to the card on top; only one that has been turned over counts. */
export function answer(round, knew) {
  if (!round.flipped) return round;
  const [top, ...rest] = round.queue;
  if (knew && dueDay(top, round.kept) > round.today) return { ...round, flipped: false, queue: rest };
  const box = knew ? Math.min(5, (round.kept[top.id]?.[0] ?? 0) + 1) : 0;
  const kept = { ...round.kept, [top.id]: [box, round.today + WAIT[box]] };
  return { ...round, kept, flipped: false, queue: knew ? rest : [...rest, top] };
}

/** How many cards lie in each box, how many are due, and in how many days the next one is. */
export function count({ cards, kept, today }, chapter) {
  const some = of(cards, chapter);
  const boxes = WAIT.map((_, box) => some.filter((card) => (kept[card.id]?.[0] ?? 0) === box).length);
  const days = some.map((card) => Math.max(0, dueDay(card, kept) - today));
  return { size: some.length, boxes, due: days.filter((day) => day === 0).length, next: Math.min(...days) };
}
