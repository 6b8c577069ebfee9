/**
 * Who depends on whom, in flat arrays: the dependencies and the dependents of a node are slices of one array each.
 *
 * @module
 */

/** Pairs of node numbers, `from` before `to`, one after the other in one array. */
export type Pairs = readonly number[];

/** Each dependency once, however often it was given. */
export interface Edges {
  readonly nodes: number;
  /** The dependencies of node `v` are `before[beforeAt[v]]` up to `before[beforeAt[v + 1]]`, those with results first. */
  readonly beforeAt: Int32Array;
  readonly before: Int32Array;
  /** How many dependencies of a node are there for their results: the first of `before`. */
  readonly inputs: Int32Array;
  /** The dependents, in the same form. */
  readonly afterAt: Int32Array;
  readonly after: Int32Array;
}

/**
 * @param data - dependencies whose results are arguments
 * @param order - dependencies that only must end first
 */
export function edgesOf(nodes: number, data: Pairs, order: Pairs): Edges {
  const { beforeAt: wideAt, before: wide } = byTarget(nodes, [data, order]);
  const dataCount = new Int32Array(nodes);
  for (let i = 1; i < data.length; i += 2) dataCount[data[i]!]!++;
  // Packed in place: what is written never overtakes what is read.
  const beforeAt = new Int32Array(nodes + 1);
  const inputs = new Int32Array(nodes);
  const seenBy = new Int32Array(nodes).fill(-1);
  let end = 0;
  for (let to = 0; to < nodes; to++) {
    beforeAt[to] = end;
    const first = wideAt[to]!;
    for (let i = first; i < wideAt[to + 1]!; i++) {
      const from = wide[i]!;
      if (seenBy[from] === to) continue;
      seenBy[from] = to;
      wide[end++] = from;
      if (i - first < dataCount[to]!) inputs[to]!++;
    }
  }
  beforeAt[nodes] = end;
  const before = wide.slice(0, end);
  return { nodes, beforeAt, before, inputs, ...reversed(nodes, beforeAt, before) };
}

/** All pairs sorted by their target in two passes, those of an earlier list first. */
function byTarget(nodes: number, lists: readonly Pairs[]): Pick<Edges, 'beforeAt' | 'before'> {
  const beforeAt = new Int32Array(nodes + 1);
  for (const pairs of lists) for (let i = 1; i < pairs.length; i += 2) beforeAt[pairs[i]! + 1]!++;
  sumUp(beforeAt);
  const before = new Int32Array(beforeAt[nodes]!);
  const next = beforeAt.slice(0, nodes);
  for (const pairs of lists) {
    for (let i = 0; i < pairs.length; i += 2) before[next[pairs[i + 1]!]!++] = pairs[i]!;
  }
  return { beforeAt, before };
}

function reversed(nodes: number, beforeAt: Int32Array, before: Int32Array): Pick<Edges, 'afterAt' | 'after'> {
  const afterAt = new Int32Array(nodes + 1);
  for (const from of before) afterAt[from + 1]!++;
  sumUp(afterAt);
  const after = new Int32Array(before.length);
  const next = afterAt.slice(0, nodes);
  for (let to = 0; to < nodes; to++) {
    for (let i = beforeAt[to]!; i < beforeAt[to + 1]!; i++) after[next[before[i]!]!++] = to;
  }
  return { afterAt, after };
}

function sumUp(counts: Int32Array): void {
  for (let i = 1; i < counts.length; i++) counts[i]! += counts[i - 1]!;
}
