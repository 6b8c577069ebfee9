/**
 * A pool on a virtual clock: so many servers, one queue, and a task ends when the test takes the next step.
 *
 * @module
 */
import type { RunOptions } from '../../../src/coordinator/options.ts';
import type { Clock } from '../../../src/parallel/graph/execution.ts';

interface Job {
  readonly ms: number;
  readonly name: string;
  end: number;
  readonly finish: () => void;
  readonly cancel: (reason: unknown) => void;
}

/** What a task does: how long it takes, and what comes of it. */
export interface Task {
  readonly ms: number;
  result(): unknown;
}

export class FakePool {
  readonly workers: number;
  readonly #behaviour: (name: string, args: readonly unknown[], options: RunOptions | undefined) => Task;
  #queue: Job[] = [];
  #running: Job[] = [];
  #now = 0;
  /** Handed over and not settled, the most there ever were. */
  most = 0;
  calls = 0;

  constructor(
    workers: number,
    behaviour: (name: string, args: readonly unknown[], options: RunOptions | undefined) => Task,
  ) {
    this.workers = workers;
    this.#behaviour = behaviour;
  }

  get clock(): Clock {
    return { now: () => this.#now, defer: (callback) => void setImmediate(callback) };
  }

  run(name: never, args: never = [] as never, options?: RunOptions): Promise<unknown> {
    this.calls++;
    const task = this.#behaviour(name, args, options);
    return this.task(name, task, options?.signal);
  }

  /** Something else that ends at a step. */
  task(name: string, { ms, result }: Task, signal?: AbortSignal): Promise<unknown> {
    const promise = new Promise((resolve, reject) => {
      const job: Job = {
        ms,
        name,
        end: 0,
        finish: () => {
          try {
            resolve(result());
          } catch (error) {
            reject(error);
          }
        },
        cancel: reject,
      };
      if (signal?.aborted) reject(signal.reason);
      else this.#queue.push(job);
      signal?.addEventListener('abort', () => {
        this.#queue = this.#queue.filter((other) => other !== job);
        this.#running = this.#running.filter((other) => other !== job);
        job.cancel(signal.reason);
        this.#fill();
      });
    });
    this.#fill();
    this.most = Math.max(this.most, this.#queue.length + this.#running.length);
    return promise;
  }

  /** Names of what is on a server or waits for one. */
  get outstanding(): readonly string[] {
    return [...this.#running, ...this.#queue].map((job) => job.name);
  }

  /** The running task that is due first ends. */
  step(): void {
    const [next] = this.#running.toSorted((a, b) => a.end - b.end);
    if (next === undefined) return;
    this.#now = next.end;
    this.#running = this.#running.filter((other) => other !== next);
    next.finish();
    this.#fill();
  }

  /** Takes steps until the promise has settled; it must not stay open for ever. */
  async drive<T>(promise: Promise<T>, beforeStep: (step: number) => void = () => {}): Promise<T> {
    let settled = false;
    const watched = promise.finally(() => {
      settled = true;
    });
    watched.catch(() => {});
    for (let step = 0, idle = 0; !settled; step++) {
      await new Promise((resolve) => setImmediate(resolve));
      if (settled) break;
      idle = this.#running.length === 0 ? idle + 1 : 0;
      if (idle > 1000) throw new Error('Nothing is running, and the run is not over.');
      beforeStep(step);
      this.step();
    }
    return watched;
  }

  #fill(): void {
    while (this.#running.length < this.workers) {
      const job = this.#queue.shift();
      if (job === undefined) return;
      job.end = this.#now + job.ms;
      this.#running.push(job);
    }
  }
}
