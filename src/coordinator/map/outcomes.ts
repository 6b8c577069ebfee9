/**
 * What a `map` has taken and not yet yielded: an entry an input, no promise of its own, and one promise for whoever
 * waits for the next result.
 *
 * @module
 */
import { reasonOf, unheard } from '../raise.ts';

export const WAITING = 0;
export const VALUE = 1;
export const FAILED = 2;

/** One input's outcome. */
export class Entry {
  state: typeof WAITING | typeof VALUE | typeof FAILED = WAITING;
  /** The result, or the error. */
  value: unknown;
  /** As bytes the result took so many. */
  bytes = 0;
}

export interface Outcomes {
  /** Inputs taken and not yet yielded. */
  readonly size: number;
  /** Of those, how many have their outcome and cannot be yielded yet, because an earlier one has not. */
  readonly behind: number;
  /** Bytes of the results that are not yet yielded. */
  readonly held: number;
  /** An input was taken. */
  add(): Entry;
  /** Its outcome: the value, which took so many bytes, or a promise of `raise`. */
  settle(entry: Entry, value: unknown, bytes?: number): void;
  /** The outcome to yield next, if it is there. */
  take(): Entry | undefined;
  /**
   * Resolves when `take` gives something, or when no more than `few` are without an outcome; rejects with the error
   * that `take` would give.
   */
  wait(few: number): Promise<unknown>;
}

/** First in, first out, in time proportional to nothing. */
class Line {
  #items: Entry[] = [];
  #head = 0;

  get first(): Entry | undefined {
    return this.#items[this.#head];
  }

  get size(): number {
    return this.#items.length - this.#head;
  }

  push(entry: Entry): void {
    this.#items.push(entry);
  }

  shift(): void {
    this.#head++;
    if (this.#head === this.#items.length) {
      this.#items.length = 0;
      this.#head = 0;
    } else if (this.#head === 1024) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
  }
}

/** Who waits for the next outcome. */
class Alarm {
  #promise: Promise<unknown> | undefined;
  #resolve: ((value: unknown) => void) | undefined;

  get armed(): boolean {
    return this.#resolve !== undefined;
  }

  wait(): Promise<unknown> {
    this.#promise ??= new Promise((resolve) => {
      this.#resolve = resolve;
    });
    return this.#promise;
  }

  ring(value: unknown): void {
    this.#resolve?.(value);
    this.#resolve = undefined;
    this.#promise = undefined;
  }
}

/** Writes the outcome down, and tells whoever waits. */
function write(entry: Entry, value: unknown, alarm: Alarm | undefined): void {
  if (!(value instanceof Promise)) {
    entry.state = VALUE;
    entry.value = value;
    alarm?.ring(undefined);
    return;
  }
  entry.state = FAILED;
  // Subtle: whoever waits is given the promise itself, which has no other reaction. V8 names the awaiting functions by
  // a promise's only one: with a second, the error would not say where it was awaited.
  entry.value = (alarm === undefined ? unheard(value) : reasonOf(value))?.reason;
  alarm?.ring(value);
}

/** Outcomes in the order of their inputs. */
export class InOrder implements Outcomes {
  readonly #line = new Line();
  readonly #alarm = new Alarm();
  #waiting = 0;
  #few = -1;
  /** One has: nothing that is taken now will be yielded. */
  #failed = false;
  held = 0;

  get size(): number {
    return this.#line.size;
  }

  get behind(): number {
    return this.#line.first?.state === WAITING && !this.#failed ? this.#line.size - this.#waiting : 0;
  }

  add(): Entry {
    const entry = new Entry();
    this.#line.push(entry);
    this.#waiting++;
    return entry;
  }

  settle(entry: Entry, value: unknown, bytes = 0): void {
    const next = entry === this.#line.first;
    this.#waiting--;
    this.held += entry.bytes = bytes;
    write(entry, value, next && this.#alarm.armed ? this.#alarm : undefined);
    if (entry.state === FAILED) this.#failed = true;
    if (!next && this.#waiting <= this.#few) this.#alarm.ring(undefined);
  }

  take(): Entry | undefined {
    const { first } = this.#line;
    if (first === undefined || first.state === WAITING) return undefined;
    this.#line.shift();
    this.held -= first.bytes;
    return first;
  }

  wait(few: number): Promise<unknown> {
    this.#few = few;
    return this.#alarm.wait();
  }
}

/** Outcomes in the order in which they come. */
export class AsCompleted implements Outcomes {
  readonly #done = new Line();
  readonly #alarm = new Alarm();
  readonly behind = 0;
  readonly held = 0;
  size = 0;

  add(): Entry {
    this.size++;
    return new Entry();
  }

  settle(entry: Entry, value: unknown): void {
    this.#done.push(entry);
    write(entry, value, this.#alarm.armed ? this.#alarm : undefined);
  }

  take(): Entry | undefined {
    const { first } = this.#done;
    if (first === undefined) return undefined;
    this.#done.shift();
    this.size--;
    return first;
  }

  wait(): Promise<unknown> {
    return this.#alarm.wait();
  }
}
