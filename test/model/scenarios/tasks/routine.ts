/**
 * Programs with names to jump to: the coordinator's and the worker's code, written as the steps it takes on memory.
 *
 * @module
 */
import { type Program, type Result, type Step, sequence } from '../../explore.ts';

type Entry = (registers: number[], result: Result) => Step | undefined | void;

/** Register 0 is the position. Registers are named by the code that uses them. */
export class Routine {
  readonly #entries: Entry[] = [];
  readonly #labels = new Map<string, number>();
  #next = 0;

  /** A name nobody else uses. */
  fresh(name: string): string {
    return `${name}#${this.#next++}`;
  }

  label(name: string): this {
    this.#labels.set(name, this.#entries.length);
    return this;
  }

  /** Takes a step, or only changes registers. */
  do(entry: Step | Entry): this {
    this.#entries.push(typeof entry === 'function' ? entry : () => entry);
    return this;
  }

  /** Keeps the result of the step before in a register. */
  keep(register: number): this {
    return this.do((r, x) => {
      r[register] = Number(x);
    });
  }

  jump(name: string): this {
    return this.unless(() => false, name);
  }

  /** Jumps when the condition does not hold. */
  unless(condition: (registers: number[]) => boolean, name: string): this {
    return this.do((r) => {
      if (!condition(r)) r[0] = this.#position(name);
    });
  }

  /** Runs the body when the condition holds. */
  when(condition: (registers: number[]) => boolean, body: () => void): this {
    const end = this.fresh('end');
    this.unless(condition, end);
    body();
    return this.label(end);
  }

  /** Runs the body as long as the condition holds. */
  while(condition: (registers: number[]) => boolean, body: () => void): this {
    const [start, end] = [this.fresh('start'), this.fresh('end')];
    this.label(start).unless(condition, end);
    body();
    return this.jump(start).label(end);
  }

  program(): Program {
    return sequence(this.#entries);
  }

  #position(name: string): number {
    const at = this.#labels.get(name);
    if (at === undefined) throw new Error(`No step is called \`${name}\``);
    return at;
  }
}
