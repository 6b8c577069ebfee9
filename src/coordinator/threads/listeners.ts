/**
 * Who is told of one kind of event. Less than an `EventEmitter`: typed, and called in order of subscription.
 *
 * @module
 */
export class Listeners<T> {
  readonly #listeners: ((value: T) => void)[] = [];

  add(listener: (value: T) => void): void {
    this.#listeners.push(listener);
  }

  call(value: T): void {
    for (const listener of this.#listeners) listener(value);
  }
}
