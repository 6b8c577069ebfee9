/**
 * What of task graphs must compile, and what must not. Never run.
 *
 * @module
 */
import type { Pool } from 'millrace';
import { type GraphNode, graph } from '../../src/parallel/graph/index.ts';

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const same = <A, B>(_: Same<A, B>): void => {};

interface Tasks {
  add(a: number, b: number): number;
  greet(name: string, times?: number): string;
  later<T extends object>(value: T): Promise<T>;
  total(numbers: readonly number[], scale: number): Promise<number>;
  pair(pair: [string, number]): boolean;
  flag(flag: boolean): void;
  anything(value: unknown): string;
  rest(...all: readonly string[]): number;
  nothing(): void;
}

export async function nodes(pool: Pool<Tasks>): Promise<void> {
  const g = graph(pool);

  const sum = g.node('add', [1, 2]);
  same<typeof sum, GraphNode<number>>(true);
  const text = g.node('greet', ['x', sum]);
  same<typeof text, GraphNode<string>>(true);
  const total = g.node('total', [[1, sum, 3], sum]);
  same<typeof total, GraphNode<number>>(true);
  const many = [sum, sum];
  g.node('total', [many, 2]);
  g.node('total', [g.local(() => [1, 2]), 1]);
  const pair = g.node('pair', [[text, 5]]);
  g.node('pair', [['x', sum]]);
  g.node('flag', [pair]);
  g.node('flag', [g.local(() => true as const)]);
  g.node('anything', [sum]);
  g.node('anything', [[sum, text]]);
  g.node('rest', ['a', text]);
  g.node('rest');
  const nothing = g.node('nothing');
  same<typeof nothing, GraphNode<void>>(true);
  g.node('nothing', [], { after: [sum, text], name: 'end', weight: 3, priority: 'high', timeout: 5 });
  g.node('add', [sum, sum], { fallback: 0, idempotent: true, affinity: 0 });

  // @ts-expect-error no such function
  g.node('ad', [1, 2]);
  // @ts-expect-error arguments are missing
  g.node('add');
  // @ts-expect-error one is missing
  g.node('add', [sum]);
  // @ts-expect-error one too many
  g.node('add', [sum, sum, sum]);
  // @ts-expect-error a result of the wrong type
  g.node('add', [sum, text]);
  // @ts-expect-error a value of the wrong type
  g.node('add', [sum, 'x']);
  // @ts-expect-error an element with a result of the wrong type
  g.node('total', [[sum, text], 1]);
  // @ts-expect-error an array of nodes is not a number
  g.node('add', [1, [sum]]);
  // @ts-expect-error the elements of a pair are in an order
  g.node('pair', [[sum, text]]);
  // @ts-expect-error nothing to give
  g.node('nothing', [sum]);
  // @ts-expect-error no result
  g.node('add', [nothing, 1]);
  // @ts-expect-error a fallback of the wrong type
  g.node('add', [1, 2], { fallback: 'x' });
  // @ts-expect-error no such option
  g.node('add', [1, 2], { retries: 3 });
  // @ts-expect-error a signal belongs to the run
  g.node('add', [1, 2], { signal: new AbortController().signal });

  const joined = g.local((n, words) => `${n.toFixed()} ${words.join()}`, [sum, [text, 'x']]);
  same<typeof joined, GraphNode<string>>(true);
  const awaited = g.local(async (n: number) => [n], [sum]);
  same<typeof awaited, GraphNode<number[]>>(true);
  g.local((list: number[]) => list.length, [many]);
  g.local(() => 1);
  // @ts-expect-error a parameter of another type than the result
  g.local((n: string) => n, [sum]);
  // @ts-expect-error the pool's options are of no use on the main thread
  g.local(() => 1, [], { timeout: 5 });

  g.edge(sum, text);
  // @ts-expect-error a promise is no node
  g.edge(sum, pool.run('nothing'));

  const results = await g.run({ onError: 'continue', keep: [sum, text], concurrency: 4 });
  const got = results.get(total);
  same<typeof got, number>(true);
  const text2: string = results.get(text);
  void text2;
  // @ts-expect-error one of three words
  void g.run({ onError: 'ignore' });
  // @ts-expect-error a result is a number
  const wrong: string = results.get(sum);
  void wrong;
}

/** Any name and any arguments. */
export function untyped(pool: Pool): void {
  const g = graph(pool);
  const node = g.node('anything', [1, 'x']);
  same<typeof node, GraphNode<unknown>>(true);
  g.node('other', [node, [node]]);
  // @ts-expect-error not a pool
  graph(new Map());
}
