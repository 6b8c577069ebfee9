/**
 * What can be said about a node and about a run of a graph.
 *
 * @module
 */
import type { RunOptions } from '../../coordinator/options.ts';
import type { TaskProxy } from '../../coordinator/types.ts';
import { checkKeys, expected } from '../../errors.ts';
import { GraphNode } from './node.ts';

/** What a graph needs of a pool. A `Pool` is one. */
export interface GraphRunner<M> {
  /** Number of worker threads. */
  readonly workers: number;
  /** Only its type is looked at: it names the module's functions. */
  readonly tasks?: TaskProxy<M>;
  run(name: never, args?: never, options?: RunOptions): Promise<unknown>;
}

/** What any node may be told. */
export interface LocalOptions<R> {
  /**
   * What errors, results and drawings call it; no two nodes of a graph have the same: a name that another has is refused.
   * Default: `function#number`, or `function#number'` if another node was given that.
   */
  readonly name?: string;
  /** Nodes that must end first, and whose results are not wanted. */
  readonly after?: readonly GraphNode<unknown>[];
  /** How long it takes, in any unit that all nodes of the graph share; above 0, 1e12 at most. Default 1. */
  readonly weight?: number;
  /** Its result when it fails; the nodes that depend on it then go on with that. Default: none. */
  readonly fallback?: R;
}

/** What a node that runs on a worker may be told: how to run its task, too. */
export interface NodeOptions<R>
  extends LocalOptions<R>,
    Pick<RunOptions, 'priority' | 'timeout' | 'idempotent' | 'affinity'> {}

export interface GraphRunOptions {
  /** Ends the run: what has not started never does, running tasks are cancelled. The run rejects with its reason. */
  readonly signal?: AbortSignal;
  /**
   * How many nodes may be handed to the pool and not be settled, 1 to 1048576. Fewer keep closer to the critical path,
   * more keep workers busy when tasks are very short. Default: 4 for each worker, up to 64 while tasks take less than half
   * a millisecond.
   */
  readonly concurrency?: number;
  /**
   * What the first failure of a node does. `'stop'`: no other node starts; those handed over end, then the run rejects.
   * `'cancel'`: as `'stop'`, and those handed over are cancelled. `'continue'`: only the nodes that depend on it are
   * skipped; the run resolves, and its results say what failed. Default `'stop'`.
   */
  readonly onError?: 'stop' | 'cancel' | 'continue';
  /**
   * Which results are kept for the caller: those that no other node takes, all, or those of these nodes. Every other
   * one is let go when the last node that takes it has started. Default `'outputs'`.
   */
  readonly keep?: 'outputs' | 'all' | readonly GraphNode<unknown>[];
  /**
   * What the critical path is measured in: the weights of the nodes, or the time they took in earlier runs of this
   * graph; in a first run, the weights all the same. Default `'given'`.
   */
  readonly weights?: 'given' | 'measured';
}

const LOCAL_KEYS: readonly (keyof LocalOptions<unknown>)[] = ['name', 'after', 'weight', 'fallback'];
const TASK_KEYS = ['priority', 'timeout', 'idempotent', 'affinity'] as const;
const RUN_KEYS: readonly (keyof GraphRunOptions)[] = ['signal', 'concurrency', 'onError', 'keep', 'weights'];
/** So large a weight that the sum over a graph is still a number. */
const MAX_WEIGHT = 1e12;
const MAX_CONCURRENCY = 2 ** 20;

/** @throws InvalidArgumentError */
export function checkLocal(options: LocalOptions<unknown>): void {
  checkKeys('options', options, LOCAL_KEYS);
  checkValues(options);
}

/** What of a node's options is the pool's, for the pool to check; `undefined` when none is. */
export function taskOptions(options: NodeOptions<unknown>): RunOptions | undefined {
  checkKeys('options', options, [...LOCAL_KEYS, ...TASK_KEYS]);
  checkValues(options);
  const given = TASK_KEYS.filter((key) => options[key] !== undefined);
  if (given.length === 0) return undefined;
  return Object.fromEntries(given.map((key) => [key, options[key]]));
}

function checkValues({ name, after, weight }: LocalOptions<unknown>): void {
  if (name !== undefined && (typeof name !== 'string' || name === '')) {
    throw expected('name', 'a string that is not empty', name);
  }
  if (after !== undefined && !Array.isArray(after)) throw expected('after', 'an array of nodes', after);
  if (weight !== undefined && !(typeof weight === 'number' && weight > 0 && weight <= MAX_WEIGHT)) {
    throw expected('weight', `a number above 0, ${MAX_WEIGHT} at most`, weight);
  }
}

/** @throws InvalidArgumentError */
export function checkRun(options: GraphRunOptions): void {
  checkKeys('options', options, RUN_KEYS);
  const { signal, concurrency, onError, keep, weights } = options;
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    throw expected('signal', 'an AbortSignal', signal);
  }
  if (
    concurrency !== undefined &&
    !(Number.isInteger(concurrency) && concurrency >= 1 && concurrency <= MAX_CONCURRENCY)
  ) {
    throw expected('concurrency', `an integer from 1 to ${MAX_CONCURRENCY}`, concurrency);
  }
  if (onError !== undefined && onError !== 'stop' && onError !== 'cancel' && onError !== 'continue') {
    throw expected('onError', "'stop', 'cancel' or 'continue'", onError);
  }
  if (weights !== undefined && weights !== 'given' && weights !== 'measured') {
    throw expected('weights', "'given' or 'measured'", weights);
  }
  if (
    keep !== undefined &&
    keep !== 'outputs' &&
    keep !== 'all' &&
    !(Array.isArray(keep) && keep.every((node) => node instanceof GraphNode))
  ) {
    throw expected('keep', "'outputs', 'all' or an array of nodes", keep);
  }
}
