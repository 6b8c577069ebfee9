/**
 * The numbers of the objects of one message, in the order they are met.
 *
 * @module
 */
import { mapClear, mapDelete, mapGet, mapSet, NewMap } from './primordials.ts';

/** Up to this many objects are found again by looking through them; beyond, by a Map (some 80 ns an object). */
const LINEAR = 8;

export class Identity {
  #seen: object[] = [];
  readonly #numbers: Map<object, number> = new NewMap();
  #mapped = false;

  get count(): number {
    return this.#seen.length;
  }

  /** -1 for an object not met yet. */
  numberOf(value: object): number {
    if (this.#mapped) return mapGet(this.#numbers, value) ?? -1;
    const seen = this.#seen;
    for (let i = 0; i < seen.length; i++) if (seen[i] === value) return i;
    return -1;
  }

  add(value: object): void {
    const seen = this.#seen;
    const at = seen.length;
    seen[at] = value;
    if (this.#mapped) mapSet(this.#numbers, value, at);
    else if (at === LINEAR) {
      this.#mapped = true;
      for (let i = 0; i <= at; i++) mapSet(this.#numbers, seen[i]!, i);
    }
  }

  /** Forgets the objects from number `count` on. */
  truncate(count: number): void {
    const seen = this.#seen;
    if (this.#mapped) for (let i = count; i < seen.length; i++) mapDelete(this.#numbers, seen[i]!);
    seen.length = count;
  }

  clear(): void {
    if (this.#seen.length > 0) this.#seen = [];
    if (this.#mapped) mapClear(this.#numbers);
    this.#mapped = false;
  }
}
