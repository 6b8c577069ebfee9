/**
 * Threads that join and wait for locks, while one that holds a lock looks whom its child waits for.
 *
 * @module
 */
import * as L from '../../../src/memory/layout.ts';
import type { Program, Stage } from './explore.ts';
import type { Protocols } from './load.ts';

// Blocks overlap but for the words that matter, so that a state is small. The directory lies behind them.
const FIRST_BLOCK = 1024;
const STRIDE = 16;
const FIRST_RECORD = 1952;
const SIZE = L.HEADER + L.H_DIRECTORY + 64;
const GENERATION_SHIFT = 14;

const blockOf = (thread: number) => FIRST_BLOCK + STRIDE * thread;
const recordOf = (k: number) => FIRST_RECORD + 4 * k;
const wordOf = (state: number, owner: number, generation: number) =>
  state | (owner << L.OWNER_SHIFT) | (generation << GENERATION_SHIFT);

/** What a thread does in turn. Records are numbered; each generation of one is another child. */
export type Act =
  | { readonly act: 'lock'; readonly label: bigint }
  /** Forks a child that `thief` is to run, and joins it. */
  | { readonly act: 'join'; readonly record: number; readonly generation: number; readonly thief: number }
  /** Steals a child and runs it. */
  | {
      readonly act: 'run';
      readonly record: number;
      readonly generation: number;
      readonly within: readonly Act[];
    };

/** What is so, which nobody sees at once. */
interface Truth {
  /** By thread: the child it joins, by the word of that while it runs; 0: none. */
  readonly joins: number[];
  /** By thread: the label of the wait for a lock in which it is; 0: in none. */
  readonly waits: bigint[];
}

/**
 * Thread 0 has forked the child in record 0, holds a lock, and looks once. The others do what `acts` says of them.
 *
 * A label may be found only if at one moment of the look the child depended on the wait of that label; or if that wait
 * is over: nobody makes that label again, so it finds nothing.
 */
export function looks(beyond: Protocols, acts: readonly (readonly Act[])[]): Stage {
  return () => {
    const i32 = new Int32Array(SIZE / 4);
    const i64 = new BigInt64Array(i32.buffer);
    const threads = acts.length + 1;
    i32[(L.HEADER + L.H_BLOCKS) >> 2] = threads;
    for (let k = 0; k < threads; k++) i32[(L.HEADER + L.H_DIRECTORY + 4 * k) >> 2] = blockOf(k);
    i32[recordOf(0) >> 2] = wordOf(L.QUEUED, 0, 1);
    const truth: Truth = { joins: Array(threads).fill(0), waits: Array(threads).fill(0n) };
    const depended = new Set<bigint>();
    let looking = false;

    const deed = (fn: () => void) => ({
      deed() {
        fn();
        if (looking) depended.add(dependsOn(i32, truth));
      },
    });

    function* looker(): Program {
      yield deed(() => {
        looking = true;
      });
      const found: unknown = yield* beyond['labelBeyond']!({ i32, reach() {} }, recordOf(0));
      const label = BigInt.asUintN(31, found as bigint);
      yield deed(() => {
        looking = false;
        if (label !== 0n && !depended.has(label) && truth.waits.includes(label))
          throw new Error(`The child never depended on ${label}.`);
      });
    }

    function* put(record: number, word: number): Program {
      yield deed(() => {
        i32[record >> 2] = word;
      });
      yield { op: 'notify', on: i32, args: [record >> 2, Number.POSITIVE_INFINITY] };
    }

    // Who it is that changes a record is known, so what it was before is, too: nothing a thread sees differs by order.
    function* whileIs(record: number, word: number): Program {
      do yield { at: record >> 2, value: word };
      while (i32[record >> 2] === word);
    }

    function* does(me: number, all: readonly Act[]): Program {
      for (const one of all) {
        if (one.act === 'lock') {
          const at = (blockOf(me) + L.W_LABEL) >> 3;
          for (const label of [one.label, 0n])
            yield deed(() => {
              truth.waits[me] = label;
              i64[at] = label;
            });
          continue;
        }
        const { record: k, generation } = one;
        const record = recordOf(k);
        if (one.act === 'run') {
          yield* whileIs(record, generation === 1 ? 0 : wordOf(L.DONE, me, generation - 1));
          yield* put(record, wordOf(L.RUNNING, me, generation));
          yield* does(me, one.within);
          yield* put(record, wordOf(L.DONE, me, generation));
        } else {
          const at = (blockOf(me) + L.W_JOINS) >> 2;
          yield* put(record, wordOf(L.QUEUED, 0, generation));
          yield deed(() => {
            truth.joins[me] = wordOf(L.RUNNING, one.thief, generation);
            i32[at] = record;
          });
          yield* whileIs(record, wordOf(L.QUEUED, 0, generation));
          yield* whileIs(record, wordOf(L.RUNNING, one.thief, generation));
          yield deed(() => {
            truth.joins[me] = 0;
            i32[at] = 0;
          });
        }
      }
    }

    return {
      i32,
      programs: [looker(), ...acts.map((all, k) => does(k + 1, all))],
      ledger: () => `${truth.joins} ${truth.waits} ${looking} ${[...depended].sort()}`,
      atEnd() {},
    };
  };
}

/** The wait for a lock on which the child in record 0 depends now; 0: on none. */
function dependsOn(i32: Int32Array, { joins, waits }: Truth): bigint {
  for (let record = recordOf(0); ; ) {
    const word = i32[record >> 2]!;
    if ((word & L.STATE_MASK) !== L.RUNNING) return 0n;
    const owner = (word >> L.OWNER_SHIFT) & L.OWNER_MASK;
    if (waits[owner] !== 0n) return waits[owner]!;
    const next = [1, 2, 3].map(recordOf).find((at) => joins[owner] !== 0 && i32[at >> 2] === joins[owner]);
    if (next === undefined) return 0n;
    record = next;
  }
}
