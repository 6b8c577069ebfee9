/**
 * Threads for the tests of locks: each plays a role of `fixtures/crew.mjs`, all begin at once, and a thread that has
 * ended is marked dead in shared memory at its `exit`, where the others look.
 *
 * @module
 */
import { Worker } from 'node:worker_threads';
import { onePerThread } from '../../../dist/workers/one-per-thread.js';
import { until } from '../../process/harness/until.ts';

const FILE = new URL('./fixtures/crew.mjs', import.meta.url);

const GATE = 0;
const READY = 1;
const STOP = 2;
const PROGRESS = 3;

/** By id of thread; for all crews of a test file. */
const dead = new Int32Array(new SharedArrayBuffer(4 * 65_536));
onePerThread('liveness', () => ({ isAlive: (_id: number): boolean | undefined => undefined })).isAlive = (
  id,
) => Atomics.load(dead, id) === 0;

export interface Member<Result> {
  /** What the role returned; rejects when the thread ends without. */
  readonly result: Promise<Result>;
  /** Ends the thread where it is; resolves when it has exited. */
  kill(): Promise<void>;
}

export class Crew implements AsyncDisposable {
  readonly control: Int32Array = new Int32Array(new SharedArrayBuffer(32));
  readonly #workers: Worker[] = [];

  hire<Result = unknown>(role: string, data: object, env: NodeJS.ProcessEnv = process.env): Member<Result> {
    const { control } = this;
    const worker = new Worker(FILE, { workerData: { ...data, role, control, dead }, env, stderr: true });
    const id = worker.threadId + 1;
    this.#workers.push(worker);
    const exited = new Promise<void>((resolve) => {
      worker.once('exit', () => {
        Atomics.store(dead, id, 1);
        resolve();
      });
    });
    const result = new Promise<Result>((resolve, reject) => {
      worker.once('message', resolve);
      worker.once('error', reject);
      worker.once('exit', (code) => reject(new Error(`The ${role} ended with code ${code}.`)));
    });
    // Of a thread that is killed nobody asks for the result.
    result.catch(() => {});
    return {
      result,
      async kill() {
        await worker.terminate();
        await exited;
      },
    };
  }

  /** Lets all begin, once all are there. */
  async start(): Promise<void> {
    const all = this.#workers.length;
    await until('every thread is ready', () => Atomics.load(this.control, READY) === all);
    Atomics.store(this.control, GATE, 1);
    Atomics.notify(this.control, GATE);
  }

  stop(): void {
    Atomics.store(this.control, STOP, 1);
    Atomics.notify(this.control, STOP);
  }

  get progress(): number {
    return Atomics.load(this.control, PROGRESS);
  }

  /** Some steps further than now, or all there are. */
  async further(steps: number, all: number = Number.POSITIVE_INFINITY): Promise<void> {
    const goal = Math.min(this.progress + steps, all);
    await until('the threads get on', () => this.progress >= goal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }
}

export const cells = (count: number): Int32Array => new Int32Array(new SharedArrayBuffer(4 * count));
