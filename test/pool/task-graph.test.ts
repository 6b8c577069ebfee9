import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { GraphNode } from '../../dist/src/parallel/graph/index.js';
import { graph } from '../../dist/src/parallel/graph/index.js';
import { until } from '../process/harness/until.ts';
import { rejection, startPool } from './pools.ts';

const STEPS = new URL('./fixtures/steps.mjs', import.meta.url);
const start = () => startPool({ tasks: STEPS });
const words = (count: number): Int32Array => new Int32Array(new SharedArrayBuffer(4 * count));

const warnings: Error[] = [];
const warned = (warning: Error): void => void warnings.push(warning);
beforeEach(() => void process.on('warning', warned));
afterEach(() => {
  process.off('warning', warned);
  expect(warnings.splice(0)).toEqual([]);
});

/** As `combine` in the fixture. */
const combine = (index: number, inputs: readonly number[]): number =>
  (inputs.reduce((a, b) => a * 31 + b, index + 7) % 1_000_003) | 0;

function expected(inputs: readonly (readonly number[])[]): readonly number[] {
  const values: number[] = [];
  for (const [i, from] of inputs.entries())
    values.push(
      combine(
        i,
        from.map((input) => values[input]!),
      ),
    );
  return values;
}

describe('a graph on threads', () => {
  it('gives what running it one node after the other gives', async () => {
    const pool = await start();
    const shapes = fc.array(fc.array(fc.nat(1000), { maxLength: 4 }), { minLength: 1, maxLength: 60 });
    await fc.assert(
      fc.asyncProperty(shapes, fc.boolean(), async (shape, withSignal) => {
        const inputs = shape.map((from, i) => (i === 0 ? [] : from.map((input) => input % i)));
        const g = graph(pool);
        const nodes: GraphNode<unknown>[] = [];
        for (const [i, from] of inputs.entries()) {
          nodes.push(g.node('combine', [i, from.map((input) => nodes[input]!)]));
        }
        const { signal } = new AbortController();
        const results = await g.run({ keep: 'all', ...(withSignal && { signal }) });
        expect(nodes.map((node) => results.get(node))).toEqual(expected(inputs));
      }),
      { numRuns: 25 },
    );
    await pool.drain();
    expect(pool.stats()).toMatchObject({ pending: 0, failed: 0, cancelled: 0 });
  });

  it('passes shared memory along by reference', async () => {
    const pool = await start();
    const g = graph(pool);
    const shared = g.node('bytes', [1000]);
    const halves = g.local(
      (all) => {
        const { buffer } = all as Uint8Array<SharedArrayBuffer>;
        return [new Uint8Array(buffer, 0, 500), new Uint8Array(buffer, 500)] as const;
      },
      [shared],
    );
    const fills = [0, 1].map((i) => {
      const half = g.local((both) => both[i], [halves]);
      return g.node('fillWith', [half, i + 1]);
    });
    const sum = g.node('sum', [shared], { after: fills });
    expect((await g.run()).get(sum)).toBe(1500);
  });

  it('runs 10,000 nodes', async () => {
    const pool = await start();
    const g = graph(pool);
    const inputs = Array.from({ length: 10_000 }, (_, i) => (i < 60 ? [] : [i - 50, i - 57, i - 60]));
    const nodes: GraphNode<unknown>[] = [];
    for (const [i, from] of inputs.entries()) {
      nodes.push(g.node('combine', [i, from.map((input) => nodes[input]!)]));
    }
    const last = nodes.at(-1)!;
    expect((await g.run()).get(last)).toBe(expected(inputs).at(-1));
  });
});

describe('a failing node', () => {
  it('rejects the run with its error as the cause', async () => {
    const pool = await start();
    const g = graph(pool);
    const bad = g.node('fail', ['too far'], { name: 'bad' });
    g.node('id', [bad]);
    const error = await rejection(g.run());
    expect(error).toMatchObject({ code: 'ERR_GRAPH_NODE', name: 'GraphNodeError', node: 'bad', also: [] });
    expect(error.message).toBe('Node `bad` (`fail`) failed: RangeError: too far');
    expect(error.cause).toBeInstanceOf(RangeError);
  });

  it('may be one whose worker ended', async () => {
    const pool = await start();
    const g = graph(pool);
    const crash = g.node('crash', []);
    const hit = g.node('id', [crash]);
    const good = g.node('combine', [1, [2, 3]]);
    const results = await g.run({ onError: 'continue' });
    expect(results.get(good)).toBe(combine(1, [2, 3]));
    expect(results.outcome(crash)).toBe('failed');
    expect(results.failures[0]?.cause).toMatchObject({ code: 'ERR_WORKER_CRASHED' });
    expect(() => results.get(hit)).toThrow(expect.objectContaining({ code: 'ERR_GRAPH_SKIPPED' }));
    const other = graph(pool);
    const node = other.node('id', ['alive']);
    expect((await other.run()).get(node)).toBe('alive');
  });

  it('runs again when it is idempotent and its worker ended', async () => {
    const pool = await start();
    const g = graph(pool);
    const once = words(3);
    const nodes = [0, 1, 2].map((at) => g.node('crashOnce', [once, at, at], { idempotent: true }));
    const around = Array.from({ length: 100 }, (_, i) => g.node('combine', [i, []], { idempotent: true }));
    const all = g.local((three, many) => [...three, ...many], [nodes, around]);
    const single = Array.from({ length: 100 }, (_, i) => combine(i, []));
    expect((await g.run()).get(all)).toEqual([0, 1, 2, ...single]);
  });

  it('may be one whose function or argument cannot be sent', async () => {
    const pool = await start();
    const g = graph(pool);
    const unknown = g.node('noSuchFunction', []);
    const first = g.node('id', [1]);
    const hidden = g.node('id', [{ list: [first] }]);
    const results = await g.run({ onError: 'continue' });
    const causes = results.failures.map(({ cause }) => cause);
    expect(causes).toEqual([
      expect.objectContaining({ code: 'ERR_UNKNOWN_FUNCTION' }),
      expect.objectContaining({ code: 'ERR_SERIALIZE', path: expect.stringContaining('args[0].list[0]') }),
    ]);
    expect([unknown, hidden].map((node) => results.outcome(node))).toEqual(['failed', 'failed']);
  });

  it('with `stop` lets what runs end', async () => {
    const pool = await start();
    const g = graph(pool);
    const flags = words(3);
    g.node('hold', [flags]);
    g.node('fail', ['no']);
    let over = false;
    const run = rejection(g.run()).finally(() => {
      over = true;
    });
    await until('one fails, and one runs', () => pool.stats().failed === 1 && Atomics.load(flags, 0) === 1);
    expect(over).toBe(false);
    Atomics.store(flags, 1, 1);
    expect((await run).code).toBe('ERR_GRAPH_NODE');
    expect(Atomics.load(flags, 2)).toBe(1);
  });

  it('with `cancel` cancels what runs', async () => {
    const pool = await start();
    const g = graph(pool);
    const flags = words(2);
    g.node('spin', [flags]);
    const begun = g.local(() => until('the task runs', () => Atomics.load(flags, 0) === 1));
    g.node('fail', ['no'], { after: [begun], name: 'bad' });
    expect(await rejection(g.run({ onError: 'cancel' }))).toMatchObject({ node: 'bad', also: [] });
    await until('the task is cancelled', () => Atomics.load(flags, 1) === 1);
  });
});

describe('a signal', () => {
  it('reaches the running tasks', async () => {
    const pool = await start();
    const g = graph(pool);
    const flags = words(2);
    const spins = Array.from({ length: 20 }, () => g.node('spin', [flags]));
    g.local(() => expect.unreachable(), [], { after: spins });
    const controller = new AbortController();
    const run = rejection(g.run({ signal: controller.signal }));
    await until('two tasks run', () => Atomics.load(flags, 0) === 2);
    const reason = new Error('enough');
    controller.abort(reason);
    expect(await run).toBe(reason);
    await until('two tasks are cancelled', () => Atomics.load(flags, 1) === 2);
    await pool.drain();
    expect(Atomics.load(flags, 0)).toBe(2);
  });

  it('of the end of the pool is the failure of a node', async () => {
    const pool = await start();
    const g = graph(pool);
    const flags = words(2);
    for (let i = 0; i < 20; i++) g.node('spin', [flags]);
    const run = rejection(g.run());
    await until('two tasks run', () => Atomics.load(flags, 0) === 2);
    await pool.terminate();
    expect(await run).toMatchObject({ code: 'ERR_GRAPH_NODE', cause: { code: 'ERR_TERMINATED' } });
    const closed = await rejection(g.run());
    expect(closed).toMatchObject({ code: 'ERR_GRAPH_NODE', cause: { code: 'ERR_CLOSED' } });
  });
});
