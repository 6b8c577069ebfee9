/**
 * Task graphs: functions of a pool's task module, each run when those it depends on have ended.
 *
 * @module
 */
import type { AnyTasks, TaskArgs, TaskName, TaskResult } from '../../coordinator/types.ts';
import { runOptions } from '../../coordinator/validate.ts';
import { expected, GraphCycleError } from '../../errors.ts';
import { LEVEL } from '../../scheduling/levels.ts';
import { lengths, precedence } from './critical-path.ts';
import { dot, mermaid, type Picture } from './drawing.ts';
import { Measured } from './durations.ts';
import { type Edges, edgesOf } from './edges.ts';
import { type Clock, Execution } from './execution.ts';
import { GraphNode, type NodeInputs, type NodeOwner, type ResolvedAll } from './node.ts';
import { NodeNames } from './node-names.ts';
import {
  checkLocal,
  checkRun,
  type GraphRunner,
  type GraphRunOptions,
  type LocalOptions,
  type NodeOptions,
  taskOptions,
} from './options.ts';
import type { GraphResults } from './results.ts';
import { DONE } from './schedule.ts';
import { type Body, ownNode, readArguments, type Spec } from './spec.ts';
import { type Topology, topologyOf } from './topology.ts';

/** What follows a function's name: arguments, which may be left out when none is required, and options. */
export type NodeCall<A extends readonly unknown[], R> = [] extends A
  ? [args?: NodeInputs<A>, options?: NodeOptions<R>]
  : [args: NodeInputs<A>, options?: NodeOptions<R>];

const systemClock: Clock = { now: () => performance.now(), defer: (callback) => void setImmediate(callback) };

/**
 * Makes an empty task graph for a pool.
 *
 * @example
 * ```ts
 * import { createPool } from 'millrace';
 * import { graph } from 'millrace/parallel';
 * import type * as tasks from './tasks.ts';
 *
 * await using pool = await createPool<typeof tasks>({ tasks: new URL('./tasks.ts', import.meta.url) });
 *
 * const g = graph(pool);
 * const left = g.node('square', [3]);
 * const right = g.node('square', [4]);
 * const sum = g.node('add', [left, right]); // starts when both have ended, with their results
 *
 * const results = await g.run();
 * console.log(results.get(sum)); // 25
 * ```
 * ```ts
 * // file: tasks.ts
 * export const square = (n: number): number => n * n;
 * export const add = (a: number, b: number): number => a + b;
 * ```
 */
export function graph<M = AnyTasks>(pool: GraphRunner<M>): Graph<M> {
  return new Graph(pool, systemClock);
}

/**
 * Nodes, and which of them must end before which. It can be run several times, also at the same time.
 *
 * @typeParam M - the task module, as `typeof import('./tasks.js')`
 */
export class Graph<M = AnyTasks> {
  readonly #runner: GraphRunner<M>;
  readonly #clock: Clock;
  readonly #specs: Spec[] = [];
  readonly #nodes: GraphNode<unknown>[] = [];
  readonly #names = new NodeNames((index) => {
    const { body } = this.#specs[index]!;
    return body.on === 'worker' ? body.fn : body.fn.name || 'local';
  });
  readonly #data: number[] = [];
  readonly #order: number[] = [];
  readonly #measured = new Measured();
  #shape: { readonly edges: Edges; readonly topology: Topology } | undefined;
  readonly #owner: NodeOwner = {
    nameOf: (index) => this.#names.of(index),
    nodeAt: (index) => this.#nodes[index]!,
  };

  /** @internal Use `graph`. */
  constructor(pool: GraphRunner<M>, clock: Clock) {
    if (typeof (pool as Partial<GraphRunner<M>> | null | undefined)?.run !== 'function') {
      throw expected('pool', 'a pool', pool);
    }
    this.#runner = pool;
    this.#clock = clock;
  }

  /** Number of nodes. */
  get size(): number {
    return this.#specs.length;
  }

  /**
   * Adds a node that runs a function of the task module on a worker. A node among the arguments, or in an array that
   * is an argument, stands for its result: this node starts when that one has ended. Results travel through the main
   * thread and are copied on both ways; put large data into SharedArrayBuffers.
   *
   * @param fn - the function's name
   * @throws InvalidArgumentError for a node of another graph, a name that is taken, or a wrong option
   */
  node<K extends TaskName<M>>(
    fn: K,
    ...[args = [] as never, options = {}]: NodeCall<TaskArgs<M, K>, TaskResult<M, K>>
  ): GraphNode<TaskResult<M, K>> {
    if (typeof fn !== 'string') throw expected('fn', 'the name of a function', fn);
    const own = taskOptions(options);
    if (own !== undefined) runOptions(own, this.#runner.workers);
    const body: Body = { on: 'worker', fn, options: own };
    const level = LEVEL[options.priority ?? 'normal'];
    return this.#add(body, level, args, options) as GraphNode<TaskResult<M, K>>;
  }

  /**
   * Adds a node that runs a function on the main thread, with everything it can see there: cheap glue between tasks.
   * It gets results as they are, not copies, and may be asynchronous.
   *
   * @throws InvalidArgumentError for a node of another graph, a name that is taken, or a wrong option
   * @example
   * ```ts
   * import { createPool } from 'millrace';
   * import { graph } from 'millrace/parallel';
   * import type * as tasks from './tasks.ts';
   *
   * await using pool = await createPool<typeof tasks>({ tasks: new URL('./tasks.ts', import.meta.url) });
   *
   * const g = graph(pool);
   * const parts = [1, 2, 3].map((n) => g.node('square', [n]));
   * const total = g.local((squares) => squares.reduce((a, b) => a + b, 0), [parts]);
   * console.log((await g.run()).get(total)); // 14
   * ```
   * ```ts
   * // file: tasks.ts
   * export const square = (n: number): number => n * n;
   * ```
   */
  local<const I extends readonly unknown[], R>(
    fn: (...args: ResolvedAll<I>) => R,
    args: I = [] as never,
    options: LocalOptions<Awaited<R>> = {},
  ): GraphNode<Awaited<R>> {
    if (typeof fn !== 'function') throw expected('fn', 'a function', fn);
    checkLocal(options);
    return this.#add({ on: 'main', fn }, LEVEL.normal, args, options) as GraphNode<Awaited<R>>;
  }

  /**
   * Says that one node must end before another starts, without its result. Unlike the dependencies a node is made
   * with, such edges can close a cycle, which the next `run` finds.
   *
   * @throws InvalidArgumentError for a node of another graph
   */
  edge(from: GraphNode<unknown>, to: GraphNode<unknown>): void {
    this.#order.push(ownNode(from, this.#owner, 'from'), ownNode(to, this.#owner, 'to'));
    this.#shape = undefined;
  }

  /**
   * Runs all nodes, each once. Among those that can start, the one with the longest way to an end of the graph goes
   * first (after `priority`); a few for each worker are handed to the pool at a time.
   *
   * Settles when nothing of the run is running any more, except for cancelled tasks, which the pool ends in `graceMs`.
   * Nodes added meanwhile belong to the next run.
   *
   * @throws (rejects) GraphCycleError before anything runs; GraphNodeError for the first failure of a node, unless
   *   `onError` is `'continue'`; the signal's reason
   * @throws InvalidArgumentError at once, for a wrong option
   * @example
   * ```ts
   * import { createPool } from 'millrace';
   * import { graph } from 'millrace/parallel';
   * import type * as tasks from './tasks.ts';
   *
   * await using pool = await createPool<typeof tasks>({ tasks: new URL('./tasks.ts', import.meta.url) });
   *
   * const g = graph(pool);
   * const good = g.node('root', [16]);
   * const bad = g.node('root', [-1], { name: 'bad' });
   * const sum = g.node('add', [good, bad]);
   *
   * await g.run().catch((error) => console.log(error.message));
   * // Node `bad` (`root`) failed: RangeError: no root of -1
   *
   * const results = await g.run({ onError: 'continue', keep: 'all' });
   * console.log(results.get(good), results.outcome(bad), results.outcome(sum)); // 4 failed skipped
   * ```
   * ```ts
   * // file: tasks.ts
   * export function root(n: number): number {
   *   if (n < 0) throw new RangeError(`no root of ${n}`);
   *   return Math.sqrt(n);
   * }
   * export const add = (a: number, b: number): number => a + b;
   * ```
   */
  run(options: GraphRunOptions = {}): Promise<GraphResults> {
    checkRun(options);
    const { edges, topology } = this.#shaped();
    const kept = this.#kept(options.keep ?? 'outputs', edges);
    if (!topology.acyclic) return Promise.reject(this.#cycleError(topology.cycle));
    const { order } = topology;
    const weights = this.#weights(options.weights ?? 'given');
    const level = Uint8Array.from(this.#specs, (spec) => spec.level);
    const execution = new Execution(
      {
        graph: this.#owner,
        specs: this.#specs,
        edges,
        order,
        precedence: precedence(lengths(edges, order, weights), level),
        kept,
      },
      this.#runner,
      options,
      this.#clock,
    );
    return execution.run().finally(() => {
      this.#measured.add(execution.durations.took, (node) => execution.states[node] === DONE);
    });
  }

  /**
   * The graph in the language of Graphviz: edges that carry a result are solid, others dashed, nodes of the main thread
   * round. With the results of a run: what each node took, how it ended, and the longest chain in bold.
   *
   * @throws InvalidArgumentError for results of another graph, or of a time when it had fewer nodes
   */
  toDot(results?: GraphResults): string {
    return dot(this.#picture(results));
  }

  /** The same as a Mermaid flow chart. Mermaid itself refuses more than `maxEdges` edges (500 unless told). */
  toMermaid(results?: GraphResults): string {
    return mermaid(this.#picture(results));
  }

  #add(
    body: Body,
    level: number,
    args: readonly unknown[],
    { name, after = [], weight = 1, fallback }: LocalOptions<unknown>,
  ): GraphNode<unknown> {
    if (!Array.isArray(args)) throw expected('args', 'an array of arguments', args);
    const index = this.#specs.length;
    if (name !== undefined) this.#names.check(name, index);
    const inputs: number[] = [];
    const kept = readArguments(args, this.#owner, (input) => inputs.push(input));
    const before = after.map((node, i) => ownNode(node, this.#owner, `after[${i}]`));
    // From here on nothing throws: a node is added whole or not at all.
    for (const input of inputs) this.#data.push(input, index);
    for (const other of before) this.#order.push(other, index);
    if (name !== undefined) this.#names.give(index, name);
    this.#specs.push({
      body,
      args: kept,
      filled: inputs.length > 0,
      weight,
      level,
      fallback: fallback === undefined ? undefined : { value: fallback },
    });
    this.#shape = undefined;
    const node = new GraphNode<unknown>(this.#owner, index);
    this.#nodes.push(node);
    return node;
  }

  #shaped(): { readonly edges: Edges; readonly topology: Topology } {
    if (this.#shape === undefined) {
      const edges = edgesOf(this.#specs.length, this.#data, this.#order);
      this.#shape = { edges, topology: topologyOf(edges) };
    }
    return this.#shape;
  }

  #kept(keep: NonNullable<GraphRunOptions['keep']>, edges: Edges): Uint8Array {
    const kept = new Uint8Array(edges.nodes);
    if (keep === 'all') return kept.fill(1);
    if (keep !== 'outputs') {
      for (const [i, node] of keep.entries()) kept[ownNode(node, this.#owner, `keep[${i}]`)] = 1;
      return kept;
    }
    kept.fill(1);
    for (let i = 0; i < this.#data.length; i += 2) kept[this.#data[i]!] = 0;
    return kept;
  }

  #weights(which: 'given' | 'measured'): Float64Array {
    const measured = which === 'measured' ? this.#measured.weights(this.#specs.length) : undefined;
    return measured ?? Float64Array.from(this.#specs, (spec) => spec.weight);
  }

  #cycleError(cycle: readonly number[]): GraphCycleError {
    const path = [...cycle, cycle[0]!].map((node) => this.#names.of(node));
    const shown = path.length <= 20 ? path : [...path.slice(0, 10), '…', ...path.slice(-5)];
    const message = `The nodes of the graph wait for each other: ${shown.join(' -> ')}. Take one of these dependencies away.`;
    return new GraphCycleError(path, message);
  }

  #picture(results: GraphResults | undefined): Picture {
    const indexed = (node: number): GraphNode<unknown> => this.#nodes[node]!;
    return {
      edges: this.#shaped().edges,
      nameOf: (node) => this.#names.of(node),
      onMain: (node) => this.#specs[node]!.body.on === 'main',
      run: results && {
        outcome: (node) => results.outcome(indexed(node)),
        duration: (node) => results.duration(indexed(node)),
        path: results.criticalPath().map((node) => node.index),
      },
    };
  }
}
