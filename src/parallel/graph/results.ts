/**
 * What a run of a graph leaves behind.
 *
 * @module
 */
import { type GraphNodeError, InvalidArgumentError, MillraceError } from '../../errors.ts';
import { heaviestPath, lengths } from './critical-path.ts';
import type { Edges } from './edges.ts';
import type { GraphNode, NodeOwner } from './node.ts';
import { DONE, FAILED, FALLBACK } from './schedule.ts';
import { ownNode } from './spec.ts';

/** How a node ended: with its result, with its fallback, with an error, or not at all because of another's. */
export type NodeOutcome = 'done' | 'fallback' | 'failed' | 'skipped';

/** @internal What a run hands over when it is over. */
export interface Outcome {
  readonly graph: NodeOwner;
  readonly edges: Edges;
  readonly order: Int32Array;
  readonly states: Uint8Array;
  readonly blamed: Int32Array;
  readonly values: readonly unknown[];
  readonly kept: Uint8Array;
  readonly took: Float64Array;
  /** By node, in the order in which they failed. */
  readonly failures: ReadonlyMap<number, GraphNodeError>;
}

/** The results of one run of a graph. */
export class GraphResults {
  readonly #of: Outcome;
  /** What failed, in that order; empty unless the run had `onError: 'continue'`. */
  readonly failures: readonly GraphNodeError[];

  /** @internal */
  constructor(outcome: Outcome) {
    this.#of = outcome;
    this.failures = [...outcome.failures.values()];
  }

  /**
   * The result of a node.
   *
   * @throws GraphNodeError when the node failed
   * @throws MillraceError `ERR_GRAPH_SKIPPED` when it did not run, because one it depends on failed
   * @throws InvalidArgumentError when its result was not kept (see `keep`), or the node is not of this run
   */
  get<R>(node: GraphNode<R>): R {
    const { states, blamed, failures, kept, values } = this.#of;
    const index = this.#indexOf(node);
    const state = states[index];
    if (state === FAILED) throw failures.get(index)!;
    if (state !== DONE && state !== FALLBACK) {
      const cause = failures.get(blamed[index]!)!;
      throw new MillraceError(
        'ERR_GRAPH_SKIPPED',
        `Node \`${node.name}\` was skipped, because node \`${cause.node}\` failed. Ask for \`outcome(node)\` first.`,
        { cause },
      );
    }
    if (kept[index] === 0) {
      throw new InvalidArgumentError(
        `The result of node \`${node.name}\` was not kept. Name the node in \`keep\`, or keep 'all'.`,
      );
    }
    return values[index] as R;
  }

  /**
   * How the node ended.
   *
   * @throws InvalidArgumentError when the node is not of this run
   */
  outcome(node: GraphNode<unknown>): NodeOutcome {
    switch (this.#of.states[this.#indexOf(node)]) {
      case DONE:
        return 'done';
      case FALLBACK:
        return 'fallback';
      case FAILED:
        return 'failed';
      default:
        return 'skipped';
    }
  }

  /**
   * How long the node took, ms, as the main thread saw it: with the way to the worker and back, and without the wait
   * for a worker, which is estimated. `undefined` when it was skipped.
   *
   * @throws InvalidArgumentError when the node is not of this run
   */
  duration(node: GraphNode<unknown>): number | undefined {
    const ms = this.#of.took[this.#indexOf(node)]!;
    return Number.isNaN(ms) ? undefined : ms;
  }

  /** The chain of nodes, each depending on the one before, that took longest: no number of workers is faster than it. */
  criticalPath(): readonly GraphNode<unknown>[] {
    const { edges, order, took, graph } = this.#of;
    const weights = took.map((ms) => (Number.isNaN(ms) ? 0 : ms));
    const path = heaviestPath(edges, lengths(edges, order, weights));
    return path.map((index) => graph.nodeAt(index));
  }

  #indexOf(node: GraphNode<unknown>): number {
    const index = ownNode(node, this.#of.graph, 'node');
    if (index >= this.#of.edges.nodes) {
      throw new InvalidArgumentError(
        `Node \`${node.name}\` was made after this run began. Run the graph again.`,
      );
    }
    return index;
  }
}
