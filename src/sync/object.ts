/**
 * What all objects have in common.
 *
 * @module
 */
import { handleOf, type Place, type SyncHandle, type SyncKind } from './handle.ts';

/** Memory of its own, which other threads open by its handle. */
export class SyncObject<Kind extends SyncKind> {
  readonly #place: Place;
  readonly #kind: Kind;

  constructor(place: Place, kind: Kind) {
    this.#place = place;
    this.#kind = kind;
  }

  /** Lets another thread use it: send it there, and give it to `open` of the same class. */
  get handle(): SyncHandle<Kind> {
    return handleOf(this.#place, this.#kind);
  }

  /** What messages call it. */
  get name(): string {
    return this.#place.name;
  }
}
