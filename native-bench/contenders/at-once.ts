import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { Contender } from './contender.ts';
import { WORKER_EXEC_ARGV } from './contender.ts';
import { NO_POOL, type Problem, type Solution, type Solver } from './solver.ts';

/** What a thread says when it has solved its problem; times are ms since the epoch. */
interface Solved {
  readonly from: number;
  readonly to: number;
  readonly answer: readonly number[];
}

/**
 * The plain program on each of so many threads at once, with an input of its own for each and nothing shared. The time is
 * that of all over their number: what the cores are worth together, to whoever divides the work. Where memory, the clock
 * rate or a neighbour on the host makes two programs slower than one, no library is twice as fast.
 */
export const jsAtOnce: Contender = {
  name: 'js-at-once',
  family: 'js-at-once',
  kind: 'yardstick',
  async start(): Promise<Solver> {
    const crew = new Crew();
    return {
      ...NO_POOL,
      parallel: true,
      solve: (problem, threads) => crew.solve(problem, threads),
      close: () => crew.close(),
    };
  },
};

/** Threads that all begin when the word in `gate` changes. */
class Crew {
  readonly #gate = new Int32Array(new SharedArrayBuffer(4));
  readonly #threads: Worker[] = [];

  async solve({ program, numbers }: Problem, threads: number): Promise<Solution> {
    while (this.#threads.length < threads) this.#threads.push(this.#start());
    const solving = this.#threads.slice(0, threads);
    const round = this.#gate[0]! + 1;
    const prepared = answers(solving);
    for (const thread of solving) thread.postMessage({ program, numbers, round });
    await prepared;
    const ended = answers(solving);
    Atomics.store(this.#gate, 0, round);
    Atomics.notify(this.#gate, 0);
    const solved = (await ended) as readonly Solved[];
    const answer = solved[0]!.answer;
    for (const other of solved) {
      if (String(other.answer) !== String(answer)) {
        throw new Error(
          `${program} gave ${String(answer)} on one thread and ${String(other.answer)} on another`,
        );
      }
    }
    const from = Math.min(...solved.map((thread) => thread.from));
    const to = Math.max(...solved.map((thread) => thread.to));
    return { ms: (to - from) / threads, answer };
  }

  async close(): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.terminate()));
  }

  #start(): Worker {
    return new Worker(new URL('../tasks/at-once.mjs', import.meta.url), {
      execArgv: [...WORKER_EXEC_ARGV],
      workerData: this.#gate.buffer,
    });
  }
}

/** The next message of each thread. Rejects when one of them fails. */
async function answers(threads: readonly Worker[]): Promise<readonly unknown[]> {
  return Promise.all(threads.map(async (thread) => (await once(thread, 'message'))[0]));
}
