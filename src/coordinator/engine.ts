/**
 * The coordinator's parts, put together: submission on one side, settlement on the other, limits, lines and threads
 * around them. The pool is its public face.
 *
 * @module
 */
import { type MessagePort, threadId } from 'node:worker_threads';
import type { PortResult } from '../../workers/payloads.ts';
import { MillraceError, WorkerError } from '../errors.ts';
import * as L from '../memory/layout.ts';
import { DEFAULT_SIZES, Plant } from '../memory/plant.ts';
import { sharedNow } from '../memory/shared-memory.ts';
import { levelSchedule } from '../scheduling/levels.ts';
import { Bell } from './bell.ts';
import { hasEnded } from './blocking.ts';
import { Crew } from './crew.ts';
import type { CrewHooks } from './crew-hooks.ts';
import { Descendants } from './descendants.ts';
import { FunctionTable } from './functions.ts';
import type { Handle } from './handle.ts';
import { Intake } from './intake.ts';
import { Ledger } from './ledger.ts';
import { Limits } from './limits.ts';
import { Lines } from './lines.ts';
import { forgetThreads, knowThreads } from './liveness.ts';
import { raise } from './raise.ts';
import { Recall } from './recall.ts';
import { Recovery } from './recovery.ts';
import { rejectAll } from './reject-all.ts';
import { Settlement } from './settlement.ts';
import { withRoomForThreads } from './threads/address-space.ts';
import type { Supervisor } from './threads/supervisor.ts';
import type { Resolved } from './validate.ts';
import { Window } from './window.ts';

/** How often waiting levels are looked at for ageing, ms. */
const AGEING_MS = 100;
/** With so many tasks in shared memory, submissions look for some that have ended. */
const LOOK_FROM = 256;
/** How long after a turn of settling began submissions may settle more, ms. */
const CHAIN_MS = 1;
/** Microtasks between a result and the one who awaits it behind a few async functions. An error takes three more. */
const HOPS = 8;

let pools = 0;

/** Unlike that of any other pool of the process, by whichever copy of this package it was made. */
function nameOfPool(): string {
  return `${threadId} ${++pools} ${sharedNow()}`;
}

export interface EngineEvents {
  crashed(worker: number, error: Error, tasks: number): void;
  stuck(worker: number): void;
  stray(worker: number, error: Error): void;
  drained(): void;
  /** There may be room for waiting producers. */
  progressed(): void;
  failed(error: Error): void;
}

export interface EngineParts {
  readonly options: Resolved;
  readonly cores: number;
  readonly supervisor: Supervisor;
  readonly events: EngineEvents;
}

export class Engine {
  readonly plant: Plant;
  readonly window: Window;
  readonly ledger: Ledger;
  readonly intake: Intake;
  readonly lines: Lines;
  readonly limits: Limits;
  readonly settlement: Settlement;
  readonly bell: Bell;
  readonly recall: Recall;
  readonly crew: Crew;
  readonly functions: FunctionTable = new FunctionTable();
  readonly name: string = nameOfPool();
  crashes = 0;
  /** Why nothing runs any more, once that is so. */
  over: (() => Error) | undefined;
  readonly #events: EngineEvents;
  readonly #recovery: Recovery;
  #rejecting: Promise<void> | undefined;
  #sinceLook = 0;
  #turnBegan = 0;
  /** A submission has settled others since the turn began. */
  #looked = false;
  /** And microtasks have run since: whoever submits now may have been woken by that. */
  #inChain = false;
  #ageing: NodeJS.Timeout | undefined;
  #retry: NodeJS.Timeout | undefined;
  readonly #levelHeads = new Int32Array(L.LEVELS);
  readonly #levelMoved = new Float64Array(L.LEVELS);

  constructor({ options, cores, supervisor, events }: EngineParts) {
    this.#events = events;
    const { workers, maxMemory } = options;
    this.plant = withRoomForThreads(options, () => new Plant({ ...DEFAULT_SIZES, workers }, maxMemory));
    this.plant.memory.i32[(L.HEADER + L.H_CORES) >> 2] = cores;
    knowThreads(this.plant.memory);
    this.plant.setSchedule(levelSchedule([0, 0, 0, 0], L.SCHEDULE_LENGTH));
    this.window = new Window(this.plant);
    this.ledger = new Ledger(() => events.drained());
    const release = (slot: number, handle: Handle | undefined): void => {
      if (handle !== undefined) this.lines.returned(handle);
      this.intake.release(slot);
    };
    this.intake = new Intake(
      this.window,
      (handle) => this.lines.add(handle),
      (handle) => this.limits.placed(handle),
    );
    const refused = (handle: Handle, error: Error): void =>
      this.limits.cancel(handle, () => raise(error, handle.submitted));
    this.lines = new Lines(this.intake, options, () => this.crew.seats, sharedNow, refused);
    const settled = (handle: Handle): void => this.limits.settled(handle);
    this.settlement = new Settlement(
      this.window,
      this.ledger,
      {
        portOf: (block) => this.#portOf(block),
        release,
        settled,
        some: () => this.#follow(HOPS),
        corrupt: (what) => this.#corrupt(what),
      },
      sharedNow,
    );
    const descendants = new Descendants(this.plant, options.graceMs, (block) => this.crew.kill(block));
    this.limits = new Limits(
      this.intake,
      this.ledger,
      {
        drain: () => this.look(),
        release,
        ping: (block) => this.crew.ping(block),
        kill: (block) => this.crew.kill(block),
        runnersFor: (reference) => descendants.runnersFor(reference),
        progressed: () => events.progressed(),
      },
      options.graceMs,
    );
    this.#recovery = new Recovery({
      descendants,
      intake: this.intake,
      ledger: this.ledger,
      lines: this.lines,
      settlement: this.settlement,
      maxAttempts: options.maxAttempts,
      settled,
      release,
    });
    this.recall = new Recall(this.plant);
    this.bell = new Bell(
      this.plant,
      () => this.#turn(),
      (at) => this.look(at).ended,
      sharedNow,
      cores,
    );
    this.crew = new Crew(
      this.plant,
      supervisor,
      {
        workers: options.workers,
        modules: options.modules,
        softHeapLimit: options.softHeapLimit,
        config: {
          concurrency: options.concurrency,
          softHeapLimit: options.softHeapLimit,
          graceMs: options.graceMs,
          pool: this.name,
        },
        graceMs: options.graceMs,
        now: sharedNow,
      },
      this.#crewHooks(),
    );
  }

  /** A task was accepted: its end will be noticed. With many outstanding, some are settled now, so that workers go on. */
  accepted(): void {
    this.ledger.accepted();
    this.issued();
  }

  /** As `accepted`, of what is counted already. */
  issued(): void {
    this.bell.watch();
    this.recall.watch();
    if (++this.#sinceLook < 64) return;
    this.#sinceLook = 0;
    if (this.ledger.pending > this.plant.sizes.workers) this.#startAgeing();
    if (this.intake.waiting === 0 && this.window.held < LOOK_FROM) return;
    // Subtle: settling here wakes callers who submit again, and so on in one chain of microtasks that no timer
    // interrupts. Once microtasks have run since, the turn's time is the limit; a loop that submits runs none.
    if (this.#inChain && sharedNow() - this.#turnBegan > CHAIN_MS) return;
    this.#looked = true;
    queueMicrotask(this.#chain);
    this.look();
  }

  /** A task for one worker, or one that only a port can carry. */
  line(handle: Handle): void {
    this.lines.add(handle);
    if (handle.worker === undefined) return;
    const error = this.crew.downBy(handle.worker);
    if (error !== undefined) this.#rejectLine(handle.worker, error);
  }

  /** Settles what has ended and fills the room it leaves. `at`: now, ms, from who has read the clock already. */
  look(at?: number): { ended: number; more: boolean } {
    const result = this.settlement.drain(at);
    if (result.ended > 0 || this.#stalled) {
      this.#issue();
      this.#events.progressed();
    }
    return result;
  }

  /**
   * While the event loop does not turn: does for threads that have ended what their `exit` will do again. False: no
   * thread is left.
   */
  mendUnheard(): boolean {
    const { blocks, memory } = this.plant;
    let left = 0;
    let ended = 0;
    for (let block = 0; block < blocks.length; block++) {
      const at = blocks[block]!;
      if (Atomics.load(memory.i32, (at + L.W_THREAD) >> 2) === 0) continue;
      if (!hasEnded(Atomics.load(memory.i32, (at + L.W_SYSTEM_THREAD) >> 2))) {
        left++;
        continue;
      }
      ended++;
      const worker = this.crew.unseat(block);
      const cause = new MillraceError('ERR_WORKER_EXITED', `The thread of worker ${worker} has ended.`);
      this.#recovery.recover(block, worker, cause);
    }
    // What only a port can carry is back in a line, and for others to take.
    if (ended > 0) this.#issue();
    return left > 0;
  }

  /** Ends every outstanding task with this error: the pool is over. Resolves when all have settled. */
  rejectAll(error: () => Error): Promise<void> {
    this.over ??= error;
    this.#rejecting ??= rejectAll(this, error);
    return this.#rejecting;
  }

  /** No thread is left: timers and ports go. */
  dispose(): void {
    clearInterval(this.#ageing);
    clearTimeout(this.#retry);
    this.recall.close();
    this.bell.close();
    forgetThreads(this.plant.memory);
    this.ledger.close();
  }

  // Gives the workers what waits, unless that is about to be rejected.
  #issue(): void {
    if (this.over !== undefined) return;
    this.intake.refill();
    this.lines.dispatch();
  }

  readonly #chain = (): void => {
    this.#inChain = true;
  };

  // Subtle: a microtask queued by a submission comes behind all that have settled before it, and each of those can
  // submit, too. So microtasks go along with the results: some hops later whoever awaits them submits again.
  #follow(hops: number): void {
    queueMicrotask(() => {
      if (this.#looked) this.#inChain = true;
      else if (hops > 0) this.#follow(hops - 1);
    });
  }

  #turn(): { ended: number; more: boolean; outstanding: boolean } {
    this.#inChain = false;
    this.#looked = false;
    this.#turnBegan = sharedNow();
    const { ended, more } = this.look(this.#turnBegan);
    this.recall.watch();
    if (this.#stalled) this.#retry ??= setTimeout(() => this.#retryStalled(), 1);
    return { ended, more, outstanding: this.ledger.pending > 0 };
  }

  // Something waits for room in a ring, and nothing tells when there is some.
  get #stalled(): boolean {
    return this.intake.stalled || this.lines.stalled;
  }

  #retryStalled(): void {
    this.#retry = undefined;
    this.bell.nudge();
  }

  #crewHooks(): CrewHooks {
    return {
      functions: (report, registered) => this.functions.accept(report, registered),
      ready: () => this.#issue(),
      data: (block, message) => this.settlement.deliver(block, message as PortResult),
      recover: (block, worker, cause) => {
        const tasks = this.#recovery.recover(block, worker, cause);
        this.#issue();
        this.bell.nudge();
        this.#events.progressed();
        return tasks;
      },
      draining: (block) => {
        this.#recovery.takeBack(block);
        this.#issue();
      },
      abandon: (block, worker, cause) => this.#recovery.abandon(block, worker, cause),
      crashed: (worker, error, tasks) => {
        this.crashes++;
        this.#events.crashed(worker, error, tasks);
      },
      down: (worker, error) => this.#rejectLine(worker, error),
      stuck: (worker) => this.#events.stuck(worker),
      stray: (worker, error) => this.#events.stray(worker, error),
      failed: (error) => this.#events.failed(error),
    };
  }

  // The worker will have no thread any more: what may run nowhere else never will.
  #rejectLine(worker: number, cause: Error): void {
    const text = `Worker ${worker} has given up, and the task may run on no other (\`affinity\`): ${cause.message}`;
    for (const handle of this.lines.clearOwn(worker)) {
      const error = new WorkerError('ERR_WORKER_CRASHED', { worker, started: false, attempts: 0 }, text, {
        cause,
      });
      this.limits.cancel(handle, () => raise(error));
    }
  }

  #portOf(block: number): MessagePort | undefined {
    return this.crew.threadOf(block)?.port;
  }

  #corrupt(what: string): void {
    this.#events.failed(
      new MillraceError(
        'ERR_CORRUPT',
        `Shared memory is corrupt (${what}). A task may have written to it; the pool has stopped.`,
      ),
    );
  }

  #startAgeing(): void {
    if (this.#ageing !== undefined) return;
    // What nobody has looked at counts as moved just now: how long it has stood still is not known.
    this.#levelMoved.fill(sharedNow());
    this.#ageing = setInterval(() => this.#age(), AGEING_MS).unref();
  }

  // Levels whose tasks wait get more starts in the workers' schedule.
  #age(): void {
    const now = sharedNow();
    const { i32 } = this.plant.memory;
    const injector = i32[(L.HEADER + L.H_INJECTOR) >> 2]!;
    const stride = i32[(L.HEADER + L.H_LEVEL_STRIDE) >> 2]!;
    const ages = Array.from({ length: L.LEVELS }, (_, level) => {
      const head = Atomics.load(i32, (injector + level * stride + L.MC_HEAD) >> 2);
      const tail = Atomics.load(i32, (injector + level * stride + L.MC_TAIL) >> 2);
      if (head !== this.#levelHeads[level] || head === tail) {
        this.#levelHeads[level] = head;
        this.#levelMoved[level] = now;
      }
      return Math.max(now - this.#levelMoved[level]!, now - (this.intake.backlog[level]!.since ?? now));
    });
    this.plant.setSchedule(levelSchedule(ages, L.SCHEDULE_LENGTH));
    if (this.ledger.pending === 0) {
      clearInterval(this.#ageing);
      this.#ageing = undefined;
    }
  }
}
