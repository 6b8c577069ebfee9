/**
 * Threads for the tests of queues: each plays a role of `fixtures/crew.mjs`, all begin at once, and what they took is
 * counted in shared memory, item by item.
 *
 * @module
 */
import { Worker } from 'node:worker_threads';
import { until } from '../process/harness/until.ts';

const FILE = new URL('./fixtures/crew.mjs', import.meta.url);

const GATE = 0;
const READY = 1;
const STOP = 2;
const PROGRESS = 3;
const TAKEN = 4;

export interface Member<Result> {
  /** What the role returned; rejects when the thread ends without. */
  readonly result: Promise<Result>;
  /** Ends the thread where it is; resolves when it has exited. */
  kill(): Promise<void>;
}

export class Crew implements AsyncDisposable {
  readonly control: Int32Array = new Int32Array(new SharedArrayBuffer(32));
  /** How often each item was taken. */
  readonly seen: Uint8Array;
  readonly #workers: Worker[] = [];

  constructor(items: number) {
    this.seen = new Uint8Array(new SharedArrayBuffer(items + 1));
  }

  hire<Result = unknown>(role: string, data: object): Member<Result> {
    const { control, seen } = this;
    const worker = new Worker(FILE, { workerData: { ...data, role, control, seen } });
    this.#workers.push(worker);
    const result = new Promise<Result>((resolve, reject) => {
      worker.once('message', resolve);
      worker.once('error', reject);
      worker.once('exit', (code) => reject(new Error(`The ${role} ended with code ${code}.`)));
    });
    // Of a thread that is killed nobody asks for the result.
    result.catch(() => {});
    const exited = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
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

  /** Takers end when they find nothing more. */
  stop(): void {
    Atomics.store(this.control, STOP, 1);
  }

  /** The last item that was surely given away. */
  get progress(): number {
    return Atomics.load(this.control, PROGRESS);
  }

  get taken(): number {
    return Atomics.load(this.control, TAKEN);
  }

  see(item: number): void {
    Atomics.add(this.seen, item, 1);
  }

  /** Items from 1 to `last` that nobody took, and all that were taken more than once. */
  audit(last: number): { readonly missing: readonly number[]; readonly twice: readonly number[] } {
    const missing: number[] = [];
    const twice: number[] = [];
    this.seen.forEach((times, item) => {
      if (times === 0 && item >= 1 && item <= last) missing.push(item);
      if (times > 1) twice.push(item);
    });
    return { missing, twice };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }
}
