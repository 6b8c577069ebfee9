/**
 * A small piece of the real layout for children: fork deques, spill rings and records in two or three worker blocks.
 * Words that nobody writes are constant, and those only their owner touches are private.
 *
 * @module
 */
import * as L from '../../../../src/memory/layout.ts';
import type { PrivateRange, Region, Setup } from '../../explore.ts';
import { type DequePart, dequePart, HEADER_WORDS, type RingPart, ringPart } from '../plant.ts';

const TASKS = 0x2000;
const BLOCK = 0x4000;
const BLOCK_BYTES = 0x1000;
const FORKS = 0x400;
const SPILL = 0x600;
const RECORDS = 0x800;
// Where tasks wait: empty, for those who park.
const LEVELS_AT = 0x3000;
const STRIDE = 0x100;
const TASK_SPILL = 0xc00;
const INBOX = 0xe00;
/** The submitted task in slot 0, which all children descend from unless a scenario says otherwise. */
export const ROOT: number = 5 << L.SLOT_BITS;
/** Three uses before a record's generations come round. */
export const LATE: number = -3 << L.SLOT_BITS;

export interface ForkShape {
  /** Worker blocks, of which the first forks unless `forking` says otherwise. */
  readonly blocks: number;
  readonly forking?: readonly number[];
  /** Records of each block that forks. */
  readonly records: number;
  /** Places in the fork deque. Default 2. */
  readonly deque?: number;
  /** Places in the fork spill ring; 0: it stays empty. Default 0. */
  readonly spill?: number;
  /** Where all indices start. Default: next to wrap-around. */
  readonly start?: number;
  /** Whether thieves look at the root of what they steal. Default `false`. */
  readonly roots?: boolean;
  /** Whether the coordinator touches what is else the forking worker's own. Default `false`. */
  readonly adopted?: boolean;
  /** Whether the coordinator may write what the result is. Default `false`. */
  readonly mended?: boolean;
  /** Whether joiners sleep. Default `true`. */
  readonly sleeps?: boolean;
  /** Whether workers park and search. Default `false`. */
  readonly idle?: boolean;
  /** Whether the root may run again. Default `false`. */
  readonly idempotent?: boolean;
  /** Roots of what the workers run. Default: all `ROOT`. */
  readonly rootOf?: readonly number[];
}

export interface ForkGround {
  readonly shape: ForkShape;
  readonly regions: readonly Region[];
  readonly blocks: readonly number[];
  readonly deques: readonly DequePart[];
  readonly rings: readonly RingPart[];
  record(block: number, slot: number): number;
  /** The record an item of this block names. */
  recordOf(block: number, item: number): number;
  /** Words only this worker touches. */
  own(block: number): readonly PrivateRange[];
  prepare(setup: Setup): void;
}

function words(name: string, start: number, count: number, constant = false): Region {
  return { name, start, words: count, constant };
}

export function forkGround(shape: ForkShape): ForkGround {
  const { records, forking = [0], start = 2 ** 31 - 2, deque = 2 } = shape;
  const {
    roots = false,
    adopted = false,
    spill = adopted ? 2 : 0,
    mended = false,
    sleeps = true,
    idle = false,
  } = shape;
  const blocks = Array.from({ length: shape.blocks }, (_, i) => BLOCK + i * BLOCK_BYTES);
  const deques = blocks.map((at, i) => dequePart(`forks${i}`, at + FORKS, deque, start));
  const rings = blocks.map((at, i) => {
    return ringPart(`spill${i}`, at + SPILL, spill || 2, start, spill === 0 || !forking.includes(i));
  });
  const record = (block: number, slot: number): number => blocks[block]! + RECORDS + (slot << L.FORK_SHIFT);
  const regions: Region[] = [
    words('header', L.HEADER, HEADER_WORDS, true),
    words('searching', L.HEADER + L.H_SEARCHING, 1, !idle && !adopted && !mended),
    words('called', L.HEADER + L.H_CALLED, 1, true),
    words('looping', L.HEADER + L.H_LOOPING, 1, true),
    words('parked', L.HEADER + L.H_PARKED, 1, !idle && !adopted),
    words('overflowed', L.HEADER + L.H_OVERFLOWED, 1, spill === 0),
    words('joining', L.HEADER + L.H_JOINING, 1, !sleeps && !adopted),
    words('directory', L.HEADER + L.H_DIRECTORY, blocks.length, true),
    words('taskState', TASKS + L.T_STATE, 1, true),
    words('taskMeta', TASKS + L.T_META, 1, true),
  ];
  for (let i = 0; i < L.LEVELS; i++) {
    const level = LEVELS_AT + i * STRIDE;
    regions.push(words(`level${i}.head`, level + L.MC_HEAD, 1, true));
    regions.push(words(`level${i}.tail`, level + L.MC_TAIL, 1, true));
  }
  blocks.forEach((at, i) => {
    regions.push(
      words(`command${i}`, at + L.W_COMMAND, 1, true),
      words(`pong${i}`, at + L.W_PONG, 1),
      words(`parks${i}`, at + L.W_PARKS, 1),
      words(`token${i}`, at + L.W_TOKEN, 1),
      words(`deque${i}.top`, at + L.W_DEQUE + L.DQ_TOP, 1, true),
      words(`deque${i}.bottom`, at + L.W_DEQUE + L.DQ_BOTTOM, 1, true),
      words(`tasks${i}.head`, at + TASK_SPILL + L.MC_HEAD, 1, true),
      words(`tasks${i}.tail`, at + TASK_SPILL + L.MC_TAIL, 1, true),
      words(`inbox${i}.head`, at + INBOX + L.SC_HEAD, 1, true),
      words(`inbox${i}.tail`, at + INBOX + L.SC_TAIL, 1, true),
    );
    const forks = forking.includes(i);
    regions.push(
      words(`park${i}`, at + L.W_PARK, 1, !sleeps && !idle && !mended),
      words(`ping${i}`, at + L.W_PING, 1),
      words(`steals${i}`, at + L.W_STEALS, 1),
      words(`id${i}`, at + L.W_ID, 1, true),
      words(`random${i}`, at + L.W_RANDOM, 1),
      words(`free${i}`, at + L.W_FORK_FREE, 1),
      words(`root${i}`, at + L.W_ROOT, 1, !adopted),
      words(`up${i}`, at + L.W_UP, 1, !adopted),
      words(`listed${i}`, at + L.W_FORK_LISTED, 1),
      words(`used${i}`, at + L.W_FORK_USED, 1),
      ...deques[i]!.regions.map((r) => (forks ? r : { ...r, constant: true })),
      ...rings[i]!.regions,
    );
    for (let slot = 0; forks && slot <= records; slot++) {
      const r = record(i, slot);
      const name = `child${i}.${slot}`;
      regions.push(
        words(`${name}.state`, r + L.F_STATE, 1, slot === 0),
        words(`${name}.fn`, r + L.F_FN, 1, slot === 0),
        words(`${name}.meta`, r + L.F_META, 1, slot === 0),
        words(`${name}.root`, r + L.F_ROOT, 4, slot === 0),
        words(`${name}.kind`, r + L.F_RESULT_KIND, 1, slot === 0),
        words(`${name}.spilled`, r + L.F_SPILLED, 1, slot === 0),
        words(`${name}.stuck`, r + L.F_STUCK, 1, slot === 0),
        words(`${name}.owner`, r + L.F_OWNER, 1, slot === 0),
        words(`${name}.next`, r + L.F_NEXT, 1, slot === 0),
        words(`${name}.result`, r + L.F_RESULT, 1, slot === 0),
        words(`${name}.argument`, r + L.F_ARGS, 1, slot === 0),
      );
    }
  });
  return {
    shape,
    regions,
    blocks,
    deques,
    rings,
    record,
    recordOf: (block, item) => record(block, item & L.SLOT_MASK),
    own: (block) => {
      const at = blocks[block]!;
      if (forking.includes(block) && adopted) return [];
      const own: PrivateRange[] = [
        { start: at + L.W_STEALS, words: 1 },
        { start: at + L.W_RANDOM, words: 1 },
      ];
      if (!forking.includes(block)) return own;
      own.push({ start: at + L.W_FORK_FREE, words: 1 }, { start: at + L.W_FORK_LISTED, words: 1 });
      if (!mended) own.push({ start: at + L.W_FORK_USED, words: 1 });
      own.push(deques[block]!.own);
      if (spill > 0) own.push(rings[block]!.producer);
      for (let slot = 1; slot <= records; slot++) {
        const r = record(block, slot);
        own.push({ start: r + L.F_FN, words: 1 }, { start: r + L.F_UP, words: 3 });
        own.push({ start: r + L.F_NEXT, words: 1 });
        if (!roots && !mended) own.push({ start: r + L.F_ROOT, words: 1 });
        if (spill === 0) own.push({ start: r + L.F_SPILLED, words: 1 });
        if (!mended) own.push({ start: r + L.F_STUCK, words: 1 });
      }
      return own;
    },
    prepare: (setup) => {
      const fields: Readonly<Record<number, number>> = {
        [L.H_VERSION]: L.VERSION,
        [L.H_WORKERS]: blocks.length,
        [L.H_BLOCKS]: blocks.length,
        [L.H_TASKS]: TASKS,
        [L.H_INJECTOR]: LEVELS_AT,
        [L.H_LEVEL_STRIDE]: STRIDE,
        [L.H_SPILL]: TASK_SPILL,
        [L.H_INBOX]: INBOX,
        [L.H_FORKS]: FORKS,
        [L.H_FORK_SPILL]: SPILL,
        [L.H_FORK_RECORDS]: RECORDS,
        [L.H_FORK_SLOTS]: records,
      };
      for (const [field, value] of Object.entries(fields)) setup.store(L.HEADER + Number(field), value);
      setup.store(TASKS + L.T_STATE, ROOT | (L.NOBODY << L.OWNER_SHIFT) | L.RUNNING);
      setup.store(TASKS + L.T_META, shape.idempotent ? L.META_IDEMPOTENT : 0);
      for (const part of [...deques, ...rings]) part.prepare(setup);
      blocks.forEach((at, i) => {
        setup.store(L.HEADER + L.H_DIRECTORY + 4 * i, at);
        setup.store(at + L.W_ID, i);
        setup.store(at + L.W_RANDOM, 1);
        setup.store(at + L.W_ROOT, shape.rootOf?.[i] ?? ROOT);
        if (!forking.includes(i)) return;
        for (let slot = 1; slot <= records; slot++) setup.store(record(i, slot), LATE);
        // As the slow path of the first fork does.
        setup.call('forkAttach', at);
      });
    },
  };
}
