/**
 * How a call becomes an accepted task: refused when the pool is over or full, the short way when it is plain, else with
 * a handle that carries its limits.
 *
 * @module
 */
import { MillraceError, TimeoutError } from '../errors.ts';
import * as L from '../memory/layout.ts';
import { LEVEL } from '../scheduling/levels.ts';
import type { Engine } from './engine.ts';
import type { PoolFunction } from './functions.ts';
import { Handle } from './handle.ts';
import { inlineMeta, writeInline } from './inline.ts';
import { type InArena, TO_PORT } from './intake.ts';
import type { RunOptions } from './options.ts';
import { isBytesOnly, portArguments, portError } from './port-arguments.ts';
import { raise, raiseAsIs } from './raise.ts';
import { checkTransfer, type Resolved } from './validate.ts';
import type { Resolve } from './window.ts';

export interface SubmissionHooks {
  /** Why no task is taken any more. */
  refusal(): MillraceError;
  /** As many tasks as allowed are outstanding. */
  saturated(): void;
}

/** Who waits for a task otherwise than with a promise. */
export interface Waiter {
  /** Set when the task was accepted. */
  handle: Handle | undefined;
  /** Gets what the promise would be resolved with: a rejection is a promise of `raise`. */
  readonly settle: Resolve;
}

// One executor for all promises, so that none allocates a closure of its own.
let grabbed: Resolve = ignore;
const grab = (resolve: Resolve): void => {
  grabbed = resolve;
};
/** What was grabbed is let go: an error the promise rejects with may lead to the pool, by the frames of its stack. */
function ignore(): void {}

export class Submission {
  readonly #engine: Engine;
  readonly #options: Resolved;
  readonly #hooks: SubmissionHooks;
  /** Accepted at most: `maxQueue` waiting, one running on each worker. */
  readonly #most: number;
  #saturated = false;
  #open = true;

  constructor(engine: Engine, options: Resolved, hooks: SubmissionHooks) {
    this.#engine = engine;
    this.#options = options;
    this.#hooks = hooks;
    this.#most = Math.min(Number.MAX_SAFE_INTEGER, options.maxQueue + options.workers);
  }

  /** Fewer tasks are outstanding than allowed. */
  get hasRoom(): boolean {
    return this.#engine.ledger.pending < this.#most;
  }

  /** There is room again: the next time there is none is news. */
  relax(): void {
    this.#saturated = false;
  }

  /** From now on every call asks why it is refused. */
  shut(): void {
    this.#open = false;
  }

  submit(fn: PoolFunction, args: readonly unknown[], options: RunOptions | undefined): Promise<unknown> {
    if (!this.#open) return raise(this.#hooks.refusal());
    const engine = this.#engine;
    if (!this.hasRoom) {
      const full = this.#full();
      if (full !== undefined) return full;
    }
    if (options === undefined && fn.plain && !this.#options.submissionStack) {
      const meta = inlineMeta(args);
      const promise = new Promise(grab);
      const resolve = grabbed;
      grabbed = ignore;
      if (meta >= 0) {
        engine.intake.submit(LEVEL.normal, fn.number, meta, args, resolve);
        this.#accepted();
        return promise;
      }
      try {
        if (engine.intake.submitEncoded(LEVEL.normal, fn.number, 0, args, resolve)) {
          this.#accepted();
          return promise;
        }
      } catch (error) {
        return raise(error);
      }
    }
    return this.#submitWith(fn, args, fn.plain ? (options ?? {}) : overruled(fn.options, options))!;
  }

  /** Why no task is taken any more, if that is so. */
  get refused(): Promise<never> | undefined {
    return this.#open ? undefined : raise(this.#hooks.refusal());
  }

  /** What holds for a task of this function when its caller says `options`. */
  optionsOf(fn: PoolFunction, options: RunOptions): RunOptions {
    return overruled(fn.options, options);
  }

  /** For `map`, which bounds itself: `maxQueue` is not asked. `options` are those of `optionsOf`. */
  submitItem(fn: PoolFunction, input: unknown, options: RunOptions, waiter: Waiter): void {
    const refused = this.refused ?? this.#submitWith(fn, [input], options, waiter);
    if (waiter.handle === undefined) waiter.settle(refused);
  }

  /** For `runSync`: settles `task`. A promise when it was refused, which is rejected; else undefined. */
  submitBlocking(
    fn: PoolFunction,
    args: readonly unknown[],
    options: RunOptions,
    task: Waiter,
  ): Promise<unknown> | undefined {
    if (!this.#open) return raise(this.#hooks.refusal());
    if (!this.hasRoom) {
      const full = this.#full();
      if (full !== undefined) return full;
    }
    const refused = this.#submitWith(fn, args, overruled(fn.options, options), task);
    return task.handle === undefined ? refused : undefined;
  }

  // Everything but the fast path: options, or values for a port. With a `waiter`, a promise is a refusal.
  #submitWith(
    fn: PoolFunction,
    args: readonly unknown[],
    options: RunOptions,
    waiter?: Waiter,
  ): Promise<unknown> | undefined {
    const { signal, timeout, deadline, affinity, idempotent, transfer, priority } = options;
    if (signal?.aborted) return raiseAsIs(signal.reason);
    if (timeout === 0 || deadline === 0) {
      const code = timeout === 0 ? 'ERR_TIMEOUT' : 'ERR_DEADLINE';
      return raise(new TimeoutError(code, 0, false, 'A limit of 0 ms leaves no time to run.'));
    }
    const engine = this.#engine;
    const flags = (idempotent ? L.META_IDEMPOTENT : 0) | (timeout !== undefined ? L.META_TIMED : 0);
    let meta = inlineMeta(args);
    const level = LEVEL[priority ?? 'normal'];
    let encoded: InArena | Uint8Array | undefined;
    let port: Handle['port'];
    let bytesOnly: readonly ArrayBuffer[] | undefined;
    try {
      if (transfer !== undefined && transfer.length > 0) {
        checkTransfer(transfer);
        if (timeout === undefined && isBytesOnly(args, transfer)) bytesOnly = transfer as ArrayBuffer[];
        else port = portArguments(args, transfer);
        meta = L.META_PORT;
      } else if (meta < 0) {
        const got = engine.intake.encode(args, affinity === undefined ? level : undefined);
        if (got === TO_PORT) port = portArguments(args, []);
        else encoded = got;
        meta = got === TO_PORT ? L.META_PORT : L.META_ENCODED;
      } else if (timeout !== undefined) {
        // Its start is written down, so it does not start in the same step that claims it.
        meta &= ~L.META_INLINE;
      }
    } catch (error) {
      return raise(error);
    }
    const inArena = encoded instanceof Uint8Array ? undefined : encoded;
    // Reading the arguments has run the caller's getters.
    if (signal?.aborted || !this.#open) {
      if (inArena !== undefined) engine.intake.forget(inArena);
      return signal?.aborted ? raiseAsIs(signal.reason) : raise(this.#hooks.refusal());
    }
    const promise = waiter === undefined ? new Promise(grab) : undefined;
    const handle = new Handle({
      level,
      fn: fn.number,
      meta: meta | flags,
      resolve: waiter?.settle ?? grabbed,
      timeout,
      deadline,
      signal,
      worker: affinity,
      submitted: this.#options.submissionStack ? stackHere(this.#submitWith) : undefined,
    });
    grabbed = ignore;
    if (waiter !== undefined) waiter.handle = handle;
    if (bytesOnly !== undefined) {
      try {
        if (engine.lines.postAtOnce(handle, args, bytesOnly)) {
          engine.accepted();
          engine.limits.watch(handle);
          if (!this.hasRoom) this.#reached();
          return promise;
        }
        port = portArguments(args, bytesOnly);
      } catch (error) {
        return raise(error instanceof MillraceError ? error : portError(error, args, bytesOnly));
      }
    }
    if (encoded instanceof Uint8Array) handle.bytes = encoded;
    handle.port = port;
    if (encoded === undefined && port === undefined) {
      handle.numbers = new Float64Array(4);
      writeInline(handle.numbers, 0, args);
    }
    // First, because a line may refuse the task at once.
    engine.accepted();
    engine.limits.watch(handle);
    if (port === undefined && affinity === undefined) {
      engine.intake.submitHandle(handle, inArena);
      engine.recall.watch();
    } else engine.line(handle);
    if (!this.hasRoom) this.#reached();
    return promise;
  }

  #accepted(): void {
    this.#engine.accepted();
    if (!this.hasRoom) this.#reached();
  }

  // Told once, until there has been room again.
  #reached(): void {
    if (this.#saturated) return;
    this.#saturated = true;
    this.#hooks.saturated();
  }

  #full(): Promise<never> | undefined {
    this.#reached();
    // With 'wait' the task is accepted all the same, and producers are told to wait by `room()`.
    if (this.#options.whenFull === 'wait') return undefined;
    const text = `The pool has as many unsettled tasks as it takes: \`maxQueue\` (${this.#options.maxQueue}) and one for each worker. Await \`pool.room()\` before submitting more, or raise \`maxQueue\`.`;
    return raise(new MillraceError('ERR_QUEUE_FULL', text));
  }
}

function stackHere(below: (...args: never[]) => unknown): object {
  const at = {};
  Error.captureStackTrace(at, below);
  return at;
}

/** The function's own options, where the caller says nothing: `undefined` is nothing. */
function overruled(own: RunOptions, options: RunOptions = {}): RunOptions {
  const said = Object.entries(options).filter(([, value]) => value !== undefined);
  return { ...own, ...Object.fromEntries(said) };
}
