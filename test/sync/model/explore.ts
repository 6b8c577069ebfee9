/**
 * Runs a few threads in every order there is, with threads that die before any access. Orders that lead to the same
 * memory and have shown each thread the same are followed once.
 *
 * A sleeper is woken by `notify`, in the order of sleeping; a dead sleeper takes its wake-up with it. The end of a slice
 * wakes too, but only after a death: before it, a sleeper that nobody wakes is a lost wake-up, and an error.
 *
 * @module
 */
import type { Access } from './load.ts';

interface Asleep {
  readonly at: number;
  readonly value: number;
}

export type Program = Generator<unknown, void, never>;

/** What a program does to the test's own ledger, in one step that may fail. */
export interface Deed {
  readonly deed: () => void;
}

export interface Scene {
  readonly i32: Int32Array;
  /** One for each thread; ids count from 1. */
  readonly programs: readonly Program[];
  /** Before a thread dies; `survivors` finish. */
  onDeath?(id: number): void;
  /** When all have finished or died. */
  atEnd(dead: ReadonlySet<number>): void;
  /** Anything besides memory that later checks depend on. */
  ledger?(): string;
}

export interface Limits {
  readonly deaths: number;
  /** Threads, by id, that give up on a timeout, once, at any moment they sleep. */
  readonly hasty?: readonly number[];
  /** The end of a slice is needed without a death too. */
  readonly slices?: true;
  /** How often a thread that could go on is kept from it. Few are enough for most faults. Default: any number. */
  readonly preemptions?: number;
}

/** A scene, made anew for each order; `alive` is what its threads ask. */
export type Stage = (alive: (id: number) => boolean) => Scene;

type Choice = { readonly kind: 'step' | 'kill' | 'slice' | 'expire'; readonly id: number };

/** Slices that one thread may see; more of them show nothing new. */
const SLICES = 3;
const MOST_STATES = 200_000;
/** No order is longer, unless threads run round in circles. */
const MOST_STEPS = 300;

class Run {
  readonly scene: Scene;
  readonly dead = new Set<number>();
  readonly #pending: (Access | Asleep | Deed | undefined)[] = [];
  readonly #history: string[] = [];
  /** Ids of sleepers, longest first. */
  readonly #sleepers: number[] = [];
  readonly #slices: number[] = [];
  readonly #expired = new Set<number>();
  #asking = 0;
  #last = 0;
  #preemptions = 0;

  constructor(stage: Stage) {
    this.scene = stage((id) => {
      const alive = !this.dead.has(id);
      // What a thread was told belongs to what it knows.
      this.#history[this.#asking] += alive ? 'y' : 'n';
      return alive;
    });
    this.scene.programs.forEach((_program, i) => {
      this.#history.push('');
      this.#slices.push(0);
      this.#advance(i + 1, undefined);
    });
  }

  choices({ deaths, hasty = [], slices, preemptions = Number.POSITIVE_INFINITY }: Limits): readonly Choice[] {
    const all: Choice[] = [];
    const ids = this.scene.programs.map((_, i) => i + 1).filter((id) => this.#pending[id - 1] !== undefined);
    const living = ids.filter((id) => !this.dead.has(id));
    const awake = living.filter((id) => !this.#sleepers.includes(id));
    const tied = this.#preemptions >= preemptions && awake.includes(this.#last);
    for (const id of tied ? [this.#last] : awake) all.push({ kind: 'step', id });
    const asleep = living.filter((id) => this.#sleepers.includes(id));
    for (const id of asleep) {
      if (hasty.includes(id) && !this.#expired.has(id)) all.push({ kind: 'expire', id });
      if ((slices || this.dead.size > 0) && (this.#slices[id - 1]! < SLICES || awake.length === 0))
        all.push({ kind: 'slice', id });
    }
    if (all.length === 0 && living.length > 0) throw new Error(`Lost wake-up: ${living.join(', ')} sleep.`);
    if (asleep.some((id) => this.#slices[id - 1]! > 4 * SLICES)) throw new Error('Nobody gets on.');
    if (this.dead.size < deaths) for (const id of living) all.push({ kind: 'kill', id });
    return all;
  }

  take({ kind, id }: Choice): void {
    const pending = this.#pending[id - 1]!;
    if (kind === 'kill') {
      this.scene.onDeath?.(id);
      this.dead.add(id);
    } else if (kind === 'step') {
      if (id !== this.#last && this.#couldGoOn(this.#last)) this.#preemptions++;
      this.#last = id;
      this.#step(id, pending);
    } else {
      this.#sleepers.splice(this.#sleepers.indexOf(id), 1);
      if (kind === 'slice') this.#slices[id - 1]!++;
      else this.#expired.add(id);
      this.#advance(id, kind === 'slice' ? 'slice' : 'expired');
    }
  }

  key(preemptions = 0): string {
    const { i32 } = this.scene;
    const parts = [i32.join(), this.#history.join('|'), this.#sleepers.join(), [...this.dead].join()];
    if (preemptions > 0) parts.push(`${this.#last} ${this.#preemptions}`);
    return [...parts, this.scene.ledger?.()].join(';');
  }

  #couldGoOn(id: number): boolean {
    return this.#pending[id - 1] !== undefined && !this.dead.has(id) && !this.#sleepers.includes(id);
  }

  #step(id: number, pending: Access | Asleep | Deed): void {
    const { i32 } = this.scene;
    if ('deed' in pending) {
      pending.deed();
      this.#advance(id, undefined);
    } else if ('op' in pending) {
      if (pending.op === 'notify') this.#notify(Number(pending.args[0]), Number(pending.args[1]));
      const result =
        pending.op === 'notify'
          ? 0
          : (Atomics[pending.op] as (...args: unknown[]) => number)(pending.on, ...pending.args);
      this.#advance(id, result);
    } else if (i32[pending.at] === pending.value) this.#sleepers.push(id);
    else this.#advance(id, 'woken');
  }

  #notify(at: number, count: number): void {
    const woken = this.#sleepers.filter((id) => (this.#pending[id - 1] as Asleep).at === at).slice(0, count);
    for (const id of woken) {
      this.#sleepers.splice(this.#sleepers.indexOf(id), 1);
      if (!this.dead.has(id)) this.#advance(id, 'woken');
    }
  }

  #advance(id: number, result: unknown): void {
    this.#history[id - 1] += `,${result}`;
    this.#asking = id - 1;
    const step = this.scene.programs[id - 1]!.next(result as never);
    this.#pending[id - 1] = step.done ? undefined : (step.value as Access);
  }
}

/** Explores all orders; throws the first error with the order that led to it. How many states there were. */
export function explore(stage: Stage, limits: Limits): number {
  const seen = new Set<string>();
  const open: (readonly Choice[])[] = [[]];
  for (let path = open.pop(); path !== undefined; path = open.pop()) {
    if (seen.size > MOST_STATES) throw new Error(`There are more than ${MOST_STATES} states.`);
    const run = new Run(stage);
    try {
      for (const choice of path) run.take(choice);
      const key = run.key(limits.preemptions);
      if (seen.has(key)) continue;
      seen.add(key);
      if (path.length > MOST_STEPS) throw new Error('Threads run in circles.');
      const choices = run.choices(limits);
      if (choices.length === 0 || choices.every(({ kind }) => kind === 'kill')) run.scene.atEnd(run.dead);
      for (const choice of choices) open.push([...path, choice]);
    } catch (error) {
      const order = path.map(({ kind, id }) => (kind === 'step' ? id : `${kind} ${id}`)).join(' ');
      throw new Error(`${(error as Error).message} After: ${order}`, { cause: error });
    }
  }
  return seen.size;
}
