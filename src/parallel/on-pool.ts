/**
 * The algorithms from the main thread: functions of the pool's task module are given by name.
 *
 * @module
 */
import type { RunOptions } from '../coordinator/options.ts';
import type { Pool } from '../coordinator/pool.ts';
import { checkKeys, expected, MillraceError } from '../errors.ts';
import type { BodyName, ExtraArgs, ResultOf } from './names.ts';
import {
  checkBounds,
  checkOptions,
  isRange,
  type OptionsFor,
  type ParallelOptions,
  type Range,
} from './ranges.ts';
import type { ItemOf, ReduceOptions } from './reduce.ts';
import type { ScanOptions } from './scan.ts';
import { checkOut, checkView, create, type Element, kindOf, type Shared, type View } from './views.ts';

/** A call of a function by its name. */
type NamedCall<M> = {
  readonly [K in BodyName<M, []>]: readonly [fn: K, ...args: ExtraArgs<M[K], []>];
}[BodyName<M, []>];

/** What the calls give, in order. */
type NamedResults<M, C extends readonly NamedCall<M>[]> = {
  -readonly [I in keyof C]: C[I] extends readonly [infer K extends keyof M, ...unknown[]]
    ? Awaited<ResultOf<M[K]>>
    : never;
};

/**
 * The algorithms on one pool. Each call is one task, which the pool's other workers help with when they have nothing
 * to do. Arguments are checked at once; all else rejects, as in {@link Pool.run}.
 *
 * @typeParam M - the task module, as `typeof import('./tasks.js')`
 */
export class OnPool<M> {
  readonly #run: (name: string, args: readonly unknown[]) => Promise<unknown>;

  /** Use {@link on}. */
  constructor(run: (name: string, args: readonly unknown[]) => Promise<unknown>) {
    this.#run = run;
  }

  /** `body(i, ...args)` for each integer from `lo` up to, not including, `hi`. */
  parallelFor<K extends BodyName<M, [number]>>(
    lo: number,
    hi: number,
    body: K,
    ...[options]: OptionsFor<ExtraArgs<M[K], [number]>, ParallelOptions>
  ): Promise<void> {
    return this.#loop('parallelFor', lo, hi, body, options);
  }

  /** `body(from, to, ...args)` for ranges that make up the whole. */
  parallelRanges<K extends BodyName<M, [number, number]>>(
    lo: number,
    hi: number,
    body: K,
    ...[options]: OptionsFor<ExtraArgs<M[K], [number, number]>, ParallelOptions>
  ): Promise<void> {
    return this.#loop('parallelRanges', lo, hi, body, options);
  }

  /** `fn(x, i, ...args)` of each element, into `out`: by default a new shared array of the same kind. */
  map<V extends View | Range, O extends View, K extends BodyName<M, [ItemOf<V>, number], Element<O>>>(
    over: V,
    fn: K,
    options: ParallelOptions<ExtraArgs<M[K], [ItemOf<V>, number]>> & { readonly out: O },
  ): Promise<O>;
  map<V extends View, K extends BodyName<M, [Element<V>, number], Element<V>>>(
    over: V,
    fn: K,
    ...[options]: OptionsFor<ExtraArgs<M[K], [Element<V>, number]>, ParallelOptions>
  ): Promise<Shared<V>>;
  map(
    over: View | Range,
    fn: string,
    options: ParallelOptions & { readonly out?: View } = {},
  ): Promise<unknown> {
    checkOptions(options, ['out']);
    checkName('fn', fn);
    let out = options.out;
    if (isRange(over)) {
      checkBounds(over.lo, over.hi);
      checkView('options.out', out);
      const length = Math.max(0, over.hi - over.lo);
      if (out.length < length) throw expected('options.out.length', `at least ${length}`, out.length);
    } else {
      checkView('over', over);
      out ??= create(kindOf(over), over.length);
      checkOut(over, out);
    }
    return this.#run('map', [over, fn, { ...options, out }]).then(() => out);
  }

  /** `fn(x, i, ...args)` for each element. */
  forEach<V extends View, K extends BodyName<M, [Element<V>, number]>>(
    view: V,
    fn: K,
    ...[options]: OptionsFor<ExtraArgs<M[K], [Element<V>, number]>, ParallelOptions>
  ): Promise<void> {
    checkView('view', view);
    checkName('fn', fn);
    checkOptions(options);
    return this.#run('forEach', [view, fn, options ?? {}]) as Promise<void>;
  }

  /** All elements, or what `map(x, i, ...args)` makes of each, combined in the order of their indices. */
  reduce<
    V extends View | Range,
    T,
    K extends BodyName<M, [T, T], T>,
    G extends BodyName<M, [ItemOf<V>, number], T>,
  >(
    over: V,
    combine: K,
    identity: T,
    options: ReduceOptions<ExtraArgs<M[G], [ItemOf<V>, number]>> & { readonly map: G },
  ): Promise<T>;
  reduce<V extends View | Range, K extends BodyName<M, [ItemOf<V>, ItemOf<V>], ItemOf<V>>>(
    over: V,
    combine: K,
    identity: ItemOf<V>,
    options?: ReduceOptions<[]>,
  ): Promise<ItemOf<V>>;
  reduce(
    over: View | Range,
    combine: string,
    identity: unknown,
    options: ReduceOptions & { readonly map?: string } = {},
  ): Promise<unknown> {
    if (isRange(over)) checkBounds(over.lo, over.hi);
    else checkView('over', over);
    checkName('combine', combine);
    checkOptions(options, ['map', 'deterministic']);
    if (options.map !== undefined) checkName('options.map', options.map);
    return this.#run('reduce', [over, combine, identity, options]);
  }

  /** For each element what the elements up to it make together, into `out`: by default a new shared array. */
  scan<
    V extends View,
    K extends BodyName<M, [Element<V>, Element<V>], Element<V>>,
    O extends View = Shared<V>,
  >(view: V, combine: K, identity: Element<V>, options: ScanOptions<O> = {}): Promise<O> {
    checkView('view', view);
    checkName('combine', combine);
    checkOptions(options, ['exclusive', 'out']);
    const out: View = options.out ?? create(kindOf(view), view.length);
    checkOut(view, out);
    return this.#run('scan', [view, combine, identity, { ...options, out }]).then(() => out as O);
  }

  /** The elements that `predicate(x, i, ...args)` accepts, in a new shared array. */
  filter<V extends View, K extends BodyName<M, [Element<V>, number]>>(
    view: V,
    predicate: K,
    ...[options]: OptionsFor<ExtraArgs<M[K], [Element<V>, number]>, ParallelOptions>
  ): Promise<Shared<V>> {
    checkView('view', view);
    checkName('predicate', predicate);
    checkOptions(options);
    return this.#run('filter', [view, predicate, options ?? {}]) as Promise<Shared<V>>;
  }

  /** Sorts in place: in the default order, `by` a number of each element, or as `compare` says. */
  sort<
    V extends View,
    B extends BodyName<M, [Element<V>, number], number> = never,
    C extends BodyName<M, [Element<V>, Element<V>], number> = never,
  >(
    view: V,
    options: { readonly args?: readonly unknown[]; readonly by?: B; readonly compare?: C } = {},
  ): Promise<V> {
    checkView('view', view);
    checkKeys('options', options, ['args', 'by', 'compare']);
    checkOptions(options, ['by', 'compare']);
    const { by, compare } = options;
    if (by !== undefined) checkName('options.by', by);
    if (compare !== undefined) checkName('options.compare', compare);
    if (by !== undefined && compare !== undefined) {
      throw expected('options', 'of `by` or `compare`, not both', options);
    }
    return this.#run('sort', [view, options]).then(() => view);
  }

  /** Several functions at once: `invoke(['mean', values], ['largest', values])`. */
  invoke<const C extends readonly NamedCall<M>[]>(...calls: C): Promise<NamedResults<M, C>> {
    for (const [k, call] of calls.entries()) {
      if (!Array.isArray(call)) throw expected(`calls[${k}]`, 'an array of a name and arguments', call);
      checkName(`calls[${k}][0]`, call[0]);
    }
    return this.#run('invoke', [calls]) as Promise<NamedResults<M, C>>;
  }

  #loop(
    operation: string,
    lo: number,
    hi: number,
    body: string,
    options: ParallelOptions = {},
  ): Promise<void> {
    checkBounds(lo, hi);
    checkName('body', body);
    checkOptions(options);
    return this.#run(operation, [lo, hi, body, options]) as Promise<void>;
  }
}

function checkName(name: string, value: unknown): void {
  if (typeof value !== 'string') throw expected(name, 'the name of a function of the task module', value);
}

/**
 * The algorithms of `millrace/parallel` for the main thread. Where they take a function in a task, they take the name of
 * one of the pool's task module here. The pool is made with {@link parallelTasks} beside that module.
 *
 * @param options - for every call: `priority`, `timeout`, `deadline`, `signal`, …
 * @throws InvalidArgumentError for what is not a pool
 * @example
 * ```ts
 * import { createPool } from 'millrace';
 * import { on, parallelTasks, sharedArray } from 'millrace/parallel';
 * import type * as tasks from './tasks.ts';
 *
 * await using pool = await createPool<typeof tasks>({
 *   tasks: [new URL('./tasks.ts', import.meta.url), parallelTasks],
 * });
 * const values = sharedArray.from(Float64Array, [3, 1, 2]);
 *
 * await on(pool).sort(values);
 * await on(pool).parallelFor(0, values.length, 'scale', { args: [values, 10] });
 * console.log([...values]); // [ 10, 20, 30 ]
 * console.log(await on(pool).reduce(values, 'add', 0)); // 60
 * ```
 * ```ts
 * // file: tasks.ts
 * export const add = (a: number, b: number): number => a + b;
 * export const scale = (i: number, values: Float64Array, by: number): void => {
 *   values[i]! *= by;
 * };
 * ```
 */
export function on<M>(pool: Pool<M>, options?: RunOptions): OnPool<M> {
  if (typeof (pool as Partial<Pool<M>> | null | undefined)?.run !== 'function') {
    throw expected('pool', 'a pool made by `createPool`', pool);
  }
  const run = pool.run as (name: string, args: readonly unknown[], options?: RunOptions) => Promise<unknown>;
  return new OnPool<M>(async (operation, args) => {
    try {
      return await run.call(pool, `millrace:${operation}`, args, options);
    } catch (error) {
      throw explained(error, operation);
    }
  });
}

/**
 * `body(i, ...args)` for each integer from `lo` up to, not including, `hi`, while the main thread waits; with
 * `mainThread: 'helps'` it runs pieces itself. For scripts, as {@link Pool.runSync}.
 *
 * @throws what `body` throws; as `runSync`
 * @example
 * ```ts
 * import { createPool } from 'millrace';
 * import { parallelForSync, parallelTasks, sharedArray } from 'millrace/parallel';
 * import type * as tasks from './tasks.ts';
 *
 * const pool = await createPool<typeof tasks>({
 *   tasks: [new URL('./tasks.ts', import.meta.url), parallelTasks],
 * });
 * const squares = sharedArray(Float64Array, 4);
 * parallelForSync(pool, 0, 4, 'square', { args: [squares] });
 * console.log([...squares]); // [ 0, 1, 4, 9 ]
 * await pool.close();
 * ```
 * ```ts
 * // file: tasks.ts
 * export const square = (i: number, out: Float64Array): void => {
 *   out[i] = i * i;
 * };
 * ```
 */
export function parallelForSync<M, K extends BodyName<M, [number]>>(
  pool: Pool<M>,
  lo: number,
  hi: number,
  body: K,
  ...[options]: OptionsFor<ExtraArgs<M[K], [number]>, ParallelOptions>
): void {
  checkBounds(lo, hi);
  checkName('body', body);
  checkOptions(options ?? {});
  const run = pool.runSync as unknown as (name: string, args: readonly unknown[]) => unknown;
  try {
    run.call(pool, 'millrace:parallelFor', [lo, hi, body, options ?? {}]);
  } catch (error) {
    throw explained(error, 'parallelFor');
  }
}

/**
 * The task module that `on(pool)` and `parallelForSync` need in the workers, beside the user's own: give it to
 * `createPool`, as `tasks: [new URL('./tasks.js', import.meta.url), parallelTasks]`.
 */
export const parallelTasks: URL = new URL(
  import.meta.url.endsWith('.ts') ? './entries.ts' : './entries.js',
  import.meta.url,
);

function explained(error: unknown, operation: string): unknown {
  const missing =
    error instanceof MillraceError &&
    error.code === 'ERR_UNKNOWN_FUNCTION' &&
    error.message.includes(`millrace:${operation}`);
  if (!missing) return error;
  return new MillraceError(
    'ERR_UNKNOWN_FUNCTION',
    'The pool was made without `parallelTasks`. Give it to `createPool` beside your module: `tasks: [yours, parallelTasks]`.',
    { cause: error },
  );
}
