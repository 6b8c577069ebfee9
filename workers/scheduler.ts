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
// biome-ignore lint/suspicious/noShadowRestrictedNames: it is that, as it was before any task ran
import { Atomics, NativePromise, performance, setImmediate, setTimeout } from '../src/codec/primordials.ts';
import * as L from '../src/memory/layout.ts';
import { Begins, Room } from './begins.ts';
import { Executor } from './executor.ts';
import { forks } from './fork/state.ts';
import { Breaks, EventLoopWatch, Pace, SLOW_MS, Spinner } from './pace.ts';
import type { Leaving, WorkerContext, WorkerReport } from './start.ts';
import type { Callable } from './surroundings.ts';
import { mixTargets, WorkerView } from './view.ts';

/** Why a turn ended; `saturated`: no async task may begin now. */
type TurnEnd = 'empty' | 'news' | 'budget' | 'saturated' | 'command' | 'loading';

/** A thread that has been idle for this long, ms, loads the codec, unless a task has needed it before. */
const QUIET_MS = 25;

/** A control call that has just been posted, or a `nextTick` of a sync task, waits no longer than this for its turn, ms. */
const LONGEST_PUT_OFF_MS = 25;

const turnOfEventLoop = (): Promise<void> => new NativePromise((resolve) => setImmediate(resolve));
const heapUsed = (): number => process.memoryUsage().heapUsed;

/** Runs until the coordinator says stop, or this worker asks to be replaced. */
export async function runWorker(context: WorkerContext): Promise<void> {
  await new Scheduler(context).run();
}

class Scheduler {
  readonly #context: WorkerContext;
  readonly #view: WorkerView;
  readonly #executor: Executor;
  readonly #pace: Pace;
  readonly #spinner: Spinner;
  readonly #eventLoop: EventLoopWatch;
  readonly #softHeapLimit: number;
  readonly #graceMs: number;
  #leaving: Leaving | undefined;
  /** A part of this package does not load: the thread ends, at once. */
  #broken = false;
  /** In doubt, it has waited for `graceMs`. */
  #graceOver = false;
  /** The loop waits for async tasks to end: as many are pending as may be, or this thread is leaving. */
  #waitsForEnds = false;
  /** No task has run since the heap was looked at. */
  #seen = true;
  /** When the event loop last went round, ms. */
  #turned = 0;
  readonly #breaks = new Breaks();
  readonly #begins: Begins;
  readonly #room: Room;

  constructor(context: WorkerContext) {
    const { start, functions } = context;
    this.#context = context;
    this.#eventLoop = new EventLoopWatch(context.ownResources);
    const config = start.config;
    this.#view = new WorkerView(start.memory, start.module, Number(config['block']));
    this.#view.announce();
    // Numbers as the coordinator gives them: by name in the order of the report, from 1. Until the codec is loaded,
    // nothing stands at 0, where source text is run, and is not called.
    const callables: Callable[] = [() => undefined];
    for (const fn of functions.values()) callables.push(fn.call as Callable);
    const concurrency = Number(config['concurrency']);
    this.#begins = new Begins(concurrency);
    this.#executor = new Executor(this.#view, start.worker, callables, concurrency, {
      port: start.taskPort,
      names: new Map(Array.from(functions.values(), ({ name, call }) => [name, call as Callable])),
      onMoved: () => this.#eventLoop.movesData(),
      onAsyncEnd: () => this.#asyncEnded(),
      onBroken: (cause) => this.#break(cause),
    });
    this.#room = new Room(this.#view, this.#executor, this.#begins);
    forks.poke = () => this.#view.poke();
    forks.onAsyncEnd = () => this.#asyncEnded();
    this.#pace = new Pace(this.#view);
    this.#spinner = new Spinner(this.#view);
    this.#softHeapLimit = Number(config['softHeapLimit']);
    this.#graceMs = Number(config['graceMs']);
    context.onStray((error) => {
      context.reportStray(error);
      this.#leave({ why: 'doubt' });
    });
    context.serve({
      statistics: () => ({ asyncPending: this.#executor.pending }),
      drain: () => this.#untilNothingPending(),
    });
  }

  async run(): Promise<void> {
    // What a fresh worker's heap holds includes the codec. And what forks cannot wait for it.
    if (this.#softHeapLimit > 0 || forks.imported) await this.#executor.load();
    if (!this.#broken) this.#report({ report: 'began', heapUsed: this.#softHeapLimit > 0 ? heapUsed() : 0 });
    /** When a search saw work, ms. */
    let seen: number | undefined;
    let end: TurnEnd | undefined;
    for (;;) {
      end = this.#turn(seen, end === 'news');
      const due = seen === undefined ? 'nothing' : this.#breaks.due(seen);
      seen = undefined;
      switch (end) {
        case 'budget':
          // Either way promises go on: nothing is left on the stack.
          if (this.#mayPutOff()) await undefined;
          else await this.#roundTheLoop();
          break;
        case 'news':
          if (this.#room.givesWay()) while (this.#room.goesOn()) await undefined;
          break;
        case 'saturated':
          this.#pace.end();
          await this.#untilRoom();
          break;
        case 'loading':
          this.#view.stopSearching();
          await this.#executor.held;
          this.#pace.begin();
          this.#executor.runHeld();
          this.#pace.end();
          break;
        case 'command':
          this.#pace.end();
          if (await this.#obey()) return this.#executor.loaded;
          break;
        case 'empty':
          if (due !== 'nothing') {
            this.#view.stopSearching();
            if (due === 'promises' || this.#mayPutOff()) await undefined;
            else await this.#roundTheLoop();
          }
          if (this.#executor.pending === 0) seen = this.#spinner.spin(this.#pace);
          else seen = await this.#spinner.spinAmongPromises(this.#pace, this.#executor, this.#turnLoop);
          if (seen === undefined) await this.#idle();
          break;
      }
    }
  }

  // `goesOn`: the turn before has not ended, but given way to promises.
  #turn(seen: number | undefined, goesOn: boolean): TurnEnd {
    const { core, memory, block, commandAt } = this.#view;
    const executor = this.#executor;
    const pace = this.#pace;
    if (this.#leaving !== undefined || this.#broken || this.#view.command !== 0) return 'command';
    if (executor.pending >= this.#begins.limit) return 'saturated';
    let next = core.next(block);
    if (next === 0) return 'empty';
    this.#eventLoop.touched();
    this.#seen = false;
    if (!goesOn) pace.begin(seen);
    for (;;) {
      const more = pace.more() && this.#leaving === undefined && memory.i32[commandAt] === 0;
      next = next > 0 ? executor.run(next - 1, more) : executor.runChild(next, more);
      if (next !== 0) continue;
      if (more && executor.held === undefined) {
        if (executor.news && executor.pending > 0) return 'news';
        if (executor.pending < this.#begins.limit) return 'empty';
      }
      pace.end();
      if (executor.held !== undefined) return 'loading';
      if (this.#leaving !== undefined || memory.i32[commandAt] !== 0) return 'command';
      return executor.pending < this.#begins.limit ? 'budget' : 'saturated';
    }
  }

  async #idle(): Promise<void> {
    this.#pace.end();
    if (this.#eventLoop.mustTurn()) {
      await this.#roundTheLoop();
      return;
    }
    const { core, block } = this.#view;
    const blocks = this.#blocked();
    if ((blocks ? core.park(block) : core.parkLooping(block)) === 0) {
      // Subtle: `park` refuses until it is answered.
      if (this.#view.pinged) await this.#roundTheLoop();
      return;
    }
    const from = performance.now();
    if (blocks) this.#sleep();
    else await this.#sleepWithEventLoop();
    core.unpark(block);
    this.#spinner.slept(performance.now() - from);
    this.#room.slept();
    this.#eventLoop.touched();
  }

  // Nothing asynchronous is left behind, so the thread may block.
  #blocked(): boolean {
    return (
      this.#executor.pending === 0 &&
      !this.#executor.loading &&
      this.#context.pendingControlCalls === 0 &&
      !this.#eventLoop.busy()
    );
  }

  #sleep(): void {
    const { memory, parkAt } = this.#view;
    while (Atomics.load(memory.i32, parkAt) === 0) {
      if (Atomics.wait(memory.i32, parkAt, 0, this.#patience()) !== 'timed-out') continue;
      void this.#loadCodec();
      // Subtle: not just leave. Who has won this thread's parked bit meanwhile has to find it awake.
      this.#view.poke();
    }
  }

  async #sleepWithEventLoop(): Promise<void> {
    const { memory, parkAt } = this.#view;
    const begins = this.#begins;
    const hold = this.#eventLoop.hold();
    begins.rests();
    while (Atomics.load(memory.i32, parkAt) === 0) {
      const wait = Atomics.waitAsync(memory.i32, parkAt, 0, this.#patience());
      if (wait.async && (await wait.value) === 'timed-out') void this.#loadCodec();
    }
    hold();
    begins.rested(this.#executor.pending);
    this.#answerPing();
  }

  #patience(): number {
    if (!this.#executor.complete && !this.#executor.loading) return QUIET_MS;
    // Tasks ran too shortly after a look at the heap, or go on: it is looked at again.
    const look = this.#softHeapLimit > 0 && (!this.#seen || this.#executor.pending > 0);
    return look ? SLOW_MS : Number.POSITIVE_INFINITY;
  }

  // So that nobody waits for it later. Then this thread can block again.
  async #loadCodec(): Promise<void> {
    await this.#executor.load();
    this.#view.poke();
  }

  // Whatever it was called meanwhile, and even if it has run tasks: to the coordinator it failed to start.
  #break(cause: unknown): void {
    this.#broken = true;
    this.#context.reportBroken(cause);
    this.#view.poke();
  }

  // After a task of many ms, a turn of an event loop that has nothing to do costs as much as 30 submissions.
  #mayPutOff(): boolean {
    return performance.now() - this.#turned < LONGEST_PUT_OFF_MS && !this.#view.pinged && this.#blocked();
  }

  readonly #turnLoop = (): Promise<void> => this.#roundTheLoop();

  async #roundTheLoop(): Promise<void> {
    const { memory, block } = this.#view;
    this.#view.stopSearching();
    await turnOfEventLoop();
    this.#eventLoop.turned();
    this.#turned = performance.now();
    mixTargets();
    if (this.#pace.due()) {
      memory.f64[(block + L.W_HEAP) >> 3] = heapUsed();
      this.#seen = true;
    }
    if (this.#softHeapLimit > 0 && memory.f64[(block + L.W_HEAP) >> 3]! > this.#softHeapLimit)
      this.#leave({ why: 'heap' });
    this.#answerPing();
  }

  // "Are you turning?" - and the sign that an async task was cancelled.
  #answerPing(): void {
    this.#view.answerPing(() => this.#executor.releaseCancelled());
  }

  async #untilRoom(): Promise<void> {
    const hold = this.#eventLoop.hold();
    this.#waitsForEnds = true;
    this.#view.stopSearching();
    await this.#room.untilThereIs(() => {
      this.#answerPing();
      return this.#leaving !== undefined || this.#broken || this.#view.command !== 0;
    });
    this.#waitsForEnds = false;
    hold();
  }

  #asyncEnded(): void {
    const { pending } = this.#executor;
    this.#begins.ended(pending);
    if (this.#waitsForEnds && (pending < this.#begins.limit || this.#leaving !== undefined))
      this.#view.poke();
  }

  /** Asks to be replaced. The coordinator takes back what it has given this worker, and says `CMD_RECYCLE`. */
  #leave(leaving: Leaving): void {
    const before = this.#leaving;
    if (before?.why === 'doubt' || before?.why === leaving.why) return;
    this.#leaving = leaving;
    if (before === undefined) this.#report({ report: 'leaving' });
    // Subtle: the timer itself says that the time is over. A clock read when it fires may say that it is not yet.
    if (leaving.why === 'doubt')
      setTimeout(() => {
        this.#graceOver = true;
        this.#view.poke();
      }, this.#graceMs);
    this.#view.poke();
  }

  /** True when the loop is over. */
  async #obey(): Promise<boolean> {
    const { memory, block } = this.#view;
    this.#view.stopSearching();
    if (this.#stopped()) return true;
    Atomics.store(memory.i32, (block + L.W_LEFT) >> 2, 1);
    await this.#finish();
    return true;
  }

  // The end of a thread that leaves: its async tasks go on, and nothing new is begun.
  async #finish(): Promise<void> {
    const { memory, parkAt } = this.#view;
    const hold = this.#eventLoop.hold();
    this.#waitsForEnds = true;
    while (!this.#finished()) {
      Atomics.store(memory.i32, parkAt, 0);
      this.#answerPing();
      this.#runWhatWasMovedHere();
      if (this.#finished()) break;
      await this.#room.waitOrRunOwnChild();
    }
    hold();
  }

  #finished(): boolean {
    if (this.#stopped()) return true;
    const leaving = this.#leaving!;
    // A task that never settles must not keep a thread in doubt for ever; it is lost with the thread.
    if (leaving.why === 'doubt') return this.#executor.pending === 0 || this.#graceOver;
    return this.#mayGo && this.#view.inboxSize === 0 && this.#executor.pending === 0;
  }

  // Only now is it known that the inbox gets nothing more. What the coordinator could not take back is in it still:
  // tasks that something was moved with, which would be lost with this thread.
  #runWhatWasMovedHere(): void {
    const { core, block } = this.#view;
    while (this.#leaving!.why === 'heap' && this.#mayGo && this.#view.inboxSize > 0) {
      // The inbox comes first: at most one task from elsewhere is met, when its last entry is one that was taken back.
      const next = core.next(block);
      if (next === 0) return;
      this.#pace.begin();
      this.#executor.run(next - 1, false);
      this.#pace.end();
    }
  }

  async #untilNothingPending(): Promise<void> {
    const hold = this.#eventLoop.hold();
    while (this.#executor.pending > 0 && !this.#stopped()) {
      this.#answerPing();
      await new NativePromise((resolve) => setTimeout(resolve, 1));
    }
    hold();
  }

  #report(report: WorkerReport): void {
    this.#context.start.controlPort.postMessage(report);
  }

  // The coordinator knows that this thread leaves.
  get #mayGo(): boolean {
    return this.#view.command === L.CMD_RECYCLE;
  }

  #stopped(): boolean {
    return this.#broken || this.#view.command === L.CMD_STOP;
  }
}
