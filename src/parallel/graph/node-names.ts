/**
 * What the nodes of a graph are called, each by a name of its own: given ones, and ones made of function and number.
 *
 * @module
 */
import { expected } from '../../errors.ts';

/** The end of a name that could be made: the node's number, and what tells it from a given name. */
const MADE = /#(\d+)'*$/;

export class NodeNames {
  readonly #functionOf: (index: number) => string;
  /** Given names; the others are made when they are asked for. */
  readonly #given = new Map<number, string>();
  readonly #taken = new Set<string>();

  constructor(functionOf: (index: number) => string) {
    this.#functionOf = functionOf;
  }

  of(index: number): string {
    const given = this.#given.get(index);
    if (given !== undefined) return given;
    // Invariant: what this returns once it returns always, as nobody is given the name of a node that is there.
    let made = `${this.#functionOf(index)}#${index}`;
    while (this.#taken.has(made)) made += "'";
    return made;
  }

  /** @throws InvalidArgumentError when one of the first `count` nodes has this name */
  check(name: string, count: number): void {
    const made = MADE.exec(name);
    const index = Number(made?.[1]);
    if (this.#taken.has(name) || (made !== null && index < count && this.of(index) === name)) {
      throw expected('name', 'a name that no other node of the graph has', name);
    }
  }

  give(index: number, name: string): void {
    this.#given.set(index, name);
    this.#taken.add(name);
  }
}
