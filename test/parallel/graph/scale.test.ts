import { describe, expect, it } from 'vitest';
import { lengths, precedence } from '../../../src/parallel/graph/critical-path.ts';
import { edgesOf } from '../../../src/parallel/graph/edges.ts';
import { Graph } from '../../../src/parallel/graph/graph.ts';
import type { GraphNode } from '../../../src/parallel/graph/node.ts';
import { Schedule } from '../../../src/parallel/graph/schedule.ts';
import { topologyOf } from '../../../src/parallel/graph/topology.ts';
import { FakePool } from './fake-pool.ts';

const NODES = 100_000;

/** Layers of 100; each node takes three results of the layer before. */
function layered(): { readonly data: readonly number[] } {
  const data: number[] = [];
  for (let node = 100; node < NODES; node++) {
    const layer = node - (node % 100) - 100;
    for (const step of [0, 37, 71]) data.push(layer + ((node + step) % 100), node);
  }
  return { data };
}

function scheduleOf(data: readonly number[], order: readonly number[] = []): Schedule {
  const edges = edgesOf(NODES, data, order);
  const topology = topologyOf(edges);
  if (!topology.acyclic) throw new Error('There is a cycle.');
  const length = lengths(edges, topology.order, new Float64Array(NODES).fill(1));
  return new Schedule(edges, precedence(length, new Uint8Array(NODES)));
}

describe('10^5 nodes', () => {
  it('are scheduled with one look at each edge and a logarithm of comparisons a node', () => {
    const { data } = layered();
    const schedule = scheduleOf(data);
    let started = 0;
    for (let node = schedule.next(); node !== -1; node = schedule.next()) {
      started++;
      schedule.succeed(node);
    }
    expect(started).toBe(NODES);
    expect(schedule.left).toBe(0);
    expect(schedule.visits).toBe(data.length / 2);
    // No more than a layer is ready at a time: 2 · log2(100) comparisons to take one, as many to add it.
    expect(schedule.comparisons).toBeLessThan(NODES * 4 * Math.log2(200));
  });

  it('that are all ready cost a logarithm each', () => {
    const schedule = scheduleOf([]);
    let started = 0;
    for (let node = schedule.next(); node !== -1; node = schedule.next()) {
      started++;
      schedule.succeed(node);
    }
    expect(started).toBe(NODES);
    expect(schedule.comparisons).toBeLessThan(NODES * 3 * Math.log2(NODES));
  });

  it('in one star, or skipped all at once, cost one look at each edge', () => {
    const star = Array.from({ length: NODES - 1 }, (_, i) => [0, i + 1]).flat();
    const chain = Array.from({ length: NODES - 1 }, (_, i) => [i, i + 1]).flat();
    for (const schedule of [scheduleOf(star), scheduleOf(chain), scheduleOf(star, chain)]) {
      expect(schedule.next()).toBe(0);
      expect(schedule.fail(0)).toHaveLength(NODES - 1);
      expect(schedule.left).toBe(0);
      expect(schedule.visits).toBeLessThanOrEqual(2 * (NODES - 1));
    }
  });

  it('have few tasks handed over and few results kept at a time', async () => {
    let held = 0;
    let most = 0;
    const registry = new Set<object>();
    const pool = new FakePool(2, (_, args) => ({
      ms: 1,
      result: () => {
        const value = { index: registry.size, size: args.length };
        registry.add(value);
        return value;
      },
    }));
    const graph = new Graph(pool, pool.clock);
    const nodes: GraphNode<unknown>[] = [];
    for (let i = 0; i < NODES; i++) {
      const layer = i - (i % 100) - 100;
      const inputs = layer < 0 ? [] : [0, 37, 71].map((step) => nodes[layer + ((i + step) % 100)]!);
      nodes.push(graph.node('work', inputs));
    }
    const run = graph.run();
    // Many steps a turn: only the order matters here.
    let over = false;
    const watched = run.finally(() => {
      over = true;
    });
    while (!over) {
      for (let i = 0; i < 50; i++) {
        pool.step();
        for (let turn = 0; turn < 4; turn++) await null;
      }
      held = registry.size;
      most = Math.max(most, pool.outstanding.length);
      await new Promise((resolve) => setImmediate(resolve));
    }
    const results = await watched;
    expect(held).toBe(NODES);
    expect(most).toBeLessThanOrEqual(8);
    expect(pool.most).toBeLessThanOrEqual(8);
    expect(pool.calls).toBe(NODES);
    const kept = nodes.filter((node) => {
      try {
        return results.get(node) !== undefined;
      } catch {
        return false;
      }
    });
    expect(kept).toHaveLength(100);
  });

  it('in a chain on the main thread neither overflow the stack nor hold the event loop', async () => {
    let now = 0;
    let turns = 0;
    const pool = new FakePool(1, () => ({ ms: 1, result: () => undefined }));
    const graph = new Graph(pool, {
      now: () => now,
      defer: (callback) => {
        turns++;
        setImmediate(callback);
      },
    });
    let node = graph.local(() => 0);
    const step = (n: number): number => {
      now += 0.01;
      return n + 1;
    };
    for (let i = 1; i < NODES; i++) node = graph.local(step, [node]);
    expect((await graph.run()).get(node)).toBe(NODES - 1);
    // A second of work in turns of 8 ms
    expect(turns).toBeGreaterThan(100);
    expect(turns).toBeLessThan(140);
  });
});
