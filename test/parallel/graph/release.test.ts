import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { Graph } from '../../../src/parallel/graph/graph.ts';
import type { GraphNode } from '../../../src/parallel/graph/node.ts';
import { FakePool } from './fake-pool.ts';

setFlagsFromString('--expose-gc');
const gc = runInNewContext('gc') as () => void;

/** A graph whose results are objects that can be counted while it runs. */
function counted() {
  const made: WeakRef<object>[] = [];
  const pool = new FakePool(1, (name) => ({
    ms: 1,
    result: () => {
      if (name === 'fail') throw new Error('no');
      const value = { bytes: new Uint8Array(1000) };
      made.push(new WeakRef(value));
      return value;
    },
  }));
  const alive = (): number => {
    gc();
    return made.filter((ref) => ref.deref() !== undefined).length;
  };
  return { made, pool, alive, graph: new Graph(pool, pool.clock) };
}

it('lets a result go when the last node that takes it has started', async () => {
  const { made, pool, alive, graph } = counted();
  let node: GraphNode<unknown> = graph.node('first');
  for (let i = 0; i < 100; i++) node = graph.node('next', [node, [node]]);
  let most = 0;
  const results = await pool.drive(graph.run(), () => {
    most = Math.max(most, alive());
  });
  expect(made).toHaveLength(101);
  expect(most).toBeLessThan(10);
  expect(results.get(node)).toBe(made.at(-1)?.deref());
});

it('lets a result go that nobody takes and the caller does not keep', async () => {
  const { made, pool, alive, graph } = counted();
  const nodes = Array.from({ length: 20 }, () => graph.node('one'));
  const results = await pool.drive(graph.run({ keep: [nodes[7]!] }));
  expect(made).toHaveLength(20);
  expect(alive()).toBe(1);
  expect(results.get(nodes[7]!)).toBeDefined();
});

it('lets a result go that only skipped nodes would have taken', async () => {
  const { made, pool, alive, graph } = counted();
  const fail = graph.node('fail', [], { after: [graph.node('one')] });
  for (let i = 0; i < 20; i++) graph.node('next', [graph.node('one'), fail]);
  const results = await pool.drive(graph.run({ onError: 'continue' }));
  expect(results.failures).toHaveLength(1);
  expect(made).toHaveLength(21);
  // The first is one that no node takes.
  expect(alive()).toBe(1);
});
