/**
 * One run of a graph: starts what can start, as much of it as keeps the workers busy, and passes results along.
 *
 * @module
 */
import type { RunOptions } from '../../coordinator/options.ts';
import { type GraphNodeError, MillraceError } from '../../errors.ts';
import { call } from './call.ts';
import { Durations } from './durations.ts';
import type { Edges } from './edges.ts';
import { failureOf } from './failure.ts';
import type { NodeOwner } from './node.ts';
import type { GraphRunner, GraphRunOptions } from './options.ts';
import { GraphResults } from './results.ts';
import { DONE, FALLBACK, Schedule } from './schedule.ts';
import { fill, type Spec } from './spec.ts';
import { Window } from './window.ts';

/** Time and turns, so that tests have their own. */
export interface Clock {
  /** ms */
  now(): number;
  /** Calls back in a later turn of the event loop. */
  defer(callback: () => void): void;
}

/** What is run, as it stood when the run began. */
export interface Plan {
  readonly graph: NodeOwner;
  readonly specs: readonly Spec[];
  readonly edges: Edges;
  readonly order: Int32Array;
  readonly precedence: Int32Array;
  /** 1 for nodes whose results the caller wants. */
  readonly kept: Uint8Array;
}

/** Why nothing starts any more. */
type Ending =
  | { readonly because: 'failure'; readonly node: number }
  | { readonly because: 'aborted'; readonly reason: unknown };

/** Nodes on the main thread may take this long, ms, before timers and I/O of the process have their turn. */
const TURN_MS = 8;

export class Execution {
  readonly #plan: Plan;
  readonly #runner: GraphRunner<unknown>;
  readonly #clock: Clock;
  readonly #window: Window;
  readonly #policy: 'stop' | 'cancel' | 'continue';
  readonly #schedule: Schedule;
  readonly #values: unknown[];
  /** Nodes that take the result of this one and have not started. */
  readonly #takers: Int32Array;
  readonly #failures = new Map<number, GraphNodeError>();
  readonly #signal: AbortSignal | undefined;
  readonly #abort: AbortController | undefined;
  readonly #forward = (): void => this.#aborted(this.#signal?.reason);
  #ending: Ending | undefined;
  #inFlight = 0;
  #mainMs = 0;
  #deferred = false;
  #over = false;
  #resolve: (results: GraphResults) => void = () => {};
  #reject: (error: unknown) => void = () => {};
  readonly durations: Durations;

  constructor(plan: Plan, runner: GraphRunner<unknown>, options: GraphRunOptions, clock: Clock) {
    const { nodes, inputs, before, beforeAt } = plan.edges;
    this.#plan = plan;
    this.#runner = runner;
    this.#clock = clock;
    this.#window = new Window(runner.workers, options.concurrency);
    this.#policy = options.onError ?? 'stop';
    this.#signal = options.signal;
    // A task with a signal costs the pool more than one without.
    if (this.#signal !== undefined || this.#policy === 'cancel') this.#abort = new AbortController();
    this.#schedule = new Schedule(plan.edges, plan.precedence);
    this.#values = new Array(nodes);
    this.#takers = new Int32Array(nodes);
    for (let node = 0; node < nodes; node++) {
      const first = beforeAt[node]!;
      for (let i = first; i < first + inputs[node]!; i++) this.#takers[before[i]!]!++;
    }
    this.durations = new Durations(nodes, runner.workers, () => clock.now());
  }

  /** How the nodes stand; kept up to date. */
  get states(): Uint8Array {
    return this.#schedule.states;
  }

  /** Resolves or rejects when nothing of the run is running any more. To be called once. */
  run(): Promise<GraphResults> {
    return new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
      this.#signal?.addEventListener('abort', this.#forward, { once: true });
      if (this.#signal?.aborted) this.#forward();
      this.#pump();
    });
  }

  #pump(): void {
    while (this.#ending === undefined && !this.#deferred && this.#inFlight < this.#window.size) {
      const node = this.#schedule.next();
      if (node === -1) break;
      this.#start(node);
    }
    if (this.#inFlight === 0 && (this.#ending !== undefined || this.#schedule.left === 0)) this.#finish();
  }

  #start(node: number): void {
    const spec = this.#plan.specs[node]!;
    const args = fill(spec, (index) => this.#values[index]);
    this.#release(node);
    if (spec.body.on === 'worker') this.#startOnWorker(node, spec.body, args);
    else this.#startOnMain(node, spec.body.fn, args);
  }

  #startOnWorker(
    node: number,
    body: { readonly fn: string; readonly options: RunOptions | undefined },
    args: readonly unknown[],
  ): void {
    let result: Promise<unknown>;
    this.durations.handedOver(node);
    try {
      result = this.#runner.run(body.fn as never, args as never, this.#optionsOf(body.options));
    } catch (error) {
      this.durations.settled(node);
      this.#failed(node, error);
      return;
    }
    this.#inFlight++;
    this.#whenSettled(node, result, () => {
      this.durations.settled(node);
      this.#window.ended(this.durations.took[node]!);
    });
  }

  #startOnMain(node: number, fn: (...args: never) => unknown, args: readonly unknown[]): void {
    const ended = (): void => this.durations.ended(node);
    this.durations.began(node);
    const called = call(fn, args);
    if (called.threw || !called.thenable) {
      ended();
      if (called.threw) this.#failed(node, called.error);
      else this.#succeeded(node, called.result, DONE);
    } else {
      this.#inFlight++;
      this.#whenSettled(node, Promise.resolve(called.result), ended);
    }
    this.#giveTurn(node);
  }

  /** Lets the event loop go on when nodes have held it for a while. */
  #giveTurn(node: number): void {
    const ms = this.durations.took[node]!;
    if (!Number.isNaN(ms)) this.#mainMs += ms;
    if (this.#mainMs < TURN_MS || this.#deferred) return;
    this.#deferred = true;
    this.#clock.defer(() => {
      this.#deferred = false;
      this.#mainMs = 0;
      this.#pump();
    });
  }

  #whenSettled(node: number, result: Promise<unknown>, ended: () => void): void {
    const settle = (go: () => void): void => {
      this.#inFlight--;
      ended();
      go();
      this.#pump();
    };
    result.then(
      (value) => settle(() => this.#succeeded(node, value, DONE)),
      (error: unknown) => settle(() => this.#failed(node, error)),
    );
  }

  #succeeded(node: number, value: unknown, state: typeof DONE | typeof FALLBACK): void {
    if (this.#plan.kept[node] === 1 || this.#takers[node]! > 0) this.#values[node] = value;
    this.#schedule.succeed(node, state);
  }

  #failed(node: number, cause: unknown): void {
    // What was cancelled with the run did not fail by itself.
    if (this.#ending !== undefined && this.#abort?.signal.aborted && cause === this.#abort.signal.reason)
      return;
    const { fallback, body } = this.#plan.specs[node]!;
    if (fallback !== undefined) {
      this.#succeeded(node, fallback.value, FALLBACK);
      return;
    }
    const failure = failureOf(this.#plan.graph.nameOf(node), body, cause, []);
    this.#failures.set(node, failure);
    for (const skipped of this.#schedule.fail(node)) this.#release(skipped);
    if (this.#policy === 'continue') return;
    this.#end({ because: 'failure', node });
    if (this.#policy !== 'cancel') return;
    const message = `The node was cancelled, because node \`${failure.node}\` failed.`;
    this.#abort?.abort(new MillraceError('ERR_CANCELLED', message, { cause: failure }));
  }

  #aborted(reason: unknown): void {
    this.#end({ because: 'aborted', reason });
    this.#abort?.abort(reason);
  }

  /** What came first counts. */
  #end(ending: Ending): void {
    this.#ending ??= ending;
    this.#schedule.stop();
  }

  /** The node takes no more results: those that nobody else takes are let go. */
  #release(node: number): void {
    const { before, beforeAt, inputs } = this.#plan.edges;
    const first = beforeAt[node]!;
    for (let i = first; i < first + inputs[node]!; i++) {
      const from = before[i]!;
      if (--this.#takers[from]! === 0 && this.#plan.kept[from] === 0) this.#values[from] = undefined;
    }
  }

  #optionsOf(own: RunOptions | undefined): RunOptions | undefined {
    if (this.#abort === undefined) return own;
    return { ...own, signal: this.#abort.signal };
  }

  #finish(): void {
    if (this.#over) return;
    this.#over = true;
    this.#signal?.removeEventListener('abort', this.#forward);
    const ending = this.#ending;
    if (ending?.because === 'aborted') this.#reject(ending.reason);
    else if (ending?.because === 'failure') this.#reject(this.#failureWithOthers(ending.node));
    else {
      const { graph, edges, order, kept } = this.#plan;
      const { states, blamed } = this.#schedule;
      const { took } = this.durations;
      const [values, failures] = [this.#values, this.#failures];
      this.#resolve(new GraphResults({ graph, edges, order, kept, states, blamed, values, took, failures }));
    }
  }

  #failureWithOthers(node: number): GraphNodeError {
    const first = this.#failures.get(node)!;
    const others = [...this.#failures.values()].filter((failure) => failure !== first);
    if (others.length === 0) return first;
    return failureOf(first.node, this.#plan.specs[node]!.body, first.cause, others);
  }
}
