/**
 * Small pieces of the real layout for scenarios: only the words that take part are regions, and those that nobody
 * writes are constant, so that the state stays short and reading them is no scheduling point.
 *
 * @module
 */
import { CORE_BASE64 } from '../../../src/memory/core-bytes.ts';
import * as L from '../../../src/memory/layout.ts';
import type { PrivateRange, Region, Setup } from '../explore.ts';
import { decode } from '../wasm/decode.ts';
import type { WasmModule } from '../wasm/module.ts';

/** The core as it ships. */
export const CORE: WasmModule = decode(Buffer.from(CORE_BASE64, 'base64'));

/** Words of the header that nobody writes after the start. */
export const HEADER_WORDS: number = L.H_FORK_BYTES_SIZE / 4 + 1;

/** Index starts: plain, across the sign, across zero. */
export const STARTS: readonly number[] = [0, 2 ** 31 - 2, -2];

function words(name: string, start: number, count: number, constant = false): Region {
  return { name, start, words: count, constant };
}

export interface DequePart {
  readonly at: number;
  readonly capacity: number;
  readonly start: number;
  readonly regions: readonly Region[];
  /** The owner's own words. */
  readonly own: PrivateRange;
  prepare(setup: Setup): void;
}

export function dequePart(name: string, at: number, capacity: number, start: number): DequePart {
  return {
    at,
    capacity,
    start,
    regions: [
      words(`${name}.top`, at + L.DQ_TOP, 1),
      words(`${name}.mask`, at + L.DQ_MASK, 1, true),
      words(`${name}.bottom`, at + L.DQ_BOTTOM, 1),
      words(`${name}.own`, at + L.DQ_OWN_BOTTOM, 2),
      words(`${name}.ownMask`, at + L.DQ_OWN_MASK, 1, true),
      words(`${name}.slots`, at + L.DQ_SLOTS, capacity),
    ],
    own: { start: at + L.DQ_OWN_BOTTOM, words: 2 },
    prepare: (setup) => {
      setup.call('dequeInit', at, capacity - 1, start);
    },
  };
}

export interface RingPart {
  readonly at: number;
  readonly capacity: number;
  readonly regions: readonly Region[];
  /** The producer's own words. */
  readonly producer: PrivateRange;
  prepare(setup: Setup): void;
}

/** One producer, many consumers. `constant`: it stays empty. */
export function ringPart(
  name: string,
  at: number,
  capacity: number,
  start: number,
  constant = false,
): RingPart {
  return {
    at,
    capacity,
    regions: [
      words(`${name}.head`, at + L.MC_HEAD, 1, constant),
      words(`${name}.mask`, at + L.MC_MASK, 1, true),
      words(`${name}.tail`, at + L.MC_TAIL, 1, constant),
      words(`${name}.own`, at + L.MC_OWN_TAIL, 2, constant),
      words(`${name}.ownMask`, at + L.MC_OWN_MASK, 1, true),
      words(`${name}.slots`, at + L.MC_SLOTS, capacity, constant),
    ],
    producer: { start: at + L.MC_OWN_TAIL, words: 2 },
    prepare: (setup) => {
      setup.call('ringInit', at, capacity - 1, start);
    },
  };
}

export interface SpscPart extends RingPart {
  /** The consumer's own word. */
  readonly consumer: PrivateRange;
}

/** One producer, one consumer. `constant`: it stays empty. */
export function spscPart(
  name: string,
  at: number,
  capacity: number,
  start: number,
  constant = false,
): SpscPart {
  return {
    at,
    capacity,
    regions: [
      words(`${name}.head`, at + L.SC_HEAD, 1, constant),
      words(`${name}.mask`, at + L.SC_MASK, 1, true),
      words(`${name}.tail`, at + L.SC_TAIL, 1, constant),
      words(`${name}.own`, at + L.SC_OWN_TAIL, 2, constant),
      words(`${name}.ownMask`, at + L.SC_OWN_MASK, 1, true),
      words(`${name}.taken`, at + L.SC_TAKEN, 1, constant),
      words(`${name}.slots`, at + L.SC_SLOTS, capacity, constant),
    ],
    producer: { start: at + L.SC_OWN_TAIL, words: 2 },
    consumer: { start: at + L.SC_TAKEN, words: 1 },
    prepare: (setup) => {
      setup.call('spscInit', at, capacity - 1, start);
    },
  };
}

// Offsets inside a block of where children wait.
const FORKS = 0xc00;
const FORK_SPILL = 0xe00;

export interface EmptyForks {
  readonly regions: readonly Region[];
  prepare(setup: Setup): void;
}

/** For scenarios without children: a fork deque and a fork spill ring in each block, which stay empty. */
export function emptyForks(blocks: readonly number[], start: number): EmptyForks {
  const deques = blocks.map((at, i) => dequePart(`forks${i}`, at + FORKS, 2, start));
  const spills = blocks.map((at, i) => ringPart(`forkSpill${i}`, at + FORK_SPILL, 2, start, true));
  return {
    regions: [
      ...[...deques, ...spills].flatMap((part) => part.regions.map((r) => ({ ...r, constant: true }))),
      words('overflowed', L.HEADER + L.H_OVERFLOWED, 1, true),
      ...blocks.map((at, i) => words(`forksUsed${i}`, at + L.W_FORK_USED, 1, true)),
    ],
    prepare: (setup) => {
      setup.store(L.HEADER + L.H_FORKS, FORKS);
      setup.store(L.HEADER + L.H_FORK_SPILL, FORK_SPILL);
      for (const part of [...deques, ...spills]) part.prepare(setup);
    },
  };
}

// Addresses: the header stands at L.HEADER, 6 KiB long.
const TASKS = 0x2000;
const LEVEL = 0x3000;
const LEVEL_STRIDE = 0x200;
const BLOCK = 0x4000;
const BLOCK_BYTES = 0x1000;
const SPILL = 0x400;
const INBOX = 0x600;
const COMPLETIONS = 0x900;

/** A header, one injector level that is used (of four), and worker blocks. */
export interface GroundShape {
  readonly workers: number;
  readonly start: number;
  /** Places in level 0; the other levels stay empty. */
  readonly level: number;
  /** Task records, for the calls that need them. Default none. */
  readonly records?: number;
  /** Places in each worker's deque; 0: they stay empty. Default 0. */
  readonly deque?: number;
  /** Places in each worker's completion ring; 0: they stay empty. Default 0. */
  readonly completions?: number;
  /** Whether the coordinator gives commands. Default `false`. */
  readonly commands?: boolean;
  /** Whether the coordinator pings. Default `false`. */
  readonly pings?: boolean;
  /** Whether workers park with their event loop alive. Default `false`. */
  readonly loops?: boolean;
  /** Workers whose words recovery writes. Default none. */
  readonly mortal?: readonly number[];
}

export interface Ground {
  readonly regions: readonly Region[];
  readonly level: RingPart;
  readonly blocks: readonly number[];
  readonly armed: number;
  readonly searching: number;
  readonly parked: number;
  task(slot: number): number;
  completions(worker: number): SpscPart;
  /** Words only this worker touches. */
  own(worker: number): readonly PrivateRange[];
  prepare(setup: Setup): void;
}

export function ground(shape: GroundShape): Ground {
  const { workers, start } = shape;
  const blocks = Array.from({ length: workers }, (_, i) => BLOCK + i * BLOCK_BYTES);
  const levels = Array.from({ length: L.LEVELS }, (_, i) =>
    ringPart(`level${i}`, LEVEL + i * LEVEL_STRIDE, i === 0 ? shape.level : 2, start, i > 0),
  );
  const deques = blocks.map((at, i) => dequePart(`deque${i}`, at + L.W_DEQUE, shape.deque || 2, start));
  const spills = blocks.map((at, i) => ringPart(`spill${i}`, at + SPILL, 2, start, true));
  const inboxes = blocks.map((at, i) => spscPart(`inbox${i}`, at + INBOX, 2, start, true));
  const completions = blocks.map((at, i) => {
    return spscPart(`done${i}`, at + COMPLETIONS, shape.completions || 2, start, !shape.completions);
  });
  const forks = emptyForks(blocks, start);
  const regions: Region[] = [
    ...forks.regions,
    words('header', L.HEADER, HEADER_WORDS, true),
    words('armed', L.HEADER + L.H_ARMED, 1),
    words('epoch', L.HEADER + L.H_EPOCH, 1, true),
    words('searching', L.HEADER + L.H_SEARCHING, 1),
    words('parked', L.HEADER + L.H_PARKED, 1),
    words('looping', L.HEADER + L.H_LOOPING, 1, !shape.loops),
    words('called', L.HEADER + L.H_CALLED, 1, !shape.loops),
    words('schedule', L.HEADER + L.H_SCHEDULE, L.SCHEDULE_LENGTH / 4, true),
    words('directory', L.HEADER + L.H_DIRECTORY, workers, true),
    ...levels.flatMap((part) => part.regions),
  ];
  for (let slot = 0; slot < (shape.records ?? 0); slot++) {
    // Neither arguments nor results take part: the record's state changes, its META is read.
    const at = TASKS + slot * L.TASK_BYTES;
    regions.push(words(`task${slot}`, at + L.T_STATE, 1), words(`meta${slot}`, at + L.T_META, 1, true));
  }
  blocks.forEach((at, i) => {
    regions.push(
      words(`park${i}`, at + L.W_PARK, 1),
      words(`command${i}`, at + L.W_COMMAND, 1, !shape.commands),
      words(`ping${i}`, at + L.W_PING, 1, !shape.pings),
      words(`pong${i}`, at + L.W_PONG, 1, !shape.pings),
      words(`seen${i}`, at + L.W_SEEN, 1, true),
      words(`counts${i}`, at + L.W_EXECUTED, 3),
      words(`id${i}`, at + L.W_ID, 1, true),
      words(`tick${i}`, at + L.W_TICK, 2),
      words(`token${i}`, at + L.W_TOKEN, 1),
      words(`batch${i}`, at + L.W_BATCH, 1, true),
      ...deques[i]!.regions.map((r) => (shape.deque ? r : { ...r, constant: true })),
      ...spills[i]!.regions,
      ...inboxes[i]!.regions,
      ...completions[i]!.regions,
    );
  });
  const parts = [...levels, ...deques, ...spills, ...inboxes, ...completions];
  return {
    regions,
    level: levels[0]!,
    blocks,
    armed: L.HEADER + L.H_ARMED,
    searching: L.HEADER + L.H_SEARCHING,
    parked: L.HEADER + L.H_PARKED,
    task: (slot) => TASKS + slot * L.TASK_BYTES,
    completions: (worker) => completions[worker]!,
    own: (worker) => {
      const at = blocks[worker]!;
      const own: PrivateRange[] = [
        { start: at + L.W_EXECUTED, words: 3 },
        { start: at + L.W_TICK, words: 2 },
      ];
      if (!shape.mortal?.includes(worker)) own.push({ start: at + L.W_TOKEN, words: 1 });
      if (shape.pings) own.push({ start: at + L.W_PONG, words: 1 });
      if (shape.deque) own.push(deques[worker]!.own);
      if (shape.completions) own.push(completions[worker]!.producer);
      return own;
    },
    prepare: (setup) => {
      const fields: Readonly<Record<number, number>> = {
        [L.H_VERSION]: L.VERSION,
        [L.H_WORKERS]: workers,
        [L.H_BLOCKS]: workers,
        [L.H_TASKS]: TASKS,
        [L.H_INJECTOR]: LEVEL,
        [L.H_LEVEL_STRIDE]: LEVEL_STRIDE,
        [L.H_SPILL]: SPILL,
        [L.H_INBOX]: INBOX,
        [L.H_COMPLETIONS]: COMPLETIONS,
        [L.H_SLOTS]: shape.records ?? 0,
      };
      for (const [field, value] of Object.entries(fields)) setup.store(L.HEADER + Number(field), value);
      for (const part of [...parts, forks]) part.prepare(setup);
      blocks.forEach((at, i) => {
        setup.store(L.HEADER + L.H_DIRECTORY + 4 * i, at);
        setup.store(at + L.W_ID, i);
        setup.store(at + L.W_RANDOM, Math.imul(i + 1, 0x9e3779b1));
        setup.store(at + L.W_BATCH, 1);
      });
    },
  };
}
