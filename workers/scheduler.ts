/**
 * The worker's loop: turns of tasks, a look at the event loop between turns, and two ways to wait.
 *
 * - A *turn* runs claimed tasks until none is left or its budget has passed. Then the event loop goes round once, so
 *   that promises, timers, output and control calls of tasks stay prompt.
 * - With nothing to run: *spin* for a moment if that has paid lately and a core is free for it; let the event loop go
 *   round; then *park*. Blocked in `Atomics.wait` when nothing asynchronous is left behind, with the event loop alive
 *   (`Atomics.waitAsync`) when something is. Both show the same parked bit.
 *
 * @module
 */
import * as L from '../src/memory/layout.ts';
import { EventLoopWatch } from './event-loop.ts';
import { type Callable, Executor } from './executor.ts';
import { Pace } from './pace.ts';
// biome-ignore lint/suspicious/noShadowRestrictedNames: it is that, as it was before any task ran
import { Atomics, NativePromise, performance, setImmediate, setTimeout } from './primordials.ts';
import { runSource } from './source.ts';
import { Spinner } from './spinner.ts';
import type { WorkerContext } from './start.ts';
import { WorkerView } from './view.ts';

/** Why a turn ended. */
type TurnEnd = 'empty' | 'budget' | 'saturated' | 'command';

/**
 * How long the event loop may be left alone while tasks follow each other and nothing is known to wait for it, ms. A
 * control call that has just been posted, or a `nextTick` of a sync task, waits no longer than this.
 */
const LONGEST_PUT_OFF_MS = 25;

const turnOfEventLoop = (): Promise<void> => new NativePromise((resolve) => setImmediate(resolve));
const heapUsed = (): number => process.memoryUsage().heapUsed;

// Begun before any task module is loaded, waited for before any task runs, but not before the thread reports ready.
const payloadModule = import('./payloads.ts');

/** Runs until the coordinator says stop, or this worker asks to be replaced. */
export async function runWorker(context: WorkerContext): Promise<void> {
  await new Scheduler(context, await payloadModule).run();
}

class Scheduler {
  readonly #context: WorkerContext;
  readonly #view: WorkerView;
  readonly #executor: Executor;
  readonly #pace: Pace;
  readonly #spinner: Spinner;
  readonly #eventLoop: EventLoopWatch;
  readonly #concurrency: number;
  readonly #softHeapLimit: number;
  readonly #graceMs: number;
  /** An error nobody could be blamed for: this thread's state is in doubt, it finishes what it has begun. */
  #leaving = false;
  /** When the event loop last went round, ms. */
  #turned = 0;
  /** As many async tasks as allowed are unfinished, and the loop waits for one to end. */
  #waitsForRoom = false;

  constructor(context: WorkerContext, { Payloads }: typeof import('./payloads.ts')) {
    const { start, functions } = context;
    this.#context = context;
    this.#eventLoop = new EventLoopWatch(context.ownResources);
    const config = start.config;
    this.#view = new WorkerView(start.memory, start.module, Number(config['block']));
    // Numbers as the coordinator gives them: 0 is source text, the rest by name in the order of the report.
    const callables: Callable[] = [runSource as Callable];
    for (const fn of functions.values()) callables.push(fn.call as Callable);
    this.#concurrency = Number(config['concurrency']);
    const payloads = new Payloads(this.#view, start.taskPort, () => this.#eventLoop.movesData());
    this.#executor = new Executor(this.#view, start.worker, callables, payloads, this.#concurrency, () =>
      this.#wakeSaturated(),
    );
    this.#pace = new Pace(this.#view);
    this.#spinner = new Spinner(this.#view, Number(config['cores']));
    this.#softHeapLimit = Number(config['softHeapLimit']);
    this.#graceMs = Number(config['graceMs']);
    context.onStray((error) => {
      context.reportStray(error);
      this.#leaving = true;
      this.#poke();
    });
    context.serve({
      statistics: () => ({ asyncPending: this.#executor.pending }),
      heap: async () => {
        const { getHeapStatistics } = await import('node:v8');
        const h = getHeapStatistics();
        return {
          usedHeapSize: h.used_heap_size,
          totalHeapSize: h.total_heap_size,
          heapSizeLimit: h.heap_size_limit,
          externalMemory: h.external_memory,
        };
      },
      drain: () => this.#untilNothingPending(Number.POSITIVE_INFINITY),
    });
  }

  async run(): Promise<void> {
    for (;;) {
      const end = this.#turn();
      switch (end) {
        case 'budget':
          // Either way promises go on: nothing is left on the stack.
          if (this.#mayPutOff()) await undefined;
          else await this.#roundTheLoop();
          break;
        case 'saturated':
          await this.#untilRoom();
          break;
        case 'command':
          if (await this.#obey()) return;
          break;
        case 'empty':
          await this.#idle();
          break;
      }
    }
  }

  #turn(): TurnEnd {
    const { core, memory, block, commandAt } = this.#view;
    const executor = this.#executor;
    const pace = this.#pace;
    if (this.#leaving || Atomics.load(memory.i32, commandAt) !== 0) return 'command';
    if (executor.pending >= this.#concurrency) return 'saturated';
    let next = core.next(block);
    if (next === 0) return 'empty';
    this.#eventLoop.touched();
    pace.begin();
    for (;;) {
      const more = pace.more() && !this.#leaving && memory.i32[commandAt] === 0;
      next = executor.run(next - 1, more);
      if (next !== 0) continue;
      pace.end();
      if (more && executor.pending < this.#concurrency) return 'empty';
      if (this.#leaving || memory.i32[commandAt] !== 0) return 'command';
      return executor.pending < this.#concurrency ? 'budget' : 'saturated';
    }
  }

  async #idle(): Promise<void> {
    if (this.#spinner.spin()) return;
    if (this.#eventLoop.mustTurn()) {
      await this.#roundTheLoop();
      return;
    }
    const { core, block } = this.#view;
    if (core.park(block) === 0) return;
    const from = performance.now();
    if (this.#blocked()) this.#sleep();
    else await this.#sleepWithEventLoop();
    core.unpark(block);
    this.#spinner.slept(performance.now() - from);
    this.#eventLoop.touched();
  }

  // Nothing asynchronous is left behind, so the thread may block.
  #blocked(): boolean {
    return this.#executor.pending === 0 && this.#context.pendingControlCalls === 0 && !this.#eventLoop.busy();
  }

  #sleep(): void {
    const { memory, parkAt } = this.#view;
    while (Atomics.load(memory.i32, parkAt) === 0) Atomics.wait(memory.i32, parkAt, 0);
  }

  async #sleepWithEventLoop(): Promise<void> {
    const { memory, parkAt } = this.#view;
    const hold = this.#eventLoop.hold();
    while (Atomics.load(memory.i32, parkAt) === 0) {
      const wait = Atomics.waitAsync(memory.i32, parkAt, 0);
      if (wait.async) await wait.value;
    }
    hold();
    this.#answerPing();
  }

  // After a task of many ms, a turn of an event loop that has nothing to do costs as much as 30 submissions.
  #mayPutOff(): boolean {
    const { memory, block } = this.#view;
    return (
      performance.now() - this.#turned < LONGEST_PUT_OFF_MS &&
      memory.i32[(block + L.W_PING) >> 2] === memory.i32[(block + L.W_PONG) >> 2] &&
      this.#blocked()
    );
  }

  async #roundTheLoop(): Promise<void> {
    const { memory, block } = this.#view;
    this.#stopSearching();
    await turnOfEventLoop();
    this.#eventLoop.turned();
    this.#turned = performance.now();
    memory.f64[(block + L.W_HEAP) >> 3] = this.#pace.due()
      ? heapUsed()
      : memory.f64[(block + L.W_HEAP) >> 3]!;
    if (this.#softHeapLimit > 0 && memory.f64[(block + L.W_HEAP) >> 3]! > this.#softHeapLimit)
      this.#leaving = true;
    this.#answerPing();
  }

  // Subtle: publishers wake nobody while somebody searches. A thread that goes off to run timers, or leaves, does not.
  #stopSearching(): void {
    const { core, memory, block } = this.#view;
    if (memory.i32[(block + L.W_TOKEN) >> 2] !== 0) core.endSearch(block);
  }

  // "Are you turning?" - and the sign that an async task was cancelled.
  #answerPing(): void {
    const { memory, block } = this.#view;
    const ping = Atomics.load(memory.i32, (block + L.W_PING) >> 2);
    if (ping === memory.i32[(block + L.W_PONG) >> 2]) return;
    this.#executor.releaseCancelled();
    Atomics.store(memory.i32, (block + L.W_PONG) >> 2, ping);
  }

  // As many async tasks as allowed: the event loop goes on until one ends or the coordinator says something.
  async #untilRoom(): Promise<void> {
    const { memory, parkAt } = this.#view;
    const hold = this.#eventLoop.hold();
    this.#waitsForRoom = true;
    while (this.#executor.pending >= this.#concurrency && !this.#leaving) {
      Atomics.store(memory.i32, parkAt, 0);
      this.#answerPing();
      if (this.#commanded() || this.#executor.pending < this.#concurrency) break;
      const wait = Atomics.waitAsync(memory.i32, parkAt, 0);
      if (wait.async) await wait.value;
    }
    this.#waitsForRoom = false;
    hold();
  }

  #wakeSaturated(): void {
    // Several may end in one step: what waited for the codec does.
    if (this.#waitsForRoom && (this.#executor.pending < this.#concurrency || this.#leaving)) this.#poke();
  }

  /** Ends this thread's own wait. */
  #poke(): void {
    const { memory, parkAt } = this.#view;
    Atomics.store(memory.i32, parkAt, 1);
    Atomics.notify(memory.i32, parkAt);
  }

  #commanded(): boolean {
    return Atomics.load(this.#view.memory.i32, this.#view.commandAt) !== 0;
  }

  /** True when the loop is over. */
  async #obey(): Promise<boolean> {
    const { memory, block, commandAt } = this.#view;
    this.#stopSearching();
    const command = Atomics.load(memory.i32, commandAt);
    if (command === L.CMD_STOP) return true;
    Atomics.store(memory.i32, (block + L.W_LEFT) >> 2, 1);
    // A task that never settles must not keep a thread in doubt for ever; it is lost with the thread.
    await this.#untilNothingPending(performance.now() + this.#graceMs);
    return true;
  }

  async #untilNothingPending(end: number): Promise<void> {
    const { memory, parkAt } = this.#view;
    const hold = this.#eventLoop.hold();
    while (this.#executor.pending > 0 && performance.now() < end) {
      Atomics.store(memory.i32, parkAt, 0);
      this.#answerPing();
      if (this.#executor.pending === 0 || Atomics.load(memory.i32, this.#view.commandAt) === L.CMD_STOP)
        break;
      await new NativePromise((resolve) => setTimeout(resolve, 1));
    }
    hold();
  }
}
