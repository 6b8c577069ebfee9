/**
 * The reader-writer lock: a word for the writer, and a slot for each thread that reads. There is no count of readers: a
 * thread could die between a count and a slot. States, and what a death leaves: ../README.md.
 *
 * @module
 */
import type { Claim } from './mutex-word.ts';
import { ALL, type Alive, OWN, POISON, type Sleep, TAKEN, TIMED_OUT, type Waiting } from './sleep.ts';

/** The writer's word is `holder << 3 | DRAINING | POISONED | CONTENDED`. */
const CONTENDED = 1;
export const POISONED = 2;
/** The writer keeps new readers out and waits for the old ones; it has not begun to write. */
const DRAINING = 4;
export const HOLDER_SHIFT = 3;

/** A slot is `reader << 8 | holds`: how many read locks that thread has. */
const HOLDS = 255;
const READER_SHIFT = 8;

/** Where a lock's words lie. */
export interface RwPlace {
  readonly word: number;
  /** How many slots were ever used: a writer looks at these only. It only grows. */
  readonly mark: number;
  readonly slots: number;
  readonly stride: number;
  readonly capacity: number;
  /** Where the writer shows its label; a reader does so in its slot, two words on. */
  readonly label: number;
}

export const SLOT_LABEL = 2;

function slotAt(place: RwPlace, slot: number): number {
  return place.slots + slot * place.stride;
}

/** The whole of an uncontended read lock: the slot used last, or -1. */
export function readFast(i32: Int32Array, place: RwPlace, hint: number, me: number): number {
  if (hint < 0) return -1;
  if (Atomics.compareExchange(i32, slotAt(place, hint), 0, (me << READER_SHIFT) | 1) !== 0) return -1;
  if (Atomics.load(i32, place.word) === 0) return hint;
  leaveSlot(i32, place, hint);
  return -1;
}

/** The slot taken, or a negative outcome. `hint`: the slot this thread used last. */
export function* lockRead(
  i32: Int32Array,
  place: RwPlace,
  hint: number,
  claim: Claim,
  alive: Alive,
): Waiting {
  const at = place.word;
  let last = false;
  for (;;) {
    const slot = takeSlot(i32, place, hint, claim.me, alive);
    const word = Atomics.load(i32, at);
    const holder = word >>> HOLDER_SHIFT;
    if (holder === 0 && ((word & POISONED) === 0 || claim.recover)) {
      if (slot >= 0) return slot;
    } else {
      if (slot >= 0) {
        // A writer that waits for this very thread must not keep it out: it reads on, in the slot it has.
        if (claim.blocking && (Atomics.load(i32, slotAt(place, slot)) & HOLDS) > 1) return slot;
        leaveSlot(i32, place, slot);
      }
      if (holder === 0) return POISON;
      if (claim.blocking) {
        if (holder === claim.me) return OWN;
        const again = readAgain(i32, place, claim.me);
        if (again >= 0) return again;
      }
      if (alive(holder) === false) {
        bury(i32, at, word);
        continue;
      }
    }
    if (last) return TIMED_OUT;
    if (holder === 0) {
      // All slots are taken. Nobody wakes those who wait for one: they look again at the end of the slice.
      const first = slotAt(place, 0);
      const taken = Atomics.load(i32, first);
      if (taken === 0) continue;
      const sleep: Sleep = { at: first, value: taken, holder: 0, label: 0, own: 0 };
      last = (yield sleep) === 'expired';
      continue;
    }
    const marked = word | CONTENDED;
    if (marked !== word && Atomics.compareExchange(i32, at, word, marked) !== word) continue;
    const sleep: Sleep = { at, value: marked, holder, label: place.label, own: 0 };
    last = (yield sleep) === 'expired';
  }
}

/** One more hold in a slot this thread has, or in a free one; -1 when there is none. */
function takeSlot(i32: Int32Array, place: RwPlace, hint: number, me: number, alive: Alive): number {
  const mine = (me << READER_SHIFT) | 1;
  // A slot above the mark would not be seen by a writer.
  if (hint >= 0) {
    const at = slotAt(place, hint);
    const held = Atomics.compareExchange(i32, at, 0, mine);
    if (held === 0) return hint;
    if (held >>> READER_SHIFT === me && (held & HOLDS) < HOLDS) {
      Atomics.store(i32, at, held + 1);
      return hint;
    }
  }
  for (let slot = 0; slot < place.capacity; slot++) {
    const mark = Atomics.load(i32, place.mark);
    if (slot >= mark && Atomics.compareExchange(i32, place.mark, mark, slot + 1) !== mark) {
      slot--;
      continue;
    }
    const at = slotAt(place, slot);
    const held = Atomics.compareExchange(i32, at, 0, mine);
    if (held === 0) return slot;
    const reader = held >>> READER_SHIFT;
    if (reader === me && (held & HOLDS) < HOLDS) {
      Atomics.store(i32, at, held + 1);
      return slot;
    }
    if (alive(reader) === false && Atomics.compareExchange(i32, at, held, mine) === held) return slot;
  }
  return -1;
}

/** One more hold in a slot this thread has; -1 when it reads nowhere. */
function readAgain(i32: Int32Array, place: RwPlace, me: number): number {
  const mark = Atomics.load(i32, place.mark);
  for (let slot = 0; slot < mark; slot++) {
    const held = Atomics.load(i32, slotAt(place, slot));
    if (held >>> READER_SHIFT === me && (held & HOLDS) < HOLDS) {
      Atomics.store(i32, slotAt(place, slot), held + 1);
      return slot;
    }
  }
  return -1;
}

function leaveSlot(i32: Int32Array, place: RwPlace, slot: number): void {
  const at = slotAt(place, slot);
  // While its thread lives, nobody else writes a slot in use.
  const held = Atomics.load(i32, at);
  Atomics.store(i32, at, (held & HOLDS) > 1 ? held - 1 : 0);
  if ((Atomics.load(i32, place.word) & DRAINING) !== 0) Atomics.notify(i32, at, ALL);
}

export function unlockRead(i32: Int32Array, place: RwPlace, slot: number): void {
  leaveSlot(i32, place, slot);
}

/** `TAKEN` or a negative outcome. */
export function* lockWrite(i32: Int32Array, place: RwPlace, claim: Claim, alive: Alive): Waiting {
  const at = place.word;
  const mine = (claim.me << HOLDER_SHIFT) | DRAINING;
  let contended = 0;
  let last = false;
  for (;;) {
    const word = Atomics.load(i32, at);
    const holder = word >>> HOLDER_SHIFT;
    if (holder === 0) {
      if ((word & POISONED) !== 0 && !claim.recover) return POISON;
      const next = mine | (word & POISONED) | contended;
      if (Atomics.compareExchange(i32, at, word, next) === word) break;
      continue;
    }
    if (holder === claim.me && claim.blocking) return OWN;
    if (alive(holder) === false) {
      bury(i32, at, word);
      continue;
    }
    if (last) return TIMED_OUT;
    const marked = word | CONTENDED;
    if (marked !== word && Atomics.compareExchange(i32, at, word, marked) !== word) continue;
    contended = CONTENDED;
    const sleep: Sleep = { at, value: marked, holder, label: place.label, own: 0 };
    last = (yield sleep) === 'expired';
  }
  // Readers that come now see the word and go back; those that came before it raised the mark before they looked.
  const mark = Atomics.load(i32, place.mark);
  for (let slot = 0; slot < mark; slot++) {
    const own = slotAt(place, slot);
    for (;;) {
      const held = Atomics.load(i32, own);
      if (held === 0) break;
      const reader = held >>> READER_SHIFT;
      if (alive(reader) === false) {
        Atomics.compareExchange(i32, own, held, 0);
        continue;
      }
      if (last || (reader === claim.me && claim.blocking)) {
        unlockWrite(i32, place);
        return last ? TIMED_OUT : OWN;
      }
      const sleep: Sleep = {
        at: own,
        value: held,
        holder: reader,
        label: own + SLOT_LABEL,
        own: place.label,
      };
      last = (yield sleep) === 'expired';
    }
  }
  for (;;) {
    const word = Atomics.load(i32, at);
    if (Atomics.compareExchange(i32, at, word, word & ~DRAINING) === word) return TAKEN;
  }
}

/** Also for a writer that gives up while it drains. */
export function unlockWrite(i32: Int32Array, place: RwPlace): void {
  let word = Atomics.load(i32, place.word);
  for (;;) {
    const seen = Atomics.compareExchange(i32, place.word, word, word & POISONED);
    if (seen === word) break;
    word = seen;
  }
  if ((word & CONTENDED) !== 0) Atomics.notify(i32, place.word, ALL);
}

/** Frees the lock of a dead writer, once. It is poisoned if the writer may have begun to write. */
function bury(i32: Int32Array, at: number, word: number): void {
  const next = (word & DRAINING) !== 0 ? word & POISONED : POISONED;
  if (Atomics.compareExchange(i32, at, word, next) === word) Atomics.notify(i32, at, ALL);
}
