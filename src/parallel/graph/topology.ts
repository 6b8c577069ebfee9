/**
 * An order in which every node comes after its dependencies, or the cycle that keeps one from being there.
 *
 * @module
 */
import type { Edges } from './edges.ts';

export type Topology =
  | { readonly acyclic: true; readonly order: Int32Array }
  /** Each node of the cycle once; the first depends on the last. */
  | { readonly acyclic: false; readonly cycle: readonly number[] };

/** Kahn's algorithm: each node and each edge is looked at once. */
export function topologyOf(edges: Edges): Topology {
  const { nodes, beforeAt, after, afterAt } = edges;
  const waitsFor = new Int32Array(nodes);
  const order = new Int32Array(nodes);
  let end = 0;
  for (let node = 0; node < nodes; node++) {
    waitsFor[node] = beforeAt[node + 1]! - beforeAt[node]!;
    if (waitsFor[node] === 0) order[end++] = node;
  }
  for (let at = 0; at < end; at++) {
    const node = order[at]!;
    for (let i = afterAt[node]!; i < afterAt[node + 1]!; i++) {
      const next = after[i]!;
      if (--waitsFor[next]! === 0) order[end++] = next;
    }
  }
  if (end === nodes) return { acyclic: true, order };
  return { acyclic: false, cycle: cycleOf(edges, waitsFor) };
}

/**
 * What is left over waits for something that is left over: going from one to the other, backwards, must come to a node
 * a second time.
 */
function cycleOf({ before, beforeAt }: Edges, waitsFor: Int32Array): readonly number[] {
  const step = new Int32Array(waitsFor.length).fill(-1);
  const path: number[] = [];
  let node = waitsFor.findIndex((count) => count > 0);
  while (step[node] === -1) {
    step[node] = path.length;
    path.push(node);
    let i = beforeAt[node]!;
    while (waitsFor[before[i]!] === 0) i++;
    node = before[i]!;
  }
  return path.slice(step[node]).reverse();
}
