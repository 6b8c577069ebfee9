/**
 * The worker threads: which number has which thread and which block, what happens when one becomes ready, ends, or
 * does not end.
 *
 * @module
 */
import { MillraceError } from '../errors.ts';
import * as L from '../memory/layout.ts';
import type { Plant } from '../memory/plant.ts';
import type { CrewHooks, CrewOptions } from './crew-hooks.ts';
import { SoftHeapLimit } from './heap-limit.ts';
import type { Seat } from './lines.ts';
import { Tallies, type Tally } from './tallies.ts';
import { exitError, startExit, type ThreadExit } from './threads/exit.ts';
import { RespawnPolicy } from './threads/respawn.ts';
import type { Supervisor, Thread } from './threads/supervisor.ts';

/** After its grace a thread that means to end has ended within this time, ms. */
const HANDOVER_MS = 50;

/** How one worker number stands. */
type Post =
  /** `instead`: the thread it replaces, given up because it does not end. */
  | {
      readonly state: 'starting';
      readonly thread: Thread;
      readonly block: number;
      readonly instead: Thread | undefined;
    }
  | { readonly state: 'running'; readonly thread: Thread; readonly block: number; readonly seat: Seat }
  /** Its thread finishes what it has, to be replaced, and takes nothing new. After a while it is not waited for. */
  | { readonly state: 'draining'; readonly thread: Thread; readonly block: number }
  /** Between two threads; its block keeps waiting. */
  | { readonly state: 'between'; readonly block: number }
  | { readonly state: 'down'; readonly error: Error };

/** Who waits for the first thread of a worker number. */
interface FirstStart {
  ready(): void;
  failed(error: Error): void;
}

export class Crew {
  readonly #plant: Plant;
  readonly #supervisor: Supervisor;
  readonly #options: CrewOptions;
  readonly #hooks: CrewHooks;
  readonly #posts: Post[] = [];
  readonly #policies: RespawnPolicy[];
  readonly #restarts: number[];
  /** Threads that have not exited, by block: the current ones and the stuck ones. */
  readonly #alive = new Map<number, Thread>();
  /** Those that were told to end and have not in time. */
  readonly #stuck = new Set<Thread>();
  /** By worker number: a thread that still finishes what it has while another has its number. */
  readonly #outgoing = new Map<number, Thread>();
  /** Blocks of stuck threads that have exited since, free for reuse when a grace period has passed. */
  readonly #spare: { readonly block: number; readonly epoch: number }[] = [];
  readonly #tallies: Tallies;
  #seats: (Seat | undefined)[];
  #open = true;
  readonly #heapLimit: SoftHeapLimit;
  readonly #onEmpty: (() => void)[] = [];

  constructor(plant: Plant, supervisor: Supervisor, options: CrewOptions, hooks: CrewHooks) {
    this.#plant = plant;
    this.#supervisor = supervisor;
    this.#options = options;
    this.#hooks = hooks;
    this.#policies = Array.from({ length: options.workers }, () => new RespawnPolicy(options.now));
    this.#heapLimit = new SoftHeapLimit(options.softHeapLimit);
    this.#tallies = new Tallies(plant, options.workers);
    this.#restarts = new Array<number>(options.workers).fill(0);
    this.#seats = new Array<Seat | undefined>(options.workers).fill(undefined);
  }

  /** By worker number; undefined while that worker has no ready thread. */
  get seats(): readonly (Seat | undefined)[] {
    return this.#seats;
  }

  /** The thread of this block has ended, and its `exit` has not been heard of: nothing more is given to it. */
  unseat(block: number): number {
    const worker = this.#seats.findIndex((seat) => seat?.block === block);
    if (worker < 0) return block;
    this.#seats[worker] = undefined;
    return worker;
  }

  get threads(): number {
    return this.#alive.size;
  }

  threadOf(block: number): Thread | undefined {
    return this.#alive.get(block);
  }

  /** Why this worker has no thread and gets none any more; `undefined` while it may. */
  downBy(worker: number): Error | undefined {
    const post = this.#posts[worker];
    return post?.state === 'down' ? post.error : undefined;
  }

  state(worker: number): {
    state: Post['state'] | 'stuck';
    block: number | undefined;
    restarts: number;
    tally: Tally;
  } {
    const post = this.#posts[worker]!;
    return {
      state: this.#isStuck(post) ? 'stuck' : post.state,
      block: post.state === 'down' ? undefined : post.block,
      restarts: this.#restarts[worker]!,
      tally: this.#tallies.of(worker),
    };
  }

  // Until another thread takes tasks in its place.
  #isStuck(post: Post): boolean {
    if (!('thread' in post)) return false;
    const held = post.state === 'starting' ? (post.instead ?? post.thread) : post.thread;
    return this.#stuck.has(held);
  }

  /** Starts every worker. Rejects with the first start failure; then every thread is told to end. */
  start(): Promise<void> {
    const { workers } = this.#options;
    return new Promise((resolve, reject) => {
      let missing = workers;
      for (let worker = 0; worker < workers; worker++) {
        const first: FirstStart = {
          ready: () => {
            if (--missing === 0) resolve();
          },
          failed: (error) => {
            // Later it is a crash like any other.
            if (missing === 0) return;
            reject(error);
            void this.terminate(0);
          },
        };
        this.#spawn(worker, worker, { first });
      }
    });
  }

  /** Ends a thread that has run over its grace. */
  kill(block: number): void {
    this.#alive.get(block)?.requestKill();
  }

  /** Tells every loop to end after what it has in hand. Resolves when all threads have, or `ms` passed: then how many have not. */
  async stop(ms: number): Promise<number> {
    this.#open = false;
    const { i32 } = this.#plant.memory;
    for (const block of this.#alive.keys()) {
      Atomics.store(i32, (this.#plant.blocks[block]! + L.W_COMMAND) >> 2, L.CMD_STOP);
    }
    this.#plant.core.wakeAll();
    return this.#gone(ms);
  }

  /** Kills every thread. Resolves when all are gone or `ms` passed: then how many are not. */
  async terminate(ms: number): Promise<number> {
    this.#open = false;
    for (const thread of this.#alive.values()) thread.requestKill();
    return this.#gone(ms);
  }

  async #gone(ms: number): Promise<number> {
    if (this.#alive.size > 0 && ms > 0) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms);
        this.#onEmpty.push(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
    return this.#alive.size;
  }

  #spawn(
    worker: number,
    block: number,
    { first, instead }: { readonly first?: FirstStart; readonly instead?: Thread } = {},
  ): void {
    const { modules, config } = this.#options;
    const address = this.#plant.blocks[block]!;
    const thread = this.#supervisor.spawn({
      worker,
      memory: this.#plant.memory.memory,
      module: this.#plant.module,
      modules,
      config: { ...config, block: address },
      nudge: () => this.ping(block),
    });
    this.#posts[worker] = { state: 'starting', thread, block, instead };
    this.#alive.set(block, thread);
    let failure: Error | undefined;
    let ready = false;
    const { softHeapLimit } = this.#options;
    thread.onReady(({ functions, registered }) => {
      if (!this.#open) return;
      try {
        this.#hooks.functions(functions, registered);
      } catch (error) {
        failure = error as Error;
        first?.failed(failure);
        thread.requestKill();
        return;
      }
      ready = true;
      this.#policies[worker]!.ready();
      const seat: Seat = { worker, block, port: thread.port };
      this.#posts[worker] = { state: 'running', thread, block, seat };
      this.#seats[worker] = seat;
      if (softHeapLimit === 0) first?.ready();
      this.#hooks.ready(worker);
    });
    let begun = false;
    thread.onBegan((heapUsed) => {
      begun = true;
      if (softHeapLimit === 0) return;
      const tooLow = this.#heapLimit.began(heapUsed);
      if (tooLow === undefined) first?.ready();
      else first?.failed(tooLow);
    });
    thread.onStartFailure((error) => {
      failure = error;
      first?.failed(error);
    });
    thread.onStray((error) => {
      // In doubt, it ends by itself after `graceMs`, unless code holds it that is no task's: then it is killed.
      if (ready) setTimeout(() => thread.requestKill(), this.#options.graceMs + 5 * HANDOVER_MS).unref();
      this.#hooks.stray(worker, error);
    });
    thread.onLeaving(() => this.#drains(worker, block, thread));
    thread.onStuck(() => this.#replaceStuck(worker, block, thread));
    thread.onData((message) => this.#hooks.data(block, message));
    // News only when its loop has not begun: one that has is replaced, whether or not the start still waits for others.
    thread.onExit((exit) => {
      if (!begun) first?.failed(exitError(worker, exit));
      this.#exited(worker, block, thread, startExit(exit, failure));
    });
  }

  /** Makes a worker let its event loop turn and look at its words, whatever it waits for. */
  ping(block: number): void {
    this.#plant.core.ping(this.#plant.blocks[block]!);
  }

  /** Whether this is the thread its worker number has, not one that has been given up. */
  #isCurrent(worker: number, thread: Thread): boolean {
    const post = this.#posts[worker]!;
    return 'thread' in post && post.thread === thread;
  }

  #drains(worker: number, block: number, thread: Thread): void {
    if (!this.#open || !this.#isCurrent(worker, thread)) return;
    this.#seats[worker] = undefined;
    this.#posts[worker] = { state: 'draining', thread, block };
    this.#hooks.draining(block);
    const at = (this.#plant.blocks[block]! + L.W_COMMAND) >> 2;
    Atomics.store(this.#plant.memory.i32, at, L.CMD_RECYCLE);
    this.ping(block);
    this.#succeedLater(worker, block, thread);
  }

  // What it has may never end, and its number must not be without a thread for that.
  #succeedLater(worker: number, block: number, thread: Thread): void {
    setTimeout(() => this.#succeed(worker, block, thread), this.#options.graceMs + HANDOVER_MS).unref();
  }

  #succeed(worker: number, block: number, thread: Thread): void {
    if (!this.#open || !this.#isCurrent(worker, thread) || this.#stuck.has(thread)) return;
    // One heap too large at a time: this one goes on waiting until that one has gone.
    if (this.#outgoing.has(worker)) return;
    let fresh: number;
    try {
      fresh = this.#freshBlock();
    } catch {
      // No memory for two: then it is waited for, after all.
      return;
    }
    this.#outgoing.set(worker, thread);
    this.#tallies.moved(worker, fresh);
    this.#posts[worker] = { state: 'between', block: fresh };
    this.#respawn(worker, fresh, { reason: 'returned' }, block);
  }

  #exited(worker: number, block: number, thread: Thread, exit: ThreadExit): void {
    this.#alive.delete(block);
    this.#stuck.delete(thread);
    const current = this.#isCurrent(worker, thread);
    const left = Atomics.exchange(this.#plant.memory.i32, (this.#plant.blocks[block]! + L.W_LEFT) >> 2, 0);
    if (current) this.#seats[worker] = undefined;
    const error = exitError(worker, exit);
    const wanted = !this.#open || (exit.reason === 'returned' && left === 1);
    const running = this.#hooks.recover(block, worker, error);
    if (!current) {
      this.#tallies.gone(worker, block);
      this.#spare.push({ block, epoch: this.#plant.core.graceBegin() });
    }
    this.#outgoingGone(worker, thread);
    if (this.#open && !wanted) this.#hooks.crashed(worker, error, running);
    if (current) this.#posts[worker] = { state: 'between', block };
    if (this.#open && current) this.#respawn(worker, block, exit);
    if (this.#alive.size === 0) for (const resolve of this.#onEmpty.splice(0)) resolve();
  }

  #outgoingGone(worker: number, thread: Thread): void {
    if (this.#outgoing.get(worker) !== thread) return;
    this.#outgoing.delete(worker);
    const post = this.#posts[worker]!;
    if (post.state === 'draining') this.#succeedLater(worker, post.block, post.thread);
  }

  /** `left`: the block of the thread that is replaced. */
  #respawn(worker: number, block: number, exit: ThreadExit, left: number = block): void {
    const decision = this.#policies[worker]!.ended(exit);
    if (decision.action === 'give-up') {
      this.#giveUp(worker, decision.error);
      return;
    }
    this.#restarts[worker]!++;
    if (exit.reason === 'returned') {
      const used = this.#plant.memory.f64[(this.#plant.blocks[left]! + L.W_HEAP) >> 3]!;
      this.#heapLimit.replaced(worker, decision.inARow, used);
    }
    const again = (): void => {
      if (this.#open) this.#spawn(worker, block);
    };
    // A task that waits for this worker keeps the process alive by itself.
    setTimeout(again, decision.delay).unref();
  }

  #giveUp(worker: number, error: Error): void {
    this.#posts[worker] = { state: 'down', error };
    this.#hooks.down(worker, error);
    if (this.#posts.every((post) => post.state === 'down')) this.#hooks.failed(error);
  }

  #replaceStuck(worker: number, block: number, thread: Thread): void {
    this.#stuck.add(thread);
    this.#hooks.stuck(worker);
    const current = this.#isCurrent(worker, thread);
    if (!current && this.#outgoing.get(worker) !== thread) return;
    if (current) this.#seats[worker] = undefined;
    this.#hooks.abandon(
      block,
      worker,
      new MillraceError('ERR_WORKER_STUCK', `Worker ${worker} does not end.`),
    );
    this.#outgoingGone(worker, thread);
    if (!this.#open || !current) return;
    let fresh: number;
    try {
      fresh = this.#freshBlock();
    } catch (error) {
      this.#giveUp(worker, error as Error);
      return;
    }
    this.#restarts[worker]!++;
    this.#tallies.moved(worker, fresh);
    this.#spawn(worker, fresh, { instead: thread });
  }

  // The memory of a stuck thread stays its own until its exit, and until no peer can hold a reference from it.
  #freshBlock(): number {
    const i = this.#spare.findIndex(({ epoch }) => this.#plant.core.graceOver(epoch) !== 0);
    return i < 0 ? this.#plant.addBlock() : this.#spare.splice(i, 1)[0]!.block;
  }
}
