/**
 * A small piece of the real layout for tasks: one injector level of four in use (the second, since the first is never
 * claimed in batches), task records, two worker blocks or three. Words that nobody writes are constant.
 *
 * @module
 */
import * as L from '../../../../src/memory/layout.ts';
import type { PrivateRange, Region, Setup } from '../../explore.ts';
import {
  dequePart,
  emptyForks,
  HEADER_WORDS,
  type RingPart,
  ringPart,
  type SpscPart,
  spscPart,
} from '../plant.ts';

// The header stands at L.HEADER.
/** Written by the coordinator when everything is over: spinning workers end. */
export const STOP = 0x1f00;
const TASKS = 0x2000;
const COLD = 0x2800;
const LEVELS_AT = 0x3000;
const STRIDE = 0x200;
const BLOCK = 0x4000;
const BLOCK_BYTES = 0x1000;
const SPILL = 0x400;
const INBOX = 0x600;
const COMPLETIONS = 0x900;
/** The level in use. */
export const LEVEL = 1;

export interface BlockShape {
  /** Most tasks it claims at once; with 1 its deque stays empty and is constant. Default 1. */
  readonly batch?: number;
  /** Whether recovery may write to it: then fewer of its words are its own. Default `false`. */
  readonly mortal?: boolean;
}

export interface GroundShape {
  readonly slots: number;
  readonly blocks: readonly BlockShape[];
  /** Where all indices start. */
  readonly start: number;
  /** META and function of the records at the start, by slot. */
  readonly records: readonly { readonly meta: number; readonly fn: number }[];
  /** Whether function and META change, because slots are used again. Default `false`. */
  readonly reuse?: boolean;
  /** Places in the level. Default 4. */
  readonly level?: number;
}

export interface Ground {
  readonly regions: readonly Region[];
  readonly blocks: readonly number[];
  readonly completions: readonly SpscPart[];
  readonly level: RingPart;
  readonly slots: number;
  task(slot: number): number;
  /** Address of the word that asks the task to stop. */
  cancel(slot: number): number;
  /** Words only this worker touches. */
  own(worker: number): readonly PrivateRange[];
  prepare(setup: Setup): void;
}

function words(name: string, start: number, count: number, constant = false): Region {
  return { name, start, words: count, constant };
}

export function ground(shape: GroundShape): Ground {
  const { start, slots } = shape;
  const blocks = shape.blocks.map((_, i) => BLOCK + i * BLOCK_BYTES);
  const levels = Array.from({ length: L.LEVELS }, (_, i) => {
    return ringPart(
      `level${i}`,
      LEVELS_AT + i * STRIDE,
      i === LEVEL ? (shape.level ?? 4) : 2,
      start,
      i !== LEVEL,
    );
  });
  const deques = blocks.map((at, i) => dequePart(`deque${i}`, at + L.W_DEQUE, 2, start));
  const spills = blocks.map((at, i) => ringPart(`spill${i}`, at + SPILL, 2, start, true));
  const inboxes = blocks.map((at, i) => spscPart(`inbox${i}`, at + INBOX, 2, start, true));
  const completions = blocks.map((at, i) => spscPart(`done${i}`, at + COMPLETIONS, slots > 2 ? 4 : 2, start));
  const task = (slot: number): number => TASKS + slot * L.TASK_BYTES;
  const cancel = (slot: number): number => COLD + slot * L.COLD_BYTES + L.C_CANCEL;
  const forks = emptyForks(blocks, start);
  const regions: Region[] = [
    ...forks.regions,
    words('header', L.HEADER, HEADER_WORDS, true),
    words('armed', L.HEADER + L.H_ARMED, 1, true),
    words('epoch', L.HEADER + L.H_EPOCH, 1, true),
    words('searching', L.HEADER + L.H_SEARCHING, 1),
    words('called', L.HEADER + L.H_CALLED, 1, true),
    words('looping', L.HEADER + L.H_LOOPING, 1, true),
    words('parked', L.HEADER + L.H_PARKED, 1),
    words('schedule', L.HEADER + L.H_SCHEDULE, L.SCHEDULE_LENGTH / 4, true),
    words('directory', L.HEADER + L.H_DIRECTORY, blocks.length, true),
    words('stop', STOP, 1),
    ...levels.flatMap((part) => part.regions),
  ];
  for (let slot = 0; slot < slots; slot++) {
    const at = task(slot);
    regions.push(
      words(`state${slot}`, at + L.T_STATE, 1),
      words(`fn${slot}`, at + L.T_FN, 1, !shape.reuse),
      words(`meta${slot}`, at + L.T_META, 1, !shape.reuse),
      words(`result${slot}`, at + L.T_RESULT, 1),
      words(`cancel${slot}`, cancel(slot), 1),
    );
  }
  const uses = (i: number): boolean => (shape.blocks[i]!.batch ?? 1) > 1;
  const mortal = (i: number): boolean => shape.blocks[i]!.mortal ?? false;
  blocks.forEach((at, i) => {
    // Recovery writes to a dead thread's deque, to the consumer's end of its inbox and to the spill ring's mirror.
    const written = new Set([`inbox${i}.head`, `inbox${i}.taken`, `spill${i}.own`]);
    regions.push(
      words(`park${i}`, at + L.W_PARK, 1),
      words(`command${i}`, at + L.W_COMMAND, 1, true),
      words(`ping${i}`, at + L.W_PING, 1, true),
      words(`pong${i}`, at + L.W_PONG, 1, true),
      words(`seen${i}`, at + L.W_SEEN, 1, true),
      words(`counts${i}`, at + L.W_EXECUTED, 3),
      words(`id${i}`, at + L.W_ID, 1, true),
      words(`tick${i}`, at + L.W_TICK, 2),
      words(`token${i}`, at + L.W_TOKEN, 1),
      words(`batch${i}`, at + L.W_BATCH, 1, true),
      ...deques[i]!.regions.map((r) => (uses(i) || mortal(i) ? r : { ...r, constant: true })),
      ...[...spills[i]!.regions, ...inboxes[i]!.regions].map((r) =>
        mortal(i) && written.has(r.name) ? { ...r, constant: false } : r,
      ),
      ...completions[i]!.regions,
    );
  });
  const parts = [...levels, ...deques, ...spills, ...inboxes, ...completions];
  return {
    regions,
    blocks,
    completions,
    level: levels[LEVEL]!,
    slots,
    task,
    cancel,
    own: (worker) => {
      const at = blocks[worker]!;
      const own: PrivateRange[] = [
        { start: at + L.W_EXECUTED, words: 3 },
        { start: at + L.W_TICK, words: 2 },
      ];
      if (mortal(worker)) return own;
      own.push({ start: at + L.W_TOKEN, words: 1 }, completions[worker]!.producer);
      if (uses(worker)) own.push(deques[worker]!.own);
      return own;
    },
    prepare: (setup) => {
      const fields: Readonly<Record<number, number>> = {
        [L.H_VERSION]: L.VERSION,
        // Batches are cut by it: with 1 a worker may claim all it sees.
        [L.H_WORKERS]: 1,
        [L.H_BLOCKS]: blocks.length,
        [L.H_TASKS]: TASKS,
        [L.H_INJECTOR]: LEVELS_AT,
        [L.H_LEVEL_STRIDE]: STRIDE,
        [L.H_SPILL]: SPILL,
        [L.H_INBOX]: INBOX,
        [L.H_COMPLETIONS]: COMPLETIONS,
        [L.H_SLOTS]: slots,
        [L.H_COLD]: COLD,
      };
      for (const [field, value] of Object.entries(fields)) setup.store(L.HEADER + Number(field), value);
      setup.store(L.HEADER + L.H_SCHEDULE, 0x01010101);
      for (let i = 1; i < L.SCHEDULE_LENGTH / 4; i++)
        setup.store(L.HEADER + L.H_SCHEDULE + 4 * i, 0x01010101);
      for (const part of [...parts, forks]) part.prepare(setup);
      shape.records.forEach(({ meta, fn }, slot) => {
        setup.store(task(slot) + L.T_META, meta);
        setup.store(task(slot) + L.T_FN, fn);
      });
      blocks.forEach((at, i) => {
        setup.store(L.HEADER + L.H_DIRECTORY + 4 * i, at);
        setup.store(at + L.W_ID, i);
        setup.store(at + L.W_RANDOM, 1);
        setup.store(at + L.W_BATCH, shape.blocks[i]!.batch ?? 1);
      });
    },
  };
}
