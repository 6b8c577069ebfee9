/**
 * Who goes first: the node whose longest way to an end of the graph weighs most. No schedule ends before that way
 * does, so what is on it must not wait for what is not.
 *
 * @module
 */
import type { Edges } from './edges.ts';

/** The weight of the heaviest way from each node to an end, the node's own included. */
export function lengths(edges: Edges, order: Int32Array, weights: Float64Array): Float64Array {
  const { after, afterAt } = edges;
  const length = new Float64Array(edges.nodes);
  for (let at = order.length - 1; at >= 0; at--) {
    const node = order[at]!;
    let longest = 0;
    for (let i = afterAt[node]!; i < afterAt[node + 1]!; i++) longest = Math.max(longest, length[after[i]!]!);
    length[node] = longest + weights[node]!;
  }
  return length;
}

/** Nodes in the order in which they start when all are ready: by level, then by length, then as they were made. */
export function precedence(length: Float64Array, level: Uint8Array): Int32Array {
  const nodes = Int32Array.from(length, (_, node) => node);
  return nodes.sort((a, b) => level[a]! - level[b]! || length[b]! - length[a]! || a - b);
}

/** The heaviest way through the graph, from its first node to its last. */
export function heaviestPath(edges: Edges, length: Float64Array): readonly number[] {
  const { beforeAt, after, afterAt } = edges;
  let node = -1;
  for (let i = 0; i < edges.nodes; i++) {
    const first = beforeAt[i] === beforeAt[i + 1];
    if (first && (node === -1 || length[i]! > length[node]!)) node = i;
  }
  const path: number[] = [];
  while (node !== -1) {
    path.push(node);
    let next = -1;
    for (let i = afterAt[node]!; i < afterAt[node + 1]!; i++) {
      if (next === -1 || length[after[i]!]! > length[next]!) next = after[i]!;
    }
    node = next;
  }
  return path;
}
