import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { heaviestPath, lengths, precedence } from '../../../src/parallel/graph/critical-path.ts';
import { type Edges, edgesOf } from '../../../src/parallel/graph/edges.ts';
import { Ready } from '../../../src/parallel/graph/ready.ts';
import { topologyOf } from '../../../src/parallel/graph/topology.ts';

interface Digraph {
  readonly nodes: number;
  readonly data: readonly (readonly [number, number])[];
  readonly order: readonly (readonly [number, number])[];
}

/** Any edges: the same twice, from a node to itself, round and round. */
const digraphs: fc.Arbitrary<Digraph> = fc.integer({ min: 1, max: 12 }).chain((nodes) => {
  const end = fc.nat(nodes - 1);
  const pairs = fc.array(fc.tuple(end, end), { maxLength: 14 });
  return fc.record({ nodes: fc.constant(nodes), data: pairs, order: pairs });
});
const forward = digraphs.map(({ nodes, data, order }) => {
  const acyclic = (pairs: Digraph['data']): Digraph['data'] =>
    pairs.flatMap(([a, b]) => (a === b ? [] : [[Math.min(a, b), Math.max(a, b)] as const]));
  return { nodes, data: acyclic(data), order: acyclic(order) };
});

const edges = ({ nodes, data, order }: Digraph): Edges => edgesOf(nodes, data.flat(), order.flat());
const slices = (at: Int32Array, all: Int32Array): readonly number[][] =>
  Array.from({ length: at.length - 1 }, (_, i) => [...all.subarray(at[i]!, at[i + 1]!)]);

describe('edges', () => {
  it('are there once each, from both sides, those with results first', () => {
    fc.assert(
      fc.property(digraphs, (digraph) => {
        const { beforeAt, before, afterAt, after, inputs } = edges(digraph);
        const into = (pairs: Digraph['data'], to: number): readonly number[] => [
          ...new Set(pairs.filter((pair) => pair[1] === to).map(([from]) => from)),
        ];
        const dependencies = slices(beforeAt, before);
        for (let node = 0; node < digraph.nodes; node++) {
          const data = into(digraph.data, node);
          const order = into(digraph.order, node).filter((from) => !data.includes(from));
          expect(dependencies[node]).toEqual([...data, ...order]);
          expect(inputs[node]).toBe(data.length);
        }
        const turned = slices(afterAt, after).flatMap((to, from) => to.map((node) => `${from} ${node}`));
        const straight = dependencies.flatMap((from, to) => from.map((node) => `${node} ${to}`));
        expect(turned.sort()).toEqual(straight.sort());
      }),
    );
  });
});

describe('topology', () => {
  /** A node can be reached from itself. */
  const hasCycle = ({ nodes, data, order }: Digraph): boolean => {
    const reach = Array.from({ length: nodes }, () => new Set<number>());
    for (const [from, to] of [...data, ...order]) reach[from]!.add(to);
    for (let via = 0; via < nodes; via++) {
      for (const set of reach) if (set.has(via)) for (const to of reach[via]!) set.add(to);
    }
    return reach.some((set, node) => set.has(node));
  };

  it('is an order of all nodes, or a cycle that is one', () => {
    let cyclic = 0;
    fc.assert(
      fc.property(digraphs, (digraph) => {
        const topology = topologyOf(edges(digraph));
        const all = [...digraph.data, ...digraph.order];
        expect(topology.acyclic).toBe(!hasCycle(digraph));
        if (topology.acyclic) {
          const place = new Map([...topology.order].map((node, i) => [node, i]));
          expect(place.size).toBe(digraph.nodes);
          for (const [from, to] of all) expect(place.get(from)!).toBeLessThan(place.get(to)!);
        } else {
          cyclic++;
          const { cycle } = topology;
          expect(new Set(cycle).size).toBe(cycle.length);
          for (const [i, node] of cycle.entries()) {
            const next = cycle[(i + 1) % cycle.length];
            expect(all.some(([from, to]) => from === node && to === next)).toBe(true);
          }
        }
      }),
    );
    expect(cyclic).toBeGreaterThan(0);
  });
});

describe('the critical path', () => {
  const weighted = forward.chain((digraph) =>
    fc.tuple(
      fc.constant(digraph),
      fc.array(fc.integer({ min: 1, max: 9 }), { minLength: digraph.nodes, maxLength: digraph.nodes }),
    ),
  );

  it('is as long as the longest of all ways', () => {
    fc.assert(
      fc.property(weighted, ([digraph, weights]) => {
        const all = edges(digraph);
        const topology = topologyOf(all);
        if (!topology.acyclic) throw new Error('Edges that only go forward close no cycle.');
        const length = lengths(all, topology.order, Float64Array.from(weights));
        const pairs = [...digraph.data, ...digraph.order];
        const longest = (node: number): number =>
          weights[node]! + Math.max(0, ...pairs.filter(([a]) => a === node).map(([, b]) => longest(b)));
        expect([...length]).toEqual(weights.map((_, node) => longest(node)));

        const path = heaviestPath(all, length);
        expect(path.reduce((sum, node) => sum + weights[node]!, 0)).toBe(Math.max(...length));
        for (const [i, node] of path.slice(1).entries()) {
          expect(pairs).toContainEqual([path[i], node]);
        }
      }),
    );
  });

  it('comes after the priority, and before the order of making', () => {
    const length = Float64Array.of(1, 5, 1, 9);
    expect([...precedence(length, Uint8Array.of(2, 2, 2, 2))]).toEqual([3, 1, 0, 2]);
    expect([...precedence(length, Uint8Array.of(2, 2, 0, 3))]).toEqual([2, 1, 0, 3]);
  });
});

describe('ready nodes', () => {
  it('come out by their rank, whenever they came in', () => {
    const ranked = fc.uniqueArray(fc.nat(200), { maxLength: 60 });
    fc.assert(
      fc.property(ranked, fc.array(fc.boolean()), (nodes, takes) => {
        const precedence = Int32Array.from({ length: 201 }, (_, i) => (i * 77) % 201);
        const rank = (node: number): number => precedence.indexOf(node);
        const ready = new Ready(precedence);
        const inside: number[] = [];
        const take = (): void => {
          const first = inside.toSorted((a, b) => rank(a) - rank(b))[0] ?? -1;
          expect(ready.take()).toBe(first);
          if (first !== -1) inside.splice(inside.indexOf(first), 1);
        };
        for (const [i, node] of nodes.entries()) {
          ready.add(node);
          inside.push(node);
          expect(ready.size).toBe(inside.length);
          if (takes[i]) take();
        }
        while (inside.length > 0) take();
        take();
      }),
    );
  });
});
