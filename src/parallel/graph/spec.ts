/**
 * What a node does, with its arguments as they were given: some of them stand for results.
 *
 * @module
 */
import type { RunOptions } from '../../coordinator/options.ts';
import { expected } from '../../errors.ts';
import { GraphNode, type NodeOwner } from './node.ts';

/** What runs: a function of the task module on a worker, or one of the caller's on the main thread. */
export type Body =
  | { readonly on: 'worker'; readonly fn: string; readonly options: RunOptions | undefined }
  | { readonly on: 'main'; readonly fn: (...args: never) => unknown };

export interface Spec {
  readonly body: Body;
  readonly args: readonly unknown[];
  /** Whether an argument, or an element of one, is a node. */
  readonly filled: boolean;
  readonly weight: number;
  /** Smaller starts first, whatever the critical path says. */
  readonly level: number;
  readonly fallback: { readonly value: unknown } | undefined;
}

/** An argument that was an array with nodes in it. */
class Holder {
  readonly elements: readonly unknown[];

  constructor(elements: readonly unknown[]) {
    this.elements = elements;
  }
}

/**
 * The arguments as they are kept: arrays with nodes are copied, so that a later change adds no dependency.
 *
 * @param found - is told of every node
 * @throws InvalidArgumentError for a node of another graph
 */
export function readArguments(
  args: readonly unknown[],
  graph: NodeOwner,
  found: (index: number) => void,
): readonly unknown[] {
  return args.map((arg, i) => {
    if (arg instanceof GraphNode) return take(arg, graph, `args[${i}]`, found);
    if (!Array.isArray(arg) || !arg.some((element) => element instanceof GraphNode)) return arg;
    for (const [j, element] of arg.entries()) {
      if (element instanceof GraphNode) take(element, graph, `args[${i}][${j}]`, found);
    }
    return new Holder([...arg]);
  });
}

/** @throws InvalidArgumentError unless it is a node of this graph */
export function ownNode(value: unknown, graph: NodeOwner, what: string): number {
  if (value instanceof GraphNode && value.graph === graph) return value.index;
  throw expected(what, 'a node of this graph', value);
}

function take(
  node: GraphNode<unknown>,
  graph: NodeOwner,
  what: string,
  found: (index: number) => void,
): unknown {
  found(ownNode(node, graph, what));
  return node;
}

/** The arguments with results in the places of nodes. */
export function fill(spec: Spec, resultOf: (index: number) => unknown): readonly unknown[] {
  if (!spec.filled) return spec.args;
  const value = (arg: unknown): unknown => (arg instanceof GraphNode ? resultOf(arg.index) : arg);
  return spec.args.map((arg) => (arg instanceof Holder ? arg.elements.map(value) : value(arg)));
}
