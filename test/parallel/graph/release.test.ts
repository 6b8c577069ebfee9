import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { Graph } from '../../../src/parallel/graph/graph.ts';
import type { GraphNode } from '../../../src/parallel/graph/node.ts';
import { FakePool } from './fake-pool.ts';

setFlagsFromString('--expose-gc');
const gc = runInNewContext('gc') as () => void;

it('lets a result go when the last node that takes it has started', async () => {
  const made: WeakRef<object>[] = [];
  const pool = new FakePool(1, () => ({
    ms: 1,
    result: () => {
      const value = { bytes: new Uint8Array(1000) };
      made.push(new WeakRef(value));
      return value;
    },
  }));
  const graph = new Graph(pool, pool.clock);
  let node: GraphNode<unknown> = graph.node('first');
  for (let i = 0; i < 200; i++) node = graph.node('next', [node, [node]]);
  let most = 0;
  const results = await pool.drive(graph.run(), () => {
    gc();
    most = Math.max(most, made.filter((ref) => ref.deref() !== undefined).length);
  });
  expect(made).toHaveLength(201);
  expect(most).toBeLessThan(10);
  expect(results.get(node)).toBe(made.at(-1)?.deref());
});
