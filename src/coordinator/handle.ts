/**
 * A task that is more than a function, arguments and a promise: one with a time limit, a signal, a worker of its
 * own, or values only a port can carry.
 *
 * @module
 */
import * as L from '../memory/layout.ts';
import type { Place } from './backlog.ts';
import type { Ending } from './ledger.ts';
import type { Resolve } from './window.ts';

/** Where the task is now. */
export type Where =
  | { readonly at: 'backlog'; readonly level: number; readonly place: Place }
  /** Held on main for one worker, or for any that can take a port message. */
  | { readonly at: 'line' }
  | { readonly at: 'slot'; readonly slot: number; readonly generation: number }
  | { readonly at: 'settled' };

export const SETTLED: Where = { at: 'settled' };

/** Arguments that travel through a port, held on main until they are posted. */
export interface PortArguments {
  readonly args?: readonly unknown[];
  /** Instead: as bytes, and what those refer to and only a port can carry. */
  readonly bytes?: Uint8Array;
  readonly carried?: readonly object[];
  /** What is moved with them; empty when they can be posted again after a crash. */
  readonly transfer: readonly unknown[];
}

/** Nobody knows how large a result is that came through a port: one that bytes cannot say, or too large for a ring. */
export const PORT_BYTES: number = 1 << 20;

export class Handle {
  where: Where = SETTLED;
  readonly level: number;
  readonly fn: number;
  meta: number;
  readonly resolve: Resolve;
  readonly timeout: number | undefined;
  readonly deadline: number | undefined;
  readonly signal: AbortSignal | undefined;
  /** The worker number that must run it. */
  readonly worker: number | undefined;
  readonly submitted: object | undefined;
  /** Encoded arguments while the task waits outside shared memory. */
  bytes: Uint8Array | undefined;
  /** The numbers of inline arguments while it waits in a line. */
  numbers: Float64Array | undefined;
  port: PortArguments | undefined;
  /** As bytes its result took so many; what came through a port counts as `PORT_BYTES`. */
  resultBytes = 0;
  /** How many workers died with it in hand, over all records it has had. */
  deaths = 0;
  /** The block of the thread it was sent to, while it is there. Two threads may have the same worker number. */
  posted: number | undefined;
  timer: NodeJS.Timeout | undefined;
  /** It stands for several items of a `map`. Then it has a record from the start, and is never moved to another. */
  chunk: { ended: Ending | undefined } | undefined;

  constructor(init: {
    readonly level: number;
    readonly fn: number;
    readonly meta: number;
    readonly resolve: Resolve;
    readonly timeout: number | undefined;
    readonly deadline: number | undefined;
    readonly signal: AbortSignal | undefined;
    readonly worker: number | undefined;
    readonly submitted: object | undefined;
  }) {
    this.level = init.level;
    this.fn = init.fn;
    this.meta = init.meta;
    this.resolve = init.resolve;
    this.timeout = init.timeout;
    this.deadline = init.deadline;
    this.signal = init.signal;
    this.worker = init.worker;
    this.submitted = init.submitted;
  }

  /** Shared memory has no room for the argument bytes, and none will come: they travel through a port. */
  throughPort(): void {
    this.meta = (this.meta & ~(L.META_ENCODED | L.META_INLINE)) | L.META_PORT;
  }

  /** It must not start any more: it has settled or, its signal aborted, is about to. */
  get over(): boolean {
    return this.settled || this.signal?.aborted === true;
  }

  get settled(): boolean {
    return this.where.at === 'settled';
  }
}
