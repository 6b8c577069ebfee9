/**
 * A node of a task graph, as its user holds it: a name for a result that is not there yet.
 *
 * @module
 */

/** The graph a node belongs to, as the node sees it: nodes are numbers there. */
export interface NodeOwner {
  nameOf(index: number): string;
  nodeAt(index: number): GraphNode<unknown>;
}

/**
 * One step of a graph. As an argument of another node it stands for its result.
 *
 * @typeParam R - the result, as the nodes that depend on it get it
 */
export class GraphNode<R> {
  /** Only the type is there: what makes nodes of different results different. */
  declare readonly '~result': R;
  /** @internal */
  readonly graph: NodeOwner;
  /** @internal */
  readonly index: number;
  /**
   * A node stands for its result in the arguments and in arrays among them, nowhere deeper. A symbol cannot be sent
   * to a worker: one that is left in an object fails with `ERR_SERIALIZE` and its path, and is not copied as data.
   *
   * @internal
   */
  readonly type: symbol = NODE;

  /** @internal */
  constructor(graph: NodeOwner, index: number) {
    this.graph = graph;
    this.index = index;
  }

  /** The name it was given, or its function's name and its number: `parse#7`. */
  get name(): string {
    return this.graph.nameOf(this.index);
  }
}

const NODE = Symbol('a node of a task graph');

/** A parameter of type `T`, as a node may be given it: the value, a node with that result, or an array that holds nodes. */
export type NodeInput<T> =
  | T
  | GraphNode<T>
  | (T extends readonly unknown[] ? { readonly [I in keyof T]: T[I] | GraphNode<T[I]> } : never);

/** Parameters, as a node may be given them. */
export type NodeInputs<A extends readonly unknown[]> = { readonly [I in keyof A]: NodeInput<A[I]> };

/** What a function gets for such an argument. */
export type Resolved<I> =
  I extends GraphNode<infer R>
    ? R
    : I extends readonly unknown[]
      ? { -readonly [K in keyof I]: I[K] extends GraphNode<infer R> ? R : I[K] }
      : I;

/** What a function gets for such arguments. */
export type ResolvedAll<I extends readonly unknown[]> = { -readonly [K in keyof I]: Resolved<I[K]> };
