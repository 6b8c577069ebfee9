// What comes out of the completion rings, whatever else is in them: entries of tasks that were settled in another way,
// as a thread leaves them that was believed dead. One thread; the workers are the real view and publisher.
import { MessageChannel } from 'node:worker_threads';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Intake } from '../../src/coordinator/intake.ts';
import { Ledger } from '../../src/coordinator/ledger.ts';
import { Settlement } from '../../src/coordinator/settlement.ts';
import { Window } from '../../src/coordinator/window.ts';
import * as L from '../../src/memory/layout.ts';
import { Plant } from '../../src/memory/plant.ts';
import { Payloads } from '../../workers/payloads.ts';
import { WorkerView, writePlainResult } from '../../workers/view.ts';

const NORMAL = 2;
const BLOCKS = 3;

/** What a task returns: in its record, in the worker's byte ring, or through the worker's port. */
const RESULTS = {
  number: (id: number): unknown => id,
  bytes: (id: number): unknown => ({ id, text: 'x'.repeat(id % 90) }),
  port: (id: number): unknown => new Uint8Array(700).fill(id),
} as const;
type Kind = keyof typeof RESULTS;
const KINDS = Object.keys(RESULTS) as Kind[];

function ground(slotsPerLevel = 8, results = 1024) {
  const plant = new Plant(
    {
      workers: BLOCKS,
      slotsPerLevel,
      deque: 16,
      spill: 16,
      inbox: 16,
      results,
      forks: 4,
      children: 8,
      childBytes: 1024,
      start: 2 ** 31 - 2,
    },
    2 ** 24,
  );
  const { core, memory, shape } = plant;
  const window = new Window(plant);
  const ledger = new Ledger(() => {});
  const refuse = (): never => expect.unreachable('a task of numbers has no handle');
  const intake = new Intake(window, refuse, refuse);
  const channels = plant.blocks.map(() => new MessageChannel());
  const workers = plant.blocks.map((block, i) => {
    const view = new WorkerView(memory.memory, plant.module, block);
    return { view, payloads: new Payloads(view, channels[i]!.port1, () => {}) };
  });
  const settlement = new Settlement(
    window,
    ledger,
    {
      portOf: (block) => channels[block]?.port2,
      release: (slot) => intake.release(slot),
      settled: refuse,
      some: () => {},
      corrupt: (what) => expect.unreachable(`corrupt: ${what}`),
    },
    () => 0,
  );
  const kinds: Kind[] = [];
  const settled: unknown[][] = [];
  const references = new Set<number>();
  /** References of records that have been used for another task since. */
  const stale = (): number[] =>
    [...references].filter((reference) => window.reference(reference & L.SLOT_MASK) !== reference);

  return {
    settlement,
    settled,
    stale,
    ledger,
    window,
    expected: (): unknown[][] => kinds.map((kind, id) => [RESULTS[kind](id)]),
    submit(kind: Kind): void {
      const id = kinds.push(kind) - 1;
      const outcomes: unknown[] = [];
      settled.push(outcomes);
      intake.submit(NORMAL, 1, L.META_INLINE | 1, [id], (value) => outcomes.push(value));
      ledger.accepted();
    },
    /** The worker runs the next task, if there is one. */
    run(worker: number): void {
      const { view, payloads } = workers[worker]!;
      const slot = core.next(view.block) - 1;
      if (slot < 0) return;
      references.add(window.reference(slot));
      const at = view.record(slot);
      const state = memory.i32[at]!;
      const id = memory.f64[(at >> 1) + (L.T_ARGS >> 3)]!;
      const value = RESULTS[kinds[id]!](id);
      const to = writePlainResult(view, at, value) ? L.DONE : payloads.publisher.result(slot, state, value);
      expect(core.finish(view.block, slot, state, to)).toBe(1);
    },
    /** A task that throws: its promise's turns come after the drain. */
    fail(): void {
      intake.submit(
        NORMAL,
        1,
        L.META_INLINE | 1,
        [0],
        (value) => void (value as Promise<never>).catch(() => {}),
      );
      ledger.accepted();
      const { view, payloads } = workers[0]!;
      const slot = core.next(view.block) - 1;
      const state = memory.i32[view.record(slot)]!;
      const to = payloads.publisher.failure(slot, state, new Error('failed'));
      expect(core.finish(view.block, slot, state, to)).toBe(1);
    },
    /** A result and an entry that mean nothing any more. */
    announceStale(worker: number, pick: number): void {
      const old = stale();
      if (old.length === 0) return;
      const reference = old[pick % old.length]!;
      const slot = reference & L.SLOT_MASK;
      const state = (reference & ~L.SLOT_MASK) | L.RUNNING;
      channels[worker]!.port1.postMessage({ slot, state, value: 'stale' });
      core.spscPut(plant.blocks[worker]! + shape.completions, reference);
    },
    drain: (): void => {
      settlement.drain();
      intake.refill();
    },
    /** Bytes of results that were not freed, by worker. */
    unfreed: (): number[] =>
      plant.blocks.map((block) => {
        const ring = (block + shape.results) >> 2;
        return memory.i32[ring + (L.RB_TAIL >> 2)]! - memory.i32[ring + (L.RB_HEAD >> 2)]!;
      }),
    close: (): void => {
      ledger.close();
      for (const { port1 } of channels) port1.close();
    },
  };
}

const worker = fc.nat(BLOCKS - 1);
const step = fc.oneof(
  fc.record({ step: fc.constant('submit' as const), kind: fc.constantFrom(...KINDS) }),
  fc.record({ step: fc.constant('run' as const), worker }),
  fc.record({ step: fc.constant('stale' as const), worker, pick: fc.nat(1000) }),
  fc.record({ step: fc.constant('drain' as const) }),
);

describe('settlement', () => {
  it('settles each task once with its own result, whatever stale entries are in the rings', () => {
    let met = 0;
    fc.assert(
      fc.property(fc.array(step, { minLength: 20, maxLength: 120 }), (steps) => {
        const { settlement, ...pool } = ground();
        try {
          // From here on records are used again.
          for (let i = 0; i < pool.window.plant.slots; i++) {
            pool.submit('number');
            pool.run(0);
            pool.drain();
          }
          let sinceDrain = 0;
          for (const each of steps) {
            switch (each.step) {
              case 'submit':
                pool.submit(each.kind);
                break;
              case 'run':
                pool.run(each.worker);
                break;
              case 'stale':
                // Each thread leaves one at most; more than the ring's places would be another fault.
                if (sinceDrain++ > 8) break;
                if (pool.stale().length > 0) met++;
                pool.announceStale(each.worker, each.pick);
                break;
              case 'drain':
                sinceDrain = 0;
                pool.drain();
            }
          }
          while (pool.ledger.pending > 0) {
            for (let i = 0; i < BLOCKS; i++) pool.run(i);
            pool.drain();
          }
          expect(pool.settled).toEqual(pool.expected());
          expect(pool.ledger.completed).toBe(pool.settled.length);
          expect(pool.window.held).toBe(0);
          expect(pool.unfreed()).toEqual([0, 0, 0]);
        } finally {
          pool.close();
        }
      }),
      { numRuns: 300 },
    );
    expect(met).toBeGreaterThan(300);
  });

  it('drops an entry of an earlier task, though the record holds the result of a later one', () => {
    const pool = ground();
    pool.submit('number');
    pool.run(0);
    pool.drain();
    const [old] = pool.stale();
    // The record that is used next but seven is the same one: 64 records stay unused before the first comes round.
    for (let round = 0; pool.window.generation[old! & L.SLOT_MASK]! >>> 0 < 3 << L.SLOT_BITS; round++) {
      pool.submit('bytes');
      pool.run(1);
      pool.announceStale(0, 0);
      pool.settlement.drainAll(0);
      expect(pool.settled.at(-1), `round ${round}`).toEqual([]);
      pool.drain();
      expect(pool.settled.at(-1)).toEqual([RESULTS.bytes(round + 1)]);
    }
    pool.close();
  });

  it('leaves time for what errors bring with them: a turn settles fewer of them than of results', () => {
    const pool = ground(64, 2 ** 16);
    for (let i = 0; i < 64; i++) {
      pool.submit('bytes');
      pool.run(0);
    }
    expect(pool.settlement.drain()).toEqual({ ended: 64, more: false });
    for (let i = 0; i < 64; i++) pool.fail();
    const turns = Array.from({ length: 3 }, () => {
      const before = pool.ledger.pending;
      const { more } = pool.settlement.drain();
      return { settled: before - pool.ledger.pending, more };
    });
    // The clock stands still: 1 ms is 34 of them.
    expect(turns).toEqual([
      { settled: 34, more: true },
      { settled: 30, more: false },
      { settled: 0, more: false },
    ]);
    pool.close();
  });
});
