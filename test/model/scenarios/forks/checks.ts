/**
 * What must hold of children and their records.
 *
 * @module
 */
import * as L from '../../../../src/memory/layout.ts';
import type { View } from '../../explore.ts';
import { FAILED, HANDLES, JOINED, RAN } from './actors.ts';
import type { ForkGround } from './ground.ts';

const bitsOf = (mask: number): string => {
  return Array.from({ length: 7 }, (_, i) => i)
    .filter((i) => (mask & (1 << i)) !== 0)
    .join(', ');
};

/** No child runs in two threads. */
export function once(names: readonly string[]): (view: View) => string | undefined {
  return (view) => {
    let seen = 0;
    for (const name of names) {
      const mask = view.registers(name)[RAN]!;
      if ((seen & mask) !== 0) return `child ${bitsOf(seen & mask)} ran in two threads`;
      seen |= mask;
    }
    return undefined;
  };
}

/** These children were joined and have run. `mayFail`: or were joined with an error, and ran in none of the `living`. */
export function settled(
  by: string,
  children: number,
  names: readonly string[],
  mayFail = false,
  living: readonly string[] = [],
): (view: View) => string | undefined {
  const ranIn = (view: View, threads: readonly string[]): number => {
    return threads.reduce((mask, name) => mask | view.registers(name)[RAN]!, 0);
  };
  return (view) => {
    const r = view.registers(by);
    const missing = children & ~(r[JOINED]! | r[FAILED]!);
    if (missing !== 0) return `child ${bitsOf(missing)} was not joined`;
    const failed = r[FAILED]! & (mayFail ? ranIn(view, living) : -1);
    if (failed !== 0) return `child ${bitsOf(failed)} failed for nothing`;
    const never = children & ~ranIn(view, names) & ~r[FAILED]!;
    return never === 0 ? undefined : `child ${bitsOf(never)} never ran`;
  };
}

/** Each child was joined with its value, and has run. */
export function joined(
  names: readonly string[],
  children: number,
  by = 'owner',
): (view: View) => string | undefined {
  return (view) => {
    const all = ((1 << children) - 1) << 1;
    const missing = all & ~view.registers(by)[JOINED]!;
    if (missing !== 0) return `child ${bitsOf(missing)} was not joined`;
    let run = 0;
    for (const name of names) run |= view.registers(name)[RAN]!;
    return (all & ~run) === 0 ? undefined : `child ${bitsOf(all & ~run)} never ran`;
  };
}

/** Every record is free, or in one of the states `kept`, and no entry names one. */
export function records(
  ground: ForkGround,
  kept: readonly number[] = [],
  block = 0,
): (view: View) => string | undefined {
  return (view) => {
    const ring = ground.rings[block]!.at;
    const n = (view.load(ring + L.MC_TAIL) - view.load(ring + L.MC_HEAD)) | 0;
    if (n !== 0) return `${n} entries are left, and all children are over: nobody will sleep`;
    for (let slot = 1; slot <= ground.shape.records; slot++) {
      const word = view.load(ground.record(block, slot));
      const state = word & L.STATE_MASK;
      if (state !== L.FREE && !kept.includes(state)) return `record ${slot} is left in state ${state}`;
    }
    return undefined;
  };
}

function handleOf(view: View, thread: string, child: number): number {
  return view.registers(thread)[HANDLES + child]!;
}

/** What an entry of the spill ring names is not used for another child; `since`: from when this thread has forked its first. */
export function named(
  ground: ForkGround,
  since?: { readonly thread: string; readonly child: number },
  block = 0,
): (view: View) => string | undefined {
  const ring = ground.rings[block]!;
  return (view) => {
    if (since !== undefined && handleOf(view, since.thread, since.child) === 0) return undefined;
    const head = view.load(ring.at + L.MC_HEAD);
    const n = (view.load(ring.at + L.MC_TAIL) - head) | 0;
    for (let i = 0; i < n; i++) {
      const item = view.load(ring.at + L.MC_SLOTS + 4 * ((head + i) & (ring.capacity - 1)));
      const word = view.load(ground.recordOf(block, item));
      if (((word ^ item) & ~L.SLOT_MASK) !== 0 || (word & L.STATE_MASK) === L.FREE)
        return `record ${item & L.SLOT_MASK} is given to another while an entry names it`;
    }
    return undefined;
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
