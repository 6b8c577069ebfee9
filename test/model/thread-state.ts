/**
 * Where a thread's state stands in the flat state: a header, its registers, its globals, the return addresses of
 * its calls, and its frames.
 *
 * @module
 */

/** Word offsets in a thread's header. */
export const STATUS = 0;
export const LIFE = 1;
export const DEPTH = 2;
/** First slot of the current frame, from the thread's first slot. */
export const FRAME = 3;
export const PC = 4;
/** The JS step it is about to take: operation (index in the table of steps) and its operands. */
export const STEP = 5;
export const ADDRESS = 6;
export const OPERAND = 7;
export const OPERAND2 = 8;
/** The exported function its program is calling. */
export const CALLING = 9;
export const HEADER = 10;

/** Values of {@link STATUS}. */
export const IN_WASM = 0;
export const IN_JS = 1;
export const ASLEEP_IN_WASM = 2;
export const ASLEEP_IN_JS = 3;
export const DONE = 4;
/** A recovery thread with nobody to recover. */
export const UNUSED = 5;

/** Values of {@link LIFE}; `DYING + k`: termination has been asked for and up to `k` accesses may still happen. */
export const ALIVE = 0;
export const DEAD = 1;
export const DYING = 2;

/** Absolute positions of one thread's parts in the flat state. */
export interface Place {
  readonly base: number;
  readonly registers: number;
  readonly registerCount: number;
  readonly globals: number;
  readonly globalCount: number;
  readonly returns: number;
  readonly maxDepth: number;
  readonly slots: number;
  readonly maxSlots: number;
}

/** How much room a thread gets. */
export interface Room {
  readonly registers: number;
  readonly globals: number;
  readonly depth: number;
  readonly slots: number;
}

/** Places threads one after the other from `base`; returns their places and the end. */
export function placeThreads(rooms: readonly Room[], base: number): { places: Place[]; end: number } {
  const places = rooms.map((room): Place => {
    const registers = base + HEADER;
    const globals = registers + room.registers;
    const returns = globals + room.globals;
    const slots = returns + room.depth;
    const place = {
      base,
      registers,
      registerCount: room.registers,
      globals,
      globalCount: room.globals,
      returns,
      maxDepth: room.depth,
      slots,
      maxSlots: room.slots,
    };
    base = slots + room.slots;
    return place;
  });
  return { places, end: base };
}
