/**
 * Forkers for tests: one thread, children run by a schedule. Arguments and results cross as they do between threads,
 * so that a closure or a private array in them is found.
 */
import { mulberry32 } from '../../native-bench/statistics/random.ts';
import { MillraceError } from '../../src/errors.ts';
import type { AnyFunction, Forker, Handle } from '../../src/parallel/index.ts';
import { askedToStop } from '../../workers/context.ts';
import { provideForker } from '../../workers/fork/forker.ts';

/** When children run, and when thieves are hungry. */
export interface Schedule {
  hungry(): boolean;
  /** Children to run now, of so many that wait: called at each fork, and before each join. */
  stolen(waiting: number): number | undefined;
}

/** Children run when they are joined; thieves are always hungry. */
export const SEQUENTIAL: Schedule = { hungry: () => true, stolen: () => undefined };

/** Anything at any time; thieves are hungry so often at most, where forks by the thousand would only take long. */
export function adversary(seed: number, meals = Number.POSITIVE_INFINITY): Schedule {
  const random = mulberry32(seed);
  const eager = random();
  const thief = random();
  return {
    hungry: () => meals > 0 && random() < eager && meals-- > 0,
    stolen: (waiting) => (waiting > 0 && random() < thief ? Math.floor(random() * waiting) : undefined),
  };
}

interface Child {
  readonly fn: (...args: unknown[]) => unknown;
  readonly args: unknown[];
  outcome: { readonly value: unknown } | { readonly error: unknown } | undefined;
}

export class TestForker implements Forker {
  readonly workers: number;
  readonly #schedule: Schedule;
  readonly #functions: AnyFunction[] = [];
  readonly #children = new Map<number, Child>();
  #serial = 0;
  forks = 0;
  /** What the task module exports. */
  readonly named: Map<string, AnyFunction> = new Map();

  constructor(schedule: Schedule, workers = 4) {
    this.#schedule = schedule;
    this.workers = workers;
  }

  fork<A extends unknown[], R>(fn: (...args: A) => R, ...args: A): Handle<R> {
    this.functionNumber(fn);
    this.forks++;
    const handle = this.#serial++;
    const copied = structuredClone(args) as unknown[];
    this.#children.set(handle, { fn: fn as never, args: copied, outcome: undefined });
    this.interrupt();
    return handle as Handle<R>;
  }

  join<R>(handle: Handle<R>): R {
    const child = this.#children.get(handle);
    if (child === undefined) throw new Error(`child ${handle} is joined twice`);
    this.interrupt();
    if (child.outcome === undefined) run(child);
    this.#children.delete(handle);
    if ('error' in child.outcome!) throw child.outcome.error;
    return child.outcome!.value as R;
  }

  hungry(): boolean {
    return this.#schedule.hungry();
  }

  /** Called so often before the task is asked to stop. */
  chunksUntilAsked: number = Number.POSITIVE_INFINITY;
  stopIfAsked(): void {
    if (--this.chunksUntilAsked < 0) throw askedToStop();
  }

  functionNumber(fn: AnyFunction): number {
    const at = this.#functions.indexOf(fn);
    return at >= 0 ? at : this.#functions.push(fn) - 1;
  }

  functionAt(number: number): (...args: never[]) => unknown {
    const fn = this.#functions[number];
    if (fn === undefined) throw new Error(`no function ${number}`);
    return fn;
  }

  functionNamed(name: string): AnyFunction {
    const fn = this.named.get(name);
    if (fn === undefined) throw new MillraceError('ERR_UNKNOWN_FUNCTION', `no function \`${name}\``);
    return fn;
  }

  /** Children that were forked and never joined. */
  get unjoined(): number {
    return this.#children.size;
  }

  /** Children that have not begun. */
  get waiting(): number {
    return this.#notBegun.length;
  }

  get #notBegun(): Child[] {
    return [...this.#children.values()].filter((child) => child.outcome === undefined);
  }

  /** What the runtime does with the children of a call that fails. */
  forget(): void {
    this.#children.clear();
  }

  /** A child may run here and now, in the middle of whatever calls this. */
  interrupt(): void {
    const waiting = this.#notBegun;
    const index = this.#schedule.stolen(waiting.length);
    if (index !== undefined) run(waiting[index]!);
  }
}

function run(child: Child): void {
  // Whoever comes by while it runs does not start it again.
  child.outcome = { error: new Error('joined while it ran') };
  try {
    child.outcome = { value: structuredClone(child.fn(...child.args)) };
  } catch (error) {
    child.outcome = { error };
  }
}

/** A clock that makes chunks of all lengths. */
export function ticking(seed: number): () => number {
  const random = mulberry32(seed);
  let time = 0;
  return () => (time += random() * 0.04);
}

/** Runs `code` as a task; every child must have been joined. */
export function inTask<T>(forker: TestForker, code: () => T, clock: () => number = ticking(0)): T {
  provideForker(forker, clock);
  try {
    const result = code();
    if (forker.unjoined > 0) throw new Error(`${forker.unjoined} children were not joined`);
    return result;
  } finally {
    provideForker(undefined);
  }
}

/** Runs the same code under the sequential schedule with one worker and with four, and under a random one. */
export function underSchedules<T>(seed: number, code: () => T, check: (result: T) => void): void {
  for (const forker of [
    new TestForker(SEQUENTIAL, 1),
    new TestForker(SEQUENTIAL),
    new TestForker(adversary(seed)),
  ]) {
    check(inTask(forker, code, ticking(seed)));
  }
}
