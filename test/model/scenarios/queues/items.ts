/**
 * Items are small numbers, and what a thread got is a bit mask in one of its registers: who has what can be compared
 * in every state.
 *
 * @module
 */
import * as L from '../../../../src/memory/layout.ts';
import { call, done, fail, type Program, type Result, read, type Step, type View } from '../../explore.ts';
import type { DequePart, RingPart } from '../plant.ts';

/** Register 0 is the position, 1 what was put in, 2 what was taken out, 3 the last item taken, 4 and 5 what a refusal was based on. */
export const REGISTERS: readonly number[] = [0, 0, 0, 0, 0, 0];
const PUT = 1;
const TAKEN = 2;
const LAST = 3;
const ASKED = 4;
const TAIL = 5;

/** Notes an item; gives what is wrong with it. `rising`: it must be greater than the last one. */
function note(r: number[], item: number, rising: boolean): Step | undefined {
  if (item <= 0 || item > 30) return fail(`got ${item}, which nobody put in`);
  const bit = 1 << item;
  if ((r[TAKEN]! & bit) !== 0) return fail(`got item ${item} twice`);
  if (rising && item < r[LAST]!) return fail(`got item ${item} after item ${r[LAST]}: out of order`);
  r[TAKEN]! |= bit;
  r[LAST] = item;
  return undefined;
}

/** Calls the operations in order. */
export type Operation =
  | { readonly step: Step; readonly kind: 'put'; readonly item: number }
  /** `rising`: items come in the order they were put in. */
  | { readonly step: Step; readonly kind: 'take'; readonly rising?: boolean }
  | { readonly step: Step; readonly kind: 'other' };

export const push = (deque: DequePart, item: number): Operation => ({
  step: call('dequePush', deque.at, item),
  kind: 'put',
  item,
});
export const pop = (deque: DequePart): Operation => ({ step: call('dequePop', deque.at), kind: 'take' });
export const steal = (deque: DequePart): Operation => ({
  step: call('dequeSteal', deque.at),
  kind: 'take',
  rising: true,
});
export const take = (ring: RingPart): Operation => ({
  step: call('ringTake', ring.at),
  kind: 'take',
  rising: true,
});
export const other = (step: Step): Operation => ({ step, kind: 'other' });

/**
 * A thread that does these operations. What is refused (0), empty (0) or lost to another thread (-1) is left at that.
 * `room`: a refusal while fewer items than that can be inside is wrong.
 * `ring`: so is one that the ring's producer gives with room at its last look at head.
 */
export function thread(
  operations: readonly Operation[],
  room: number = Number.POSITIVE_INFINITY,
  ring?: RingPart,
): { program: Program; registers: readonly number[] } {
  const program = (r: number[], result: Result): Step => {
    const before = operations[r[0]! - 1];
    const got = Number(result);
    if (ring !== undefined && before?.kind === 'put' && got !== 1 && r[ASKED] === 0) {
      r[ASKED] = 1;
      return read(ring.producer.start);
    }
    if (ring !== undefined && r[ASKED] === 1) {
      r[ASKED] = 2;
      r[TAIL] = got;
      return read(ring.producer.start + 4);
    }
    if (ring !== undefined && r[ASKED] === 2) {
      r[ASKED] = 0;
      const n = (r[TAIL]! - got) | 0;
      r[TAIL] = 0;
      if (n < ring.capacity) return fail(`an item was refused with ${n} inside`);
    } else if (before?.kind === 'put') {
      if (got === 1) r[PUT]! |= 1 << before.item;
      else if (inside(r) < room) return fail(`item ${before.item} was refused with ${inside(r)} inside`);
    } else if (before?.kind === 'take' && got !== L.EMPTY && got !== L.RETRY) {
      const wrong = note(r, got, before.rising ?? false);
      if (wrong !== undefined) return wrong;
    }
    const at = r[0]!;
    r[0] = at + 1;
    return operations[at]?.step ?? done;
  };
  return { program, registers: REGISTERS };
}

/** Most items that can be inside, as far as this thread knows. */
function inside(r: readonly number[]): number {
  let n = 0;
  for (let rest = r[PUT]! & ~r[TAKEN]!; rest !== 0; rest &= rest - 1) n++;
  return n;
}

const itemsOf = (mask: number): string => {
  return Array.from({ length: 31 }, (_, i) => i)
    .filter((i) => (mask & (1 << i)) !== 0)
    .join(', ');
};

/** No item is with two threads. */
export function once(threads: readonly string[]): (view: View) => string | undefined {
  return (view) => {
    let seen = 0;
    for (const name of threads) {
      const taken = view.registers(name)[TAKEN]!;
      if ((seen & taken) !== 0) return `item ${itemsOf(seen & taken)} was taken by two threads`;
      seen |= taken;
    }
    return undefined;
  };
}

/** Every item put in was taken once or is still inside once, and nothing else is anywhere. */
export function conserved(
  threads: readonly string[],
  queues: readonly (DequePart | RingPart)[],
): (view: View) => string | undefined {
  return (view) => {
    let put = 0;
    let taken = 0;
    for (const name of threads) {
      put |= view.registers(name)[PUT]!;
      taken |= view.registers(name)[TAKEN]!;
    }
    let left = 0;
    for (const queue of queues) {
      for (const item of contents(view, queue)) {
        if (((left | taken) & (1 << item)) !== 0) return `item ${item} is still inside and elsewhere`;
        left |= 1 << item;
      }
    }
    const lost = put & ~taken & ~left;
    if (lost !== 0) return `item ${itemsOf(lost)} is lost`;
    const extra = (taken | left) & ~put;
    return extra === 0 ? undefined : `item ${itemsOf(extra)} appeared from nowhere`;
  };
}

/** Items from the oldest on. All kinds of queues keep their two ends at the same offsets. */
function contents(view: View, queue: DequePart | RingPart): number[] {
  const from = view.load(queue.at + L.DQ_TOP);
  const count = (view.load(queue.at + L.DQ_BOTTOM) - from) | 0;
  const slots = queue.regions.find((region) => region.name.endsWith('.slots'))!.start;
  return Array.from({ length: Math.max(0, count) }, (_, i) => {
    return view.load(slots + 4 * ((from + i) & (queue.capacity - 1)));
  });
}

/** The two ends never part further than the capacity, nor cross by more than one (an owner inside pop). */
export function bounded(queue: DequePart | RingPart): (view: View) => string | undefined {
  return (view) => {
    const n = (view.load(queue.at + L.DQ_BOTTOM) - view.load(queue.at + L.DQ_TOP)) | 0;
    return n >= -1 && n <= queue.capacity ? undefined : `${n} items in a queue of ${queue.capacity}`;
  };
}

/** All of these. */
export function all(
  ...checks: readonly ((view: View) => string | undefined)[]
): (view: View) => string | undefined {
  return (view) => {
    for (const check of checks) {
      const wrong = check(view);
      if (wrong !== undefined) return wrong;
    }
    return undefined;
  };
}
