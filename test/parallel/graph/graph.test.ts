import { describe, expect, it } from 'vitest';
import type { RunOptions } from '../../../src/coordinator/options.ts';
import { GraphCycleError } from '../../../src/errors.ts';
import { Graph } from '../../../src/parallel/graph/graph.ts';
import { graph as make } from '../../../src/parallel/graph/index.ts';
import { FakePool } from './fake-pool.ts';

interface Call {
  readonly name: string;
  readonly args: readonly unknown[];
  readonly options: RunOptions | undefined;
}

function empty(fails: (name: string) => unknown = () => undefined) {
  const calls: Call[] = [];
  const pool = new FakePool(2, (name, args, options) => {
    calls.push({ name, args, options });
    return {
      ms: name === 'slow' ? 50 : 1,
      result: () => {
        const error = fails(name);
        if (error !== undefined) throw error;
        return name.toUpperCase();
      },
    };
  });
  return { pool, calls, graph: new Graph(pool, pool.clock) };
}

describe('a cycle', () => {
  it('is found before anything runs, with the path named', async () => {
    const { graph, calls } = empty();
    const before = graph.node('before');
    const a = graph.node('x', [before], { name: 'a' });
    const b = graph.node('x', [a], { name: 'b' });
    const c = graph.node('x', [], { name: 'c', after: [b] });
    graph.node('x', [c], { name: 'behind' });
    graph.edge(c, a);
    const error = await graph.run().catch((error: unknown) => error);
    expect(error).toBeInstanceOf(GraphCycleError);
    const { path, message, code } = error as GraphCycleError;
    expect(code).toBe('ERR_GRAPH_CYCLE');
    expect(path).toHaveLength(4);
    expect(['a -> b -> c -> a', 'b -> c -> a -> b', 'c -> a -> b -> c']).toContain(path.join(' -> '));
    expect(message).toContain(path.join(' -> '));
    expect(calls).toEqual([]);
  });

  it('may be a node that waits for itself', async () => {
    const { graph } = empty();
    const a = graph.node('x');
    graph.edge(a, a);
    await expect(graph.run()).rejects.toMatchObject({ path: ['x#0', 'x#0'] });
  });

  it('is found when it was closed after a run', async () => {
    const { graph, pool } = empty();
    const a = graph.node('x');
    const b = graph.node('x', [a]);
    await pool.drive(graph.run());
    graph.edge(b, a);
    await expect(graph.run()).rejects.toMatchObject({ code: 'ERR_GRAPH_CYCLE' });
  });

  it('that is long is cut in the message, not in the path', async () => {
    const { graph } = empty();
    const nodes = Array.from({ length: 1000 }, () => graph.node('x'));
    for (const [i, node] of nodes.entries()) graph.edge(node, nodes[(i + 1) % nodes.length]!);
    const error: GraphCycleError = await graph.run().then(
      () => expect.unreachable(),
      (error) => error,
    );
    expect(error.path).toHaveLength(1001);
    expect(error.message.length).toBeLessThan(300);
  });
});

describe('arguments', () => {
  it('get results in the places of nodes, also in arrays', async () => {
    const { graph, pool, calls } = empty();
    const a = graph.node('a');
    const b = graph.local(() => ({ b: true }));
    const list = [a, 5, b];
    graph.node('c', [1, a, list, [[a]]] as never);
    list.length = 0;
    // The inner array is no array among the arguments: what is in it is data.
    await pool.drive(graph.run());
    expect(calls[1]).toMatchObject({ name: 'c', args: [1, 'A', ['A', 5, { b: true }], [[a]]] });
  });

  it('of nodes on the main thread are the results themselves', async () => {
    const { graph, pool } = empty();
    const object = {};
    const a = graph.local(async () => object);
    const b = graph.local((one, [two]) => one === object && two === object, [a, [a]]);
    expect((await pool.drive(graph.run())).get(b)).toBe(true);
  });

  it('may be an array that holds itself', async () => {
    const { graph, pool, calls } = empty();
    const loop: unknown[] = [];
    loop.push(loop);
    graph.node('a', [loop]);
    await pool.drive(graph.run());
    expect(calls[0]?.args[0]).toBe(loop);
  });
});

describe('options', () => {
  it('of the task reach the pool, and no others', async () => {
    const { graph, pool, calls } = empty();
    graph.node('plain', [], { name: 'x', weight: 2 });
    graph.node('told', [], { priority: 'low', timeout: 5, idempotent: true, affinity: 1 });
    const { signal } = new AbortController();
    await pool.drive(graph.run());
    await pool.drive(graph.run({ signal }));
    const own = { priority: 'low', timeout: 5, idempotent: true, affinity: 1 };
    expect(calls.map(({ options }) => options)).toEqual([
      undefined,
      own,
      { signal: expect.any(AbortSignal) },
      { ...own, signal: expect.any(AbortSignal) },
    ]);
  });

  it('give no two nodes one name, nor one that another has been made', () => {
    const { graph } = empty();
    const taken = /`name` to be a name that no other node of the graph has, got `"(\w|[#'])+"`/;
    const refused = (name: string): void => {
      expect(() => graph.node('y', [], { name })).toThrow(taken);
      expect(() => graph.local(() => 1, [], { name })).toThrow(taken);
    };
    const nodes = [graph.node('x'), graph.node('x', [], { name: 'x#2' })];
    refused('x#0');
    refused('x#2');
    nodes.push(graph.node('x'));
    refused("x#2'");
    nodes.push(graph.node('x', [], { name: 'x#02' }), graph.node('x', [], { name: "x#0'" }));
    const names = nodes.map(({ name }) => name);
    expect(names).toEqual(['x#0', 'x#2', "x#2'", 'x#02', "x#0'"]);
    for (const drawing of [
      graph.toDot(),
      graph.toMermaid().replaceAll('#35;', '#').replaceAll('#39;', "'"),
    ]) {
      for (const name of names) expect(drawing.split(`"${name}"`)).toHaveLength(2);
    }
  });

  it('that are wrong name themselves, and add nothing', () => {
    const { graph } = empty();
    const other = empty().graph.node('x');
    const a = graph.node('x', [], { name: 'a' });
    const wrong: readonly [() => unknown, RegExp][] = [
      [() => make(undefined as never), /`pool` to be a pool, got `undefined`/],
      [() => graph.node(5 as never), /`fn` to be the name of a function, got `5`/],
      [() => graph.node('x', 5 as never), /`args` to be an array of arguments, got `5`/],
      [() => graph.node('x', [other]), /`args\[0\]` to be a node of this graph, got an object/],
      [() => graph.node('x', [1, [2, other]]), /`args\[1\]\[1\]` to be a node of this graph/],
      [() => graph.node('x', [], { after: [other] }), /`after\[0\]` to be a node of this graph/],
      [() => graph.node('x', [], { after: a as never }), /`after` to be an array of nodes/],
      [() => graph.node('x', [], { name: 'a' }), /`name` to be a name that no other node of the graph has/],
      [() => graph.node('x', [], { name: '' }), /`name` to be a string that is not empty/],
      [() => graph.node('x', [], { weight: 0 }), /`weight` to be a number above 0.*, got `0`/],
      [() => graph.node('x', [], { weight: Number.NaN }), /`weight` to be/],
      [() => graph.node('x', [], { timeout: -1 }), /`timeout` to be/],
      [() => graph.node('x', [], { affinity: 2 }), /`affinity` to be an integer from 0 to 1, got `2`/],
      [() => graph.node('x', [], { retries: 1 } as never), /`options` to be made of `name`/],
      [() => graph.local(5 as never), /`fn` to be a function/],
      [() => graph.local(() => 1, [], { timeout: 1 } as never), /`options` to be made of/],
      [() => graph.edge(a, other), /`to` to be a node of this graph/],
      [() => graph.run({ concurrency: 0 }), /`concurrency` to be an integer from 1 to 1048576, got `0`/],
      [() => graph.run({ onError: 'ignore' as never }), /`onError` to be 'stop', 'cancel' or 'continue'/],
      [() => graph.run({ keep: 'none' as never }), /`keep` to be 'outputs', 'all' or an array of nodes/],
      [() => graph.run({ keep: [other] }), /`keep\[0\]` to be a node of this graph/],
      [() => graph.run({ weights: 1 as never }), /`weights` to be 'given' or 'measured'/],
      [() => graph.run({ signal: {} as never }), /`signal` to be an AbortSignal/],
      [() => graph.run(new AbortController().signal as never), /`options` to be made of/],
    ];
    for (const [call, message] of wrong) {
      expect(call, String(message)).toThrow(
        expect.objectContaining({
          code: 'ERR_INVALID_ARGUMENT',
          message: expect.stringMatching(message),
        }),
      );
    }
    expect(graph.size).toBe(1);
  });
});

describe('a run', () => {
  it('of nothing resolves at once', async () => {
    expect((await empty().graph.run()).failures).toEqual([]);
  });

  it('with a signal that is aborted already starts nothing', async () => {
    const { graph, calls } = empty();
    graph.node('a');
    graph.local(() => expect.unreachable());
    const reason = new Error('enough');
    await expect(graph.run({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    expect(calls).toEqual([]);
  });

  it('hands over no more than `concurrency` nodes', async () => {
    const { graph, pool } = empty();
    for (let i = 0; i < 50; i++) graph.node('a');
    await pool.drive(graph.run({ concurrency: 3 }));
    expect(pool.most).toBe(3);
  });

  it('does not see nodes that are added meanwhile; their results are refused', async () => {
    const { graph, pool, calls } = empty();
    const a = graph.node('a');
    const run = graph.run();
    const b = graph.node('b', [a]);
    const results = await pool.drive(run);
    expect(calls).toHaveLength(1);
    expect(results.get(a)).toBe('A');
    expect(() => results.get(b)).toThrow(/made after this run began/);
    expect(() => results.get(empty().graph.node('x'))).toThrow(/`node` to be a node of this graph/);
    expect(() => graph.toDot(results)).toThrow(/made after this run began/);
    expect((await pool.drive(graph.run())).get(b)).toBe('B');
  });

  it('with `cancel` cancels what was handed over when a node fails', async () => {
    const cause = new Error('no');
    const { graph, pool, calls } = empty((name) => (name === 'bad' ? cause : undefined));
    graph.node('bad');
    const slow = graph.node('slow');
    graph.node('next', [slow]);
    let steps = 0;
    const run = pool.drive(graph.run({ onError: 'cancel' }), () => steps++);
    await expect(run).rejects.toMatchObject({ code: 'ERR_GRAPH_NODE', node: 'bad#0', cause, also: [] });
    expect(pool.clock.now()).toBe(1);
    expect(calls[1]?.options?.signal?.reason).toMatchObject({
      code: 'ERR_CANCELLED',
      message: expect.stringContaining('bad#0'),
    });
    expect(calls).toHaveLength(2);
  });

  it('with `stop` lets what was handed over end, also with a signal', async () => {
    const { graph, pool, calls } = empty((name) => (name === 'bad' ? new Error('no') : undefined));
    graph.node('bad');
    graph.node('slow');
    const { signal } = new AbortController();
    await expect(pool.drive(graph.run({ signal }))).rejects.toMatchObject({ node: 'bad#0', also: [] });
    expect(pool.clock.now()).toBe(50);
    expect(calls[1]?.options?.signal?.aborted).toBe(false);
  });

  it('takes anything that is thrown for a failure', async () => {
    const { graph, pool } = empty();
    const hostile = { __proto__: null };
    const nodes = [
      graph.local(() => {
        throw hostile;
      }),
      graph.local(() => {
        throw undefined;
      }),
      graph.local(() => {
        throw Object.assign(new Error('no'), { name: Symbol('name') });
      }),
      graph.local(() => Promise.reject(hostile)),
      graph.local(() => ({
        // biome-ignore lint/suspicious/noThenProperty: what it is there to fail on
        get then() {
          throw hostile;
        },
      })),
    ];
    const results = await pool.drive(graph.run({ onError: 'continue' }));
    expect(nodes.map((node) => results.outcome(node))).toEqual(nodes.map(() => 'failed'));
    const causes = results.failures.map(({ cause }) => cause);
    expect(causes.filter((cause) => cause === hostile)).toHaveLength(3);
  });

  it('waits for what can be awaited', async () => {
    const { graph, pool } = empty();
    const thenable = graph.local(() => {
      // biome-ignore lint/suspicious/noThenProperty: a function may be one, too
      return Object.assign(() => {}, { then: (done: (value: number) => void) => done(5) });
    });
    expect((await pool.drive(graph.run())).get(thenable)).toBe(5);
  });

  it('with `stop` names what else failed', async () => {
    const { graph, pool } = empty((name) => (name === 'x' || name === 'slow' ? name : undefined));
    graph.node('slow');
    graph.node('x');
    const error = await pool.drive(graph.run()).catch((error) => error);
    expect(error).toMatchObject({ node: 'x#1', cause: 'x', also: [{ node: 'slow#0', cause: 'slow' }] });
    expect(error.message).toBe("Node `x#1` (`x`) failed: 'x' (and 1 more failed)");
  });

  it('takes the order of the first run when it is told to measure', async () => {
    const { graph, pool, calls } = empty();
    graph.node('a');
    graph.node('b');
    graph.node('slow');
    for (const weights of ['measured', 'measured', 'given'] as const) {
      await pool.drive(graph.run({ weights, concurrency: 1 }));
    }
    const order = calls.map(({ name }) => name).join(' ');
    expect(order).toBe('a b slow slow a b a b slow');
  });

  it('takes a refusal of the pool itself for the failure of the node', async () => {
    const { pool } = empty();
    const refusing = { workers: 1, run: () => expect.fail('closed') };
    const graph = new Graph(refusing, pool.clock);
    const a = graph.node('a');
    const results = await graph.run({ onError: 'continue' });
    expect(results.outcome(a)).toBe('failed');
    expect(results.failures[0]?.cause).toMatchObject({ message: 'closed' });
  });
});
