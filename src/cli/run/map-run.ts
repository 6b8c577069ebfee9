/**
 * The run itself: takes inputs as far as workers and output have room, and turns each into one line.
 *
 * @module
 */

import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';
import { CommandFailure, EXIT } from '../exit.ts';
import type { Clock } from '../host.ts';
import type { InputSource, MapInput } from '../inputs/source.ts';
import type { MapPool } from '../map-pool.ts';
import { type ErrorRecord, errorLine, resultLine, toErrorRecord } from '../records/record.ts';
import { type LineTarget, RecordWriter } from '../records/writer.ts';
import { Emitter, type Order } from './emitter.ts';
import type { Interrupt } from './interrupt.ts';
import { isFatal, type OnError, retryDelay } from './policy.ts';
import { Window } from './window.ts';

export interface MapRunOptions {
  readonly pool: MapPool;
  readonly source: InputSource;
  readonly target: LineTarget;
  readonly fn: string;
  /** Arguments after the input. */
  readonly args: readonly unknown[];
  /** Running time of one attempt, ms. */
  readonly timeout?: number;
  readonly order: Order;
  readonly onError: OnError;
  readonly clock: Clock;
  readonly interrupt: Interrupt;
}

export interface ItemFailure {
  readonly index: number;
  readonly input: unknown;
  readonly error: ErrorRecord;
}

export type MapEnd =
  | { readonly kind: 'finished' }
  | { readonly kind: 'stopped'; readonly failure: ItemFailure }
  | { readonly kind: 'interrupted' }
  | { readonly kind: 'failed'; readonly error: Error };

/** Failures kept for the report; all are counted, and recorded in the output. */
const MAX_LISTED = 100;
/** Characters of output that may wait for a slow reader before no new item is started. */
const MAX_UNWRITTEN = 8 * 1024 * 1024;
/** How long a stop at once waits for the output to take what it was given. */
const LAST_WRITE_MS = 2000;

export class MapRun {
  /** Attempts' times from hand-over to the pool to settlement, in µs. */
  readonly latency: RecordableHistogram = createHistogram({ lowest: 1, highest: 2 ** 42, figures: 3 });
  readonly failures: ItemFailure[] = [];
  /** Items that failed for good. */
  failed = 0;
  /** Items that came to an end, recorded or not yet. */
  settled = 0;
  retried = 0;
  /** Where in the source the furthest settled item ends, bytes. */
  position = 0;

  readonly #options: MapRunOptions;
  readonly #emitter: Emitter;
  readonly #writer: RecordWriter;
  readonly #window: Window;
  #batch: readonly MapInput[] = [];
  #taken = 0;
  #source: 'open' | 'reading' | 'ended' = 'open';
  #turn = 0;
  #running = 0;
  readonly #delayed = new Set<() => void>();
  #end: MapEnd | undefined;
  /** After a failure of the pool or the output, or a second Ctrl-C, results no longer count. */
  #dropped = false;
  #wake: () => void = () => {};

  constructor(options: MapRunOptions) {
    this.#options = options;
    this.#window = new Window(options.pool.workers);
    this.#writer = new RecordWriter(options.target, {
      onRoom: () => this.#wake(),
      onFailure: (error) => this.#fail(error),
    });
    this.#emitter = new Emitter(options.order, (line) => this.#writer.push(line));
  }

  /** Items whose line the output has taken. */
  get recorded(): number {
    return this.#writer.written;
  }

  /** Items handed to the pool and not settled. */
  get running(): number {
    return this.#running;
  }

  /** Finished items that were not recorded because an earlier one was not. */
  get unrecorded(): number {
    return this.#emitter.held;
  }

  async run(): Promise<MapEnd> {
    const { interrupt, source } = this.#options;
    const release = interrupt.onChange(() => this.#interrupted());
    this.#interrupted();
    try {
      for (;;) {
        const changed = new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
        if (!this.#step()) break;
        await changed;
      }
      source.close();
      await this.#writeOut();
      return this.#end ?? { kind: 'finished' };
    } finally {
      release();
    }
  }

  /** Starts what can be started; `false` when there is nothing left to wait for. */
  #step(): boolean {
    while (!this.#end && this.#taken < this.#batch.length && this.#hasRoom()) {
      this.#start(this.#batch[this.#taken++]!);
    }
    if (this.#dropped) return false;
    if (this.#end) return this.#running > 0;
    if (this.#taken === this.#batch.length && this.#source === 'open') this.#read();
    return (
      this.#source !== 'ended' || this.#taken < this.#batch.length || this.#running + this.#delayed.size > 0
    );
  }

  #hasRoom(): boolean {
    return (
      this.#running < this.#window.size &&
      this.#delayed.size < 1000 &&
      !this.#emitter.full &&
      this.#writer.pending < MAX_UNWRITTEN
    );
  }

  #read(): void {
    this.#source = 'reading';
    this.#options.source.next().then(
      (batch) => {
        this.#source = batch ? 'open' : 'ended';
        this.#batch = batch ?? [];
        this.#taken = 0;
        this.#wake();
      },
      (error: Error) => {
        this.#source = 'ended';
        // What runs may finish and be recorded: the items before the broken place are good.
        this.#stop({ kind: 'failed', error });
      },
    );
  }

  #start(item: MapInput): void {
    const turn = this.#turn++;
    if (!item.broken) this.#attempt(item, turn, 1);
    else if (this.#options.onError.kind === 'stop') {
      this.#stop({ kind: 'failed', error: new CommandFailure(item.broken.message) });
    } else this.#settleFailed(item, turn, item.broken);
  }

  #attempt(item: MapInput, turn: number, attempt: number): void {
    const { pool, fn, args, timeout, clock } = this.#options;
    const from = clock.now();
    this.#running += 1;
    const settle = (then: () => void) => {
      this.#running -= 1;
      if (!this.#dropped) {
        const now = clock.now();
        this.latency.record(Math.max(1, Math.round((now - from) * 1000)));
        this.#window.settled(now);
        then();
      }
      this.#wake();
    };
    pool.run(fn, [item.value, ...args], timeout === undefined ? {} : { timeout }).then(
      (result) => settle(() => this.#succeeded(item, turn, attempt, result)),
      (error: unknown) => settle(() => this.#rejected(item, turn, attempt, error)),
    );
  }

  #succeeded(item: MapInput, turn: number, attempt: number, result: unknown): void {
    let line: string;
    try {
      line = resultLine(item.index, item.value, result);
    } catch (error) {
      this.#rejected(item, turn, attempt, error);
      return;
    }
    this.#settle(item);
    this.#emitter.accept(turn, line);
  }

  #rejected(item: MapInput, turn: number, attempt: number, error: unknown): void {
    if (isFatal(error)) {
      this.#fail(error);
      return;
    }
    const delay = retryDelay(this.#options.onError, error, attempt);
    if (delay === undefined) {
      this.#settleFailed(item, turn, toErrorRecord(error, attempt));
      return;
    }
    // Not recorded: a resumed run gives it all its tries.
    if (this.#end) return;
    this.retried += 1;
    const cancel = this.#options.clock.after(delay, () => {
      this.#delayed.delete(cancel);
      this.#attempt(item, turn, attempt + 1);
    });
    this.#delayed.add(cancel);
  }

  #settleFailed(item: MapInput, turn: number, error: ErrorRecord): void {
    const failure = { index: item.index, input: item.value, error };
    this.#settle(item);
    this.failed += 1;
    if (this.failures.length < MAX_LISTED) this.failures.push(failure);
    if (this.#options.onError.kind === 'stop') this.#stop({ kind: 'stopped', failure });
    else this.#emitter.accept(turn, errorLine(item.index, item.value, error));
  }

  #settle(item: MapInput): void {
    this.settled += 1;
    if (item.end !== undefined && item.end > this.position) this.position = item.end;
  }

  #interrupted(): void {
    const { stage } = this.#options.interrupt;
    if (stage !== 'none') this.#stop({ kind: 'interrupted' });
    if (stage === 'now') this.#drop();
  }

  /** Takes no more inputs; what runs goes on. Items that wait for another try are left to a resumed run. */
  #stop(end: MapEnd): void {
    this.#end ??= end;
    for (const cancel of this.#delayed) cancel();
    this.#delayed.clear();
    this.#wake();
  }

  #fail(error: Error): void {
    // Ctrl-C goes to the whole pipeline: a reader that it has ended is no failure.
    const closed = error instanceof CommandFailure && error.exit === EXIT.closedPipe;
    if (this.#end?.kind !== 'interrupted' || !closed) this.#end = { kind: 'failed', error };
    this.#stop(this.#end);
    this.#drop();
  }

  #drop(): void {
    this.#dropped = true;
    this.#wake();
  }

  async #writeOut(): Promise<void> {
    // A run that failed ends nothing: its output stays as it is, to be given up or continued.
    const written =
      this.#end?.kind === 'failed'
        ? this.#writer.flush()
        : this.#writer.end(this.#end === undefined ? 'complete' : 'partial');
    if (this.#options.interrupt.stage !== 'now' && !this.#dropped) {
      await this.#options.interrupt.until('now', written);
    }
    let stop = (): void => {};
    const late = new Promise<void>((resolve) => {
      stop = this.#options.clock.after(LAST_WRITE_MS, resolve);
    });
    await Promise.race([written, late]);
    stop();
  }
}
