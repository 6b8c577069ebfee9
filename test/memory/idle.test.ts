// Parked and searching workers beyond one word of bits, one thread at a time. What several do at once, with one word:
// test/model/scenarios/idle.
import { describe, expect, it } from 'vitest';
import * as L from '../../src/memory/layout.ts';
import { Plant } from '../../src/memory/plant.ts';
import { parkedWorkers } from '../../src/memory/shared-memory.ts';

const WORKERS = 70;

function ground() {
  const plant = new Plant(
    {
      workers: WORKERS,
      slotsPerLevel: 16,
      deque: 4,
      spill: 4,
      inbox: 4,
      results: 1024,
      forks: 4,
      children: 8,
      childBytes: 1024,
      start: 0,
    },
    2 ** 26,
  );
  const { core, memory, blocks, shape } = plant;
  const has = (field: number, worker: number): boolean => {
    const word = Atomics.load(memory.i32, ((L.HEADER + field) >> 2) + (worker >> 5));
    return ((word >>> (worker & 31)) & 1) === 1;
  };
  const which = (field: number): number[] => blocks.map((_, i) => i).filter((worker) => has(field, worker));
  return {
    core,
    blocks,
    parked: () => which(L.H_PARKED),
    searching: () => which(L.H_SEARCHING),
    looping: () => which(L.H_LOOPING),
    called: (): number => Atomics.exchange(memory.i32, (L.HEADER + L.H_CALLED) >> 2, 0),
    parkedCount: () => parkedWorkers(memory.i32, blocks.length),
    parkWord: (worker: number): number => Atomics.load(memory.i32, (blocks[worker]! + L.W_PARK) >> 2),
    completions: (worker: number): number => blocks[worker]! + shape.completions,
    /** All of them go to sleep; nothing is there. */
    parkAll: (): void => {
      for (const block of blocks) expect(core.park(block)).toBe(1);
    },
  };
}

const from = (first: number): number[] => Array.from({ length: WORKERS - first }, (_, i) => first + i);

describe(`${WORKERS} workers`, () => {
  it('are each parked by a bit of their own', () => {
    const { parkAll, parked, searching, parkedCount } = ground();
    parkAll();
    expect([parked(), searching(), parkedCount()]).toEqual([from(0), [], WORKERS]);
  });

  it('are woken one at a time, and none while another searches, in whatever word', () => {
    const { core, blocks, parkAll, parked, searching, parkWord } = ground();
    parkAll();
    for (const worker of from(0)) {
      expect(core.wakeOne()).toBe(1);
      expect([parkWord(worker), parked(), searching()]).toEqual([1, from(worker + 1), [worker]]);
      expect(core.wakeOne()).toBe(0);
      core.unpark(blocks[worker]!);
      core.endSearch(blocks[worker]!);
      expect(searching()).toEqual([]);
    }
    expect(core.wakeOne()).toBe(0);
  });

  it('of which the last searcher that finds work passes the torch', () => {
    const { core, blocks, parkAll, parked, searching } = ground();
    parkAll();
    core.wakeWorker(blocks[69]!);
    core.unpark(blocks[69]!);
    core.dequePush(blocks[69]! + L.W_DEQUE, 1);
    expect([parked(), searching()]).toEqual([from(0).slice(0, 69), [69]]);
    core.endSearch(blocks[69]!);
    expect([parked(), searching()]).toEqual([from(1).slice(0, 68), [0]]);
  });

  it('do not fall asleep over what lies with any other', () => {
    const { core, blocks, parked } = ground();
    core.dequePush(blocks[68]! + L.W_DEQUE, 1);
    for (const worker of [0, 31, 32, 63, 64, 69]) expect(core.park(blocks[worker]!)).toBe(0);
    expect(parked()).toEqual([]);
  });

  it('are woken by number, several at once, and all', () => {
    const { core, blocks, parkAll, parked, searching, parkWord } = ground();
    parkAll();
    for (const worker of [31, 32, 66]) core.wakeWorker(blocks[worker]!);
    expect(searching()).toEqual([31, 32, 66]);
    expect(core.wakeSome(40)).toBe(40);
    expect(parked()).toEqual(from(42).filter((worker) => worker !== 66));
    expect(core.wakeSome(40)).toBe(27);
    expect(parked()).toEqual([]);
    core.wakeAll();
    expect(searching()).toEqual([]);
    expect(from(0).map(parkWord)).toEqual(from(0).map(() => 1));
  });

  it('search by half at most', () => {
    const { core, blocks, searching } = ground();
    const tokens = blocks.map((block) => core.beginSearch(block));
    expect(tokens).toEqual(from(0).map((worker) => (worker < WORKERS / 2 ? 1 : 0)));
    expect(searching()).toHaveLength(WORKERS / 2);
  });

  it('have a completion seen, whosever it is, until it is taken out', () => {
    const { core, completions } = ground();
    expect(core.completed(3)).toBe(0);
    for (const worker of [0, 31, 32, WORKERS - 1]) {
      const ring = completions(worker);
      expect(core.spscPut(ring, worker)).toBe(1);
      expect(core.completed(1)).toBe(1);
      expect(core.completed(0)).toBe(0);
      expect(core.spscTake(ring)).toBe(worker);
      expect(core.completed(3)).toBe(0);
    }
  });

  it('are forgotten when they are dead: nobody wakes them, or keeps silent on their account', () => {
    const { core, blocks, parkAll, parked, searching } = ground();
    parkAll();
    core.forget(blocks[65]!);
    core.wakeWorker(blocks[40]!);
    core.forget(blocks[40]!);
    expect(searching()).toEqual([]);
    expect(parked()).toEqual(from(0).filter((worker) => worker !== 65 && worker !== 40));
    core.wakeWorker(blocks[65]!);
    expect([parked().length, searching()]).toEqual([WORKERS - 2, []]);
  });
});

describe(`${WORKERS} workers, some of which sleep with their event loop alive`, () => {
  const LOOPING = [0, 5, 33, 69];

  function asleep() {
    const all = ground();
    for (const [worker, block] of all.blocks.entries()) {
      expect(LOOPING.includes(worker) ? all.core.parkLooping(block) : all.core.park(block)).toBe(1);
    }
    return all;
  }

  it('are woken when nobody else is left, and no publisher keeps silent on their account', () => {
    const { core, blocks, parked, searching, looping, called } = asleep();
    expect([parked(), looping()]).toEqual([from(0), LOOPING]);
    for (const worker of from(0).filter((each) => !LOOPING.includes(each))) {
      expect(core.wakeOne()).toBe(1);
      expect(searching()).toEqual([worker]);
      core.unpark(blocks[worker]!);
      core.endSearch(blocks[worker]!);
    }
    expect(called()).toBe(0);
    for (const [i, worker] of LOOPING.entries()) {
      expect(core.wakeOne()).toBe(1);
      expect([parked(), searching(), called()]).toEqual([LOOPING.slice(i + 1), [], 1]);
      if (worker !== 33) core.unpark(blocks[worker]!);
      if (worker !== 33) core.endSearch(blocks[worker]!);
    }
    expect([looping(), core.wakeOne()]).toEqual([[33], 0]);
  });

  it('are no such ones when something turned up before they slept', () => {
    const { core, blocks, parked, looping } = ground();
    core.dequePush(blocks[68]! + L.W_DEQUE, 1);
    expect(core.parkLooping(blocks[40]!)).toBe(0);
    expect([parked(), looping()]).toEqual([[], []]);
  });

  it('are looked after: another is woken while one has not come, something is visible and nobody searches', () => {
    const { core, blocks, parked, searching } = asleep();
    expect(core.recall()).toBe(0);
    core.wakeSome(WORKERS - LOOPING.length + 1);
    for (const worker of searching()) {
      core.unpark(blocks[worker]!);
      core.endSearch(blocks[worker]!);
    }
    // Worker 0 does not come.
    expect([parked(), core.recall()]).toEqual([[5, 33, 69], 0]);
    core.dequePush(blocks[1]! + L.W_DEQUE, 1);
    expect(core.beginSearch(blocks[2]!)).toBe(1);
    expect([core.recall(), parked()]).toEqual([1, [5, 33, 69]]);
    // Its searcher gives up and wakes one, which does not come either.
    core.endSearch(blocks[2]!);
    expect(parked()).toEqual([33, 69]);
    for (const left of [[69], []]) expect([core.recall(), parked()]).toEqual([1, left]);
    expect(core.recall()).toBe(1);
    core.dequePop(blocks[1]! + L.W_DEQUE);
    expect(core.recall()).toBe(0);
  });

  it('are forgotten when they are dead', () => {
    const { core, blocks, looping, parked } = asleep();
    core.forget(blocks[33]!);
    expect([looping(), parked().includes(33)]).toEqual([[0, 5, 69], false]);
  });

  it('keep the coordinator awake from when they are called until it has heard of it', () => {
    const { core, blocks, called } = asleep();
    core.wakeWorker(blocks[5]!);
    expect(core.arm()).toBe(0);
    expect(called()).toBe(1);
    expect(core.arm()).toBe(1);
  });
});
