/**
 * How the inputs of a `map` get to the workers: short ones in chunks, others each as a task.
 *
 * An input is accepted when it is taken, and counted then; a chunk is not counted. What a chunk gives back is issued as
 * a task of its own and not counted again.
 *
 * @module
 */
import { AsyncResource } from 'node:async_hooks';
import * as L from '../../memory/layout.ts';
import { sharedNow } from '../../memory/shared-memory.ts';
import { LEVEL } from '../../scheduling/levels.ts';
import type { Engine } from '../engine.ts';
import type { PoolFunction } from '../functions.ts';
import { Handle } from '../handle.ts';
import { TO_PORT } from '../intake.ts';
import type { Ending } from '../ledger.ts';
import type { MapOptions, RunOptions } from '../options.ts';
import { raise, raiseAsIs } from '../raise.ts';
import type { Submission, Waiter } from '../submission.ts';
import type { Resolved } from '../validate.ts';
import type { Resolve } from '../window.ts';
import { Chunk, type ChunkHooks } from './chunk.ts';
import { type Answer, ChunkSize, LARGEST_WINDOW } from './chunk-size.ts';
import type { Entry, Outcomes } from './outcomes.ts';
import { type Copied, STAGED, Staging } from './staging.ts';

/** A chunk that waits for more inputs waits no longer than this, ms. */
const PATIENCE_MS = 0.1;
/** Inputs between two looks at the clock, once there are a few. */
const LOOK_EVERY = 4;
/** Results that wait for an earlier one make room for further inputs as long as all of them have no more bytes. */
const MOST_HELD = 16 << 20;
/** An item that takes one to two times as long is long: what is behind it in its chunk goes elsewhere. ms */
const LONG_MS = 4;

const root = new AsyncResource('Millrace.Map');

export interface FeedParts {
  readonly engine: Engine;
  readonly submission: Submission;
  readonly fn: PoolFunction;
  /** The function's own and the caller's. */
  readonly options: RunOptions;
  readonly signal: AbortSignal;
  readonly size: ChunkSize;
  readonly outcomes: Outcomes;
  /** ms */
  readonly now: () => number;
}

/** Whether items with these options may share a task. What counts for each item needs a task for each. */
function mayShare({ timeout, deadline, idempotent, transfer, affinity }: RunOptions): boolean {
  return (
    timeout === undefined &&
    deadline === undefined &&
    idempotent !== true &&
    transfer === undefined &&
    affinity === undefined
  );
}

/** The way to the workers for one run of a `map`. */
export function openFeed(
  parts: Pick<FeedParts, 'engine' | 'submission' | 'fn' | 'signal' | 'outcomes'>,
  { workers, submissionStack }: Resolved,
  { ordered: _, window, signal: __, ...run }: MapOptions,
): Feed {
  const options = parts.submission.optionsOf(parts.fn, run);
  const size = new ChunkSize(workers, window);
  return new Feed({ ...parts, options, size, now: sharedNow }, submissionStack || !mayShare(options));
}

export class Feed {
  readonly #parts: FeedParts;
  readonly #options: RunOptions;
  readonly #level: number;
  readonly #alone: boolean;
  readonly #staging = new Staging();
  readonly #chunks = new Set<Chunk>();
  readonly #hooks: ChunkHooks;
  #timer: NodeJS.Timeout | undefined;
  /** Since when the workers might have had what is staged. */
  #since = 0;
  /** An input could not be copied here: the others of a map are mostly like it. */
  #forPort = false;

  /** @param alone each input is a task of its own */
  constructor(parts: FeedParts, alone: boolean) {
    this.#parts = parts;
    this.#options = { ...parts.options, signal: parts.signal };
    this.#level = LEVEL[parts.options.priority ?? 'normal'];
    this.#alone = alone;
    this.#hooks = {
      ended: (entry, value, how, bytes) => this.#ended(entry, value, how, bytes),
      again: (entry, input) => this.#issue(entry, input),
      over: (chunk, answer) => this.#over(chunk, answer),
    };
  }

  /** How many inputs may be taken now. Then `begin`, `add` for each, and `flush`. */
  get room(): number {
    const { size, outcomes } = this.#parts;
    // With a window of our own, what is finished behind one that is not takes no room: workers would have nothing to do.
    const left = size.window - outcomes.size + (this.#reaches ? outcomes.behind : 0);
    if (this.#alone) return Math.max(0, left);
    return left >= size.size ? size.size : 0;
  }

  /** With how few inputs unfinished it is time to take more, whatever the consumer gets. Below 0: it never is. */
  get few(): number {
    return this.#reaches ? this.#parts.size.window >> 1 : -1;
  }

  get #reaches(): boolean {
    const { size, outcomes } = this.#parts;
    return size.isDefault && outcomes.size < LARGEST_WINDOW && outcomes.held < MOST_HELD;
  }

  /** The next input is asked for. */
  begin(): void {
    if (!this.#alone && this.#staging.count === 0) this.#since = this.#parts.now();
  }

  /** An input was taken. `at once`: the next one may be long in coming. */
  add(input: unknown, atOnce = false): void {
    const { submission, size, outcomes } = this.#parts;
    const entry = outcomes.add();
    if (this.#alone || atOnce || this.#forPort || size.goesAlone()) {
      this.#submit(input, entry);
      return;
    }
    const { refused } = submission;
    if (refused !== undefined) {
      outcomes.settle(entry, refused);
      return;
    }
    this.#stage(input, entry);
  }

  #stage(input: unknown, entry: Entry): void {
    const { engine, outcomes, now, size } = this.#parts;
    const staging = this.#staging;
    let staged: ReturnType<Staging['add']>;
    try {
      staged = staging.add(input, entry);
    } catch (error) {
      outcomes.settle(entry, raise(error));
      return;
    }
    if (staged === TO_PORT) {
      this.#forPort = true;
      this.#submit(input, entry);
      return;
    }
    engine.ledger.accepted();
    if (staged !== STAGED) {
      size.slow();
      this.#issue(entry, { kind: L.KIND_BYTES, number: 0, bytes: staged });
      return;
    }
    const { count } = staging;
    if (staging.full) {
      size.filled(count);
      this.flush();
    } else if (count >= size.size) {
      size.filled(undefined);
      this.flush();
    } else if ((count <= LOOK_EVERY || count % LOOK_EVERY === 0) && now() - this.#since > PATIENCE_MS)
      this.flush();
  }

  /** Sends what is staged. */
  flush(): void {
    const staging = this.#staging;
    if (staging.count === 0) return;
    const { engine, size, now } = this.#parts;
    const { intake, plant, limits } = engine;
    const bytes = staging.size(size.outcomeBytes);
    const address = this.#stopped ? 0 : intake.arena.allocate(bytes);
    const entries = [...staging.entries];
    if (address !== 0) {
      staging.write(plant.memory, address, bytes);
      const chunk = new Chunk(plant.memory, address, entries, this.#hooks);
      const meta = L.META_ENCODED | L.META_CHUNK;
      const handle: Handle = this.#handle(meta, (value) => chunk.settle(value, handle.resultBytes));
      handle.chunk = chunk;
      if (intake.submitChunk(handle, { address, length: bytes })) {
        staging.clear();
        limits.watch(handle);
        this.#chunks.add(chunk);
        this.#timer ??= root.runInAsyncScope(setInterval, undefined, () => this.#look(), LONG_MS).unref();
        engine.issued();
        this.#since = now();
        return;
      }
    }
    const inputs = entries.map((_, i) => staging.copied(i));
    staging.clear();
    for (const [i, input] of inputs.entries()) this.#issue(entries[i]!, input);
  }

  /** The map is over, and its signal aborted. */
  end(): void {
    this.flush();
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  get #stopped(): boolean {
    return this.#parts.signal.aborted || this.#parts.engine.over !== undefined;
  }

  // A task of its own, copied now.
  #submit(input: unknown, entry: Entry): void {
    const { submission, fn, outcomes } = this.#parts;
    const waiter: Waiter = {
      handle: undefined,
      settle: (value) => outcomes.settle(entry, value, waiter.handle?.resultBytes),
    };
    submission.submitItem(fn, input, this.#options, waiter);
  }

  // A task of its own for what is copied and counted.
  #issue(entry: Entry, { kind, number, bytes }: Copied): void {
    const { engine, signal, outcomes } = this.#parts;
    if (this.#stopped) {
      const rejection = signal.aborted ? raiseAsIs(signal.reason) : raise(engine.over!());
      this.#ended(entry, rejection, 'cancelled');
      return;
    }
    const plain = L.META_INLINE | 1 | (kind << L.META_KINDS);
    const handle: Handle = this.#handle(bytes === undefined ? plain : L.META_ENCODED, (value) =>
      outcomes.settle(entry, value, handle.resultBytes),
    );
    handle.bytes = bytes;
    if (bytes === undefined) handle.numbers = Float64Array.of(number, 0, 0, 0);
    engine.limits.watch(handle);
    engine.intake.submitHandle(handle);
    engine.issued();
  }

  #handle(meta: number, resolve: Resolve): Handle {
    return new Handle({
      level: this.#level,
      fn: this.#parts.fn.number,
      meta,
      resolve,
      timeout: undefined,
      deadline: undefined,
      signal: this.#parts.signal,
      worker: undefined,
      submitted: undefined,
    });
  }

  #ended(entry: Entry, value: unknown, how: Ending, bytes = 0): void {
    this.#parts.engine.ledger.ended(how);
    this.#parts.outcomes.settle(entry, value, bytes);
  }

  #over(chunk: Chunk, answer: Answer | undefined): void {
    this.#chunks.delete(chunk);
    if (answer !== undefined) this.#parts.size.answered(answer);
  }

  #look(): void {
    for (const chunk of this.#chunks) {
      const why = chunk.look();
      if (why === L.WHY_PROMISE) this.#parts.size.promised();
      else if (why !== undefined) this.#parts.size.slow();
    }
    if (this.#chunks.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
