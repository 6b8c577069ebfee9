/**
 * Random graphs, described so that a test can build them, run them in its head, and shrink them.
 *
 * @module
 */
import fc from 'fast-check';
import { Graph } from '../../../src/parallel/graph/graph.ts';
import type { GraphNode } from '../../../src/parallel/graph/node.ts';
import { FakePool } from './fake-pool.ts';

export interface Dependency {
  readonly on: number;
  readonly as: 'argument' | 'element' | 'after' | 'edge';
}

export interface Step {
  readonly on: 'worker' | 'main' | 'main, later';
  readonly needs: readonly Dependency[];
  readonly weight: number;
  readonly ms: number;
  readonly fails: boolean;
  readonly fallback: boolean;
  readonly priority: 'critical' | 'normal';
}

export type Plan = readonly Step[];

/** What is to fail: nothing, or anything. */
export function plans({ failures }: { readonly failures: boolean }): fc.Arbitrary<Plan> {
  const step = fc.record({
    on: fc.constantFrom<Step['on']>('worker', 'worker', 'main', 'main, later'),
    needs: fc.array(
      fc.record({
        on: fc.nat(1000),
        as: fc.constantFrom<Dependency['as']>('argument', 'element', 'after', 'edge'),
      }),
      { maxLength: 4 },
    ),
    weight: fc.integer({ min: 1, max: 9 }),
    ms: fc.integer({ min: 0, max: 9 }),
    fails: failures ? fc.integer({ min: 0, max: 4 }).map((n) => n === 0) : fc.constant(false),
    fallback: fc.integer({ min: 0, max: 2 }).map((n) => n === 0),
    priority: fc.constantFrom<Step['priority']>('normal', 'normal', 'normal', 'critical'),
  });
  return fc.array(step, { minLength: 1, maxLength: 24 }).map((steps) =>
    steps.map((one, i) => ({
      ...one,
      priority: one.on === 'worker' ? one.priority : 'normal',
      // A node depends on earlier ones only, so that there is no cycle.
      needs: i === 0 ? [] : one.needs.map((need) => ({ ...need, on: need.on % i })),
    })),
  );
}

/** What happened, in order. */
export type Event = { readonly what: 'started' | 'ended'; readonly node: number };

export class Failure extends Error {
  readonly index: number;

  constructor(index: number) {
    super(`number ${index}`);
    this.index = index;
  }
}

/** What a node with these arguments gives: different for all nodes and arguments. */
const resultOf = (index: number, args: readonly unknown[]): string => `${index}(${JSON.stringify(args)})`;

function argumentsOf<V>(step: Step, value: (node: number) => V): readonly (V | readonly V[])[] {
  const elements = step.needs.filter((need) => need.as === 'element').map((need) => value(need.on));
  const plain = step.needs.filter((need) => need.as === 'argument').map((need) => value(need.on));
  return [elements, ...plain];
}

export interface Built {
  readonly graph: Graph;
  readonly nodes: readonly GraphNode<unknown>[];
  readonly pool: FakePool;
  readonly events: Event[];
}

export function build(plan: Plan, workers = 2): Built {
  const events: Event[] = [];
  const body = (index: number, args: readonly unknown[]) => {
    const { ms, fails } = plan[index]!;
    events.push({ what: 'started', node: index });
    const result = (): unknown => {
      events.push({ what: 'ended', node: index });
      if (fails) throw new Failure(index);
      return resultOf(index, args);
    };
    return { ms, result };
  };
  const pool = new FakePool(workers, (name, args) => body(Number(name), args));
  const graph = new Graph(pool, pool.clock);
  const nodes: GraphNode<unknown>[] = [];
  for (const [i, step] of plan.entries()) {
    const args = argumentsOf(step, (node) => nodes[node]!);
    const after = step.needs.filter((need) => need.as === 'after').map((need) => nodes[need.on]!);
    const options = { after, weight: step.weight, ...(step.fallback && { fallback: `fallback ${i}` }) };
    if (step.on === 'worker') {
      nodes.push(graph.node(`${i}`, args, { ...options, priority: step.priority }));
    } else {
      const later = step.on === 'main, later';
      const fn = (...values: unknown[]): unknown => {
        const task = body(i, values);
        return later ? pool.task(`${i}`, task) : task.result();
      };
      nodes.push(graph.local(fn, args, options));
    }
  }
  for (const [i, step] of plan.entries()) {
    for (const need of step.needs) if (need.as === 'edge') graph.edge(nodes[need.on]!, nodes[i]!);
  }
  return { graph, nodes, pool, events };
}

export type Expected =
  | { readonly outcome: 'done' | 'fallback'; readonly value: unknown }
  | { readonly outcome: 'failed' }
  | { readonly outcome: 'skipped' };

/** The same, one node after the other, when failures skip what depends on them. */
export function sequentially(plan: Plan): readonly Expected[] {
  const all: Expected[] = [];
  for (const [i, step] of plan.entries()) {
    const usable = step.needs.every(({ on }) => 'value' in all[on]!);
    if (!usable) all.push({ outcome: 'skipped' });
    else if (step.fails && step.fallback) all.push({ outcome: 'fallback', value: `fallback ${i}` });
    else if (step.fails) all.push({ outcome: 'failed' });
    else {
      const args = argumentsOf(step, (node) => (all[node] as { readonly value: unknown }).value);
      all.push({ outcome: 'done', value: resultOf(i, args) });
    }
  }
  return all;
}

/** The weight of the heaviest way from each node to an end. */
export function heaviest(plan: Plan): readonly number[] {
  const length: number[] = plan.map(() => 0);
  for (let i = plan.length - 1; i >= 0; i--) {
    const followers = plan.flatMap((step, j) => (step.needs.some(({ on }) => on === i) ? [length[j]!] : []));
    length[i] = plan[i]!.weight + Math.max(0, ...followers);
  }
  return length;
}
