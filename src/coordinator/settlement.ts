/**
 * How results become settled promises: takes completions out of the workers' rings, within a budget of time and
 * number, so that timers and I/O of the process go on under full load.
 *
 * A ring entry is a hint; the task's state word decides. An entry of an earlier generation, or of a task settled
 * before, is dropped.
 *
 * @module
 */
import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import type { PortResult } from '../../workers/payloads.ts';
import { Decoder, decodeError } from '../codec/index.ts';
import { MillraceError, SerializeError } from '../errors.ts';
import * as L from '../memory/layout.ts';
import { asInteger, inlineValue } from '../memory/shared-memory.ts';
import { type Handle, PORT_BYTES } from './handle.ts';
import type { Ending, Ledger } from './ledger.ts';
import { raise } from './raise.ts';
import type { Resolve, Window } from './window.ts';

/** A turn of settling, ms, and at most so many: what the callers do with their results comes on top. */
const BUDGET_MS = 1;
const AT_MOST = 2048;
/** Plain results between two looks at the clock; one that has to be decoded is followed by a look. */
const LOOK_EVERY = 128;
/** What comes on top of an error, ms: its promise's turns, and its stack with the callers in it. */
const RAISING_MS = 0.03;
const SOME = 64;

export interface SettlementHooks {
  /** The coordinator's end of a worker block's data port. */
  portOf(block: number): MessagePort | undefined;
  /** The slot's task is over and its record free again. */
  release(slot: number, handle: Handle | undefined): void;
  /** A handle's task has settled: its timers and listeners go. */
  settled(handle: Handle): void;
  /** Some more have settled in this drain: what is queued as a microtask now comes between them and the next ones. */
  some(): void;
  corrupt(what: string): void;
}

export class Settlement {
  readonly #window: Window;
  readonly #ledger: Ledger;
  readonly #hooks: SettlementHooks;
  readonly #now: () => number;
  readonly #decoder = new Decoder();
  /** Results that came through a port before their completion was met, by block and slot. */
  readonly #mail = new Map<number, Map<number, PortResult>>();
  #draining = false;
  #first = 0;
  /** When this turn's budget is spent, ms. */
  #until = Number.POSITIVE_INFINITY;

  constructor(window: Window, ledger: Ledger, hooks: SettlementHooks, now: () => number) {
    this.#window = window;
    this.#ledger = ledger;
    this.#hooks = hooks;
    this.#now = now;
  }

  /** Settles what has ended, from `at` on, ms. `more` says that the budget ran out first. */
  drain(at: number = this.#now()): { ended: number; more: boolean } {
    // Subtle: an event listener called from here may submit, and submitting looks at the rings.
    if (this.#draining) return { ended: 0, more: false };
    this.#draining = true;
    const { blocks } = this.#window.plant;
    this.#until = at + BUDGET_MS;
    let left = AT_MOST;
    let more = false;
    try {
      for (let i = 0; i < blocks.length && !more; i++) {
        const block = (this.#first + i) % blocks.length;
        left = this.#drainBlock(block, left);
        more = left <= 0;
      }
      this.#first = (this.#first + 1) % blocks.length;
    } finally {
      this.#draining = false;
    }
    return { ended: more ? AT_MOST : AT_MOST - left, more };
  }

  /** Everything a dead worker announced, whatever it takes. */
  drainAll(block: number): void {
    const until = this.#until;
    this.#draining = true;
    this.#until = Number.POSITIVE_INFINITY;
    try {
      this.#drainBlock(block, Number.POSITIVE_INFINITY);
    } finally {
      this.#draining = false;
      this.#until = until;
    }
  }

  #drainBlock(block: number, most: number): number {
    const { plant } = this.#window;
    const ring = plant.blocks[block]! + plant.shape.completions;
    const { i32 } = plant.memory;
    let head = i32[(ring + L.SC_HEAD) >> 2]!;
    const tail = Atomics.load(i32, (ring + L.SC_TAIL) >> 2);
    if (head === tail) return most;
    const mask = i32[(ring + L.SC_MASK) >> 2]!;
    const slots = (ring + L.SC_SLOTS) >> 2;
    if (((tail - head) | 0) < 0 || ((tail - head) | 0) > mask + 1) {
      this.#hooks.corrupt(`completion ring of worker block ${block}: head ${head}, tail ${tail}`);
      return most;
    }
    let left = most;
    while (head !== tail) {
      const reference = i32[slots + (head & mask)]!;
      head = (head + 1) | 0;
      const slot = reference & L.SLOT_MASK;
      if (slot >= plant.slots) {
        this.#hooks.corrupt(`completion ring of worker block ${block}: task ${slot} of ${plant.slots}`);
        break;
      }
      let decoded = false;
      if (this.#window.live[slot] === 1 && this.#window.reference(slot) === reference) {
        const at = (plant.tasks + slot * L.TASK_BYTES) >> 2;
        decoded = i32[at + (L.T_RESULT_KIND >> 2)]! > L.KIND_FALSE;
        if ((i32[at]! & L.STATE_MASK) === L.FAILED) this.#until -= RAISING_MS;
        this.settleSlot(slot, block);
      }
      left--;
      if (left <= 0) break;
      if (left % SOME === 0) this.#hooks.some();
      if ((decoded || left % LOOK_EVERY === 0) && this.#now() > this.#until) {
        left = 0;
        break;
      }
    }
    Atomics.store(i32, (ring + L.SC_HEAD) >> 2, head);
    return left;
  }

  /** Settles one task by its state word; nothing happens when it is not over. */
  settleSlot(slot: number, block: number): void {
    const window = this.#window;
    const { i32 } = window.plant.memory;
    const at = (window.plant.tasks + slot * L.TASK_BYTES) >> 2;
    const word = i32[at]!;
    const state = word & L.STATE_MASK;
    if (state < L.DONE || (word & ~L.SLOT_MASK) !== window.generation[slot]) return;
    const resolve = window.resolve[slot];
    const handle = window.handle[slot];
    const kind = i32[at + (L.T_RESULT_KIND >> 2)]!;
    if (state === L.DONE && kind <= L.KIND_FALSE && handle === undefined) {
      // The short way: a number or another plain value, no limits to take down.
      this.#hooks.release(slot, undefined);
      if (resolve === undefined) return;
      this.#ledger.ended('completed');
      if (kind === L.KIND_NUMBER) resolve(asInteger(window.plant.memory.f64[(at >> 1) + (L.T_RESULT >> 3)]!));
      else resolve(inlineValue(kind, 0));
      return;
    }
    this.#settleAny(slot, block, at, word, state, kind, resolve, handle);
  }

  #settleAny(
    slot: number,
    block: number,
    at: number,
    word: number,
    state: number,
    kind: number,
    resolve: Resolve | undefined,
    handle: Handle | undefined,
  ): void {
    let value: unknown;
    let ending: Ending = 'failed';
    try {
      const wanted = resolve !== undefined;
      if (state === L.DONE) {
        value = this.#value(slot, block, at, word, kind, wanted);
        ending = 'completed';
      } else if (state === L.FAILED) {
        value = this.#value(slot, block, at, word, kind, wanted, true);
      }
    } catch (cause) {
      ending = 'failed';
      value =
        cause instanceof MillraceError
          ? cause
          : new SerializeError('ERR_RESULT_SERIALIZE', 'result', 'The result could not be read back.', {
              cause,
            });
    }
    // Subtle: memory found corrupt has ended every task, this one too.
    if (this.#window.resolve[slot] !== resolve) return;
    if (handle !== undefined) {
      const length = this.#window.plant.memory.i32[at + (L.T_RESULT_LENGTH >> 2)]!;
      handle.resultBytes = kind === L.RESULT_BYTES ? length : kind === L.RESULT_PORT ? PORT_BYTES : 0;
      this.#hooks.settled(handle);
    }
    this.#hooks.release(slot, handle);
    if (resolve === undefined) return;
    this.#ledger.ended(ending, handle);
    resolve(
      ending === 'completed' ? value : raise(value, handle?.submitted as { stack?: string } | undefined),
    );
  }

  // Reads a result wherever it is, and frees its place. `wanted` false: nobody waits, only the place is freed.
  #value(
    slot: number,
    block: number,
    at: number,
    word: number,
    kind: number,
    wanted: boolean,
    error = false,
  ): unknown {
    const { plant } = this.#window;
    if (kind <= L.KIND_FALSE) return inlineValue(kind, plant.memory.f64[(at >> 1) + (L.T_RESULT >> 3)]!);
    if (kind === L.RESULT_PORT) return this.#fromPort(slot, block, word, error);
    const { i32, u8 } = plant.memory;
    const address = i32[at + (L.T_RESULT >> 2)]!;
    const length = i32[at + (L.T_RESULT_LENGTH >> 2)]!;
    const from = plant.blocks[block]! + plant.shape.results + L.RB_BYTES;
    if (
      kind !== L.RESULT_BYTES ||
      length < 0 ||
      address < from ||
      address + length > from + plant.sizes.results
    ) {
      // Not only this task's: where its bytes end is where the next ones are looked for.
      const what = `result of task ${slot}: kind ${kind}, ${length} bytes at ${address}`;
      this.#hooks.corrupt(what);
      throw new MillraceError('ERR_CORRUPT', `Shared memory is corrupt (${what}).`);
    }
    try {
      return wanted ? this.#decode(u8, address, length, error) : undefined;
    } finally {
      const results = plant.blocks[block]! + plant.shape.results;
      const end = i32[(plant.cold + slot * L.COLD_BYTES + L.C_RESULT_END) >> 2]!;
      Atomics.store(i32, (results + L.RB_HEAD) >> 2, end);
    }
  }

  /** A message of a worker's data port. */
  deliver(block: number, message: PortResult): void {
    let box = this.#mail.get(block);
    if (box === undefined) {
      box = new Map();
      this.#mail.set(block, box);
    }
    box.set(message.slot, message);
  }

  /** The block's thread is gone and its completions are settled: what is left in its box is nobody's. */
  discardMail(block: number): void {
    this.#mail.delete(block);
  }

  #fromPort(slot: number, block: number, word: number, error: boolean): unknown {
    const port = this.#hooks.portOf(block);
    // Posted before the completion was announced, so it is in the box or in the port. No more is read than is needed:
    // the others' turns come. The word differs in its state only: the worker wrote it while the task was running.
    let message = this.#mail.get(block)?.get(slot);
    while (message === undefined || (message.state ^ word) >>> L.SLOT_BITS !== 0) {
      const got = port && receiveMessageOnPort(port);
      if (got === undefined)
        throw new MillraceError('ERR_CORRUPT', 'A result announced through a worker port did not arrive.');
      this.deliver(block, got.message as PortResult);
      message = this.#mail.get(block)?.get(slot);
    }
    this.#mail.get(block)?.delete(slot);
    if (message.bytes === undefined) return message.value;
    return this.#decode(message.bytes, 0, message.bytes.length, error, message);
  }

  #decode(bytes: Uint8Array, at: number, length: number, error: boolean, message?: PortResult): unknown {
    return error
      ? decodeError(this.#decoder, bytes, at, length).error
      : this.#decoder.decode(bytes, at, length, message?.beside, message?.carried);
  }
}
