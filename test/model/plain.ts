/**
 * Words touched plainly by one thread and concurrently by another: what the exploration, which is sequentially
 * consistent, does not vouch for.
 *
 * @module
 */

import type { Machine } from './machine.ts';

export interface PlainAccess {
  readonly address: number;
  readonly label: string;
  /** Threads that read, that write the word plainly. */
  readonly readers: readonly string[];
  readonly writers: readonly string[];
}

/** Lists the shared words where a plain access of one thread meets another thread's, one of the two a write. */
export function plainAccesses(machine: Machine): PlainAccess[] {
  const { plainReads, plainWrites, atomicReads, atomicWrites } = machine.memory.touches;
  const names = (mask: number): string[] =>
    machine.threads.flatMap(({ name }, t) => ((mask & (1 << t)) === 0 ? [] : [name]));
  const found: PlainAccess[] = [];
  for (let at = 0; at < machine.space.changing; at++) {
    const reads = plainReads[at]!;
    const writes = plainWrites[at]!;
    const allWrites = writes | atomicWrites[at]!;
    const all = allWrites | reads | atomicReads[at]!;
    const races = machine.threads.some((_, t) => {
      const own = 1 << t;
      return (
        ((writes & own) !== 0 && (all & ~own) !== 0) || ((reads & own) !== 0 && (allWrites & ~own) !== 0)
      );
    });
    if (!races) continue;
    const address = machine.space.address[at]!;
    found.push({
      address,
      label: machine.space.label(address),
      readers: names(reads),
      writers: names(writes),
    });
  }
  return found;
}
