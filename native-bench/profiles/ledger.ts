/**
 * The promise ledger: every task submitted is entered, and must settle, once, with what it was bound to settle with.
 *
 * @module
 */

export type Outcome =
  | { readonly kind: 'value'; readonly value: unknown }
  | { readonly kind: 'error'; readonly error: unknown };

/** Says what is wrong with an outcome, or nothing. */
export type Judge = (outcome: Outcome) => string | undefined;

export interface LedgerSummary {
  readonly submitted: number;
  readonly settled: number;
  /** Tasks with a wrong outcome. */
  readonly wrong: number;
  /** The first of them, in words. */
  readonly examples: readonly string[];
  /** By kind of task and then by outcome: `value`, or the code or name of the error. */
  readonly outcomes: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

const EXAMPLES_KEPT = 20;

export class Ledger {
  readonly #outcomes = new Map<string, Map<string, number>>();
  readonly #examples: string[] = [];
  #submitted = 0;
  #settled = 0;
  #wrong = 0;
  #idle: (() => void) | undefined;

  /** Enters `tasks` tasks that settle together as `promise`. Returns when they have; never rejects. */
  enter(kind: string, promise: PromiseLike<unknown>, judge: Judge, tasks = 1): Promise<void> {
    this.#submitted += tasks;
    const settle = (outcome: Outcome): void => this.#settle(kind, outcome, judge, tasks);
    return Promise.resolve(
      promise.then(
        (value) => settle({ kind: 'value', value }),
        (error: unknown) => settle({ kind: 'error', error }),
      ),
    );
  }

  /** Something is wrong that no single task shows. */
  accuse(what: string): void {
    this.#wrong++;
    if (this.#examples.length < EXAMPLES_KEPT) this.#examples.push(what);
  }

  get outstanding(): number {
    return this.#submitted - this.#settled;
  }

  get submitted(): number {
    return this.#submitted;
  }

  /** How many tasks of one kind have had one outcome. */
  count(kind: string, outcome: string): number {
    return this.#outcomes.get(kind)?.get(outcome) ?? 0;
  }

  /** Resolves to whether everything entered has settled within `limitMs`. */
  async idle(limitMs: number): Promise<boolean> {
    if (this.outstanding === 0) return true;
    const settled = new Promise<void>((resolve) => {
      this.#idle = resolve;
    });
    let timer: NodeJS.Timeout | undefined;
    const limit = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, limitMs);
    });
    await Promise.race([settled, limit]);
    clearTimeout(timer);
    this.#idle = undefined;
    return this.outstanding === 0;
  }

  summary(): LedgerSummary {
    return {
      submitted: this.#submitted,
      settled: this.#settled,
      wrong: this.#wrong,
      examples: [...this.#examples],
      outcomes: Object.fromEntries(
        [...this.#outcomes].map(([kind, counts]) => [kind, Object.fromEntries(counts)]),
      ),
    };
  }

  #settle(kind: string, outcome: Outcome, judge: Judge, tasks: number): void {
    this.#settled += tasks;
    const counts = this.#outcomes.get(kind) ?? new Map<string, number>();
    this.#outcomes.set(kind, counts);
    const name = outcome.kind === 'value' ? 'value' : errorName(outcome.error);
    counts.set(name, (counts.get(name) ?? 0) + tasks);
    const wrong = judge(outcome);
    if (wrong !== undefined) this.accuse(`${kind}: ${wrong}`);
    if (this.outstanding === 0) this.#idle?.();
  }
}

/** The code of a coded error, else its name. */
export function errorName(error: unknown): string {
  if (!(error instanceof Error)) return typeof error;
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name;
}

export function describe(outcome: Outcome): string {
  if (outcome.kind === 'value') return `the value ${String(outcome.value).slice(0, 80)}`;
  const { error } = outcome;
  return error instanceof Error ? `${errorName(error)}: ${error.message.slice(0, 200)}` : String(error);
}

/** The value must satisfy `right`; every error is wrong. */
export function value(right: (value: unknown) => boolean): Judge {
  return (outcome) =>
    outcome.kind === 'value' && right(outcome.value) ? undefined : `unexpectedly gave ${describe(outcome)}`;
}

/** The task must reject, with an error of this code or name. */
export function error(...names: readonly string[]): Judge {
  return (outcome) =>
    outcome.kind === 'error' && names.includes(errorName(outcome.error))
      ? undefined
      : `expected ${names.join(' or ')}, got ${describe(outcome)}`;
}

/** One of the judges must be content. */
export function either(first: Judge, second: Judge): Judge {
  return (outcome) => (first(outcome) === undefined ? undefined : second(outcome));
}
