import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { quantile } from '../../measure.ts';
import type { Figure } from '../figure.ts';
import { OWN } from './batch.ts';

const [SLEEP, ASKED, BELL, READY, NEVER, STOP] = [0, 1, 2, 3, 4, 5];
const WORDS = 6;
const STOPPED = 0x7fffffff;
/** Long enough for a thread to fall asleep, short enough for its core to stay awake. */
const REST_MS = 0.2;
const PATIENCE_MS = 10_000;
const WAKES = { full: 1_000, quick: 400, smoke: 20 };

class Pair {
  readonly #words = new Int32Array(new SharedArrayBuffer(WORDS * 4));
  readonly #times = new BigInt64Array(new SharedArrayBuffer(8));
  readonly #thread: Worker;

  constructor() {
    this.#thread = new Worker(new URL('./wake-thread.mjs', import.meta.url), {
      workerData: { words: this.#words, times: this.#times, restMs: REST_MS },
      execArgv: [],
    });
  }

  /**
   * This thread notifies one that sleeps in `Atomics.wait`. A thread that was preempted on its way into sleep is woken
   * before it got there: that is none, and the next one is made instead.
   */
  futex(count: number): number[] {
    const words = this.#begin('sleep', count);
    const took: number[] = [];
    const end = performance.now() + PATIENCE_MS;
    let round = 1;
    for (; took.length < count; round++) {
      if (performance.now() > end) {
        throw new Error(`Only ${took.length} of ${count} wakes met a sleeping thread in ${PATIENCE_MS} ms`);
      }
      this.#until(READY, round);
      Atomics.wait(words, NEVER, 0, REST_MS);
      Atomics.store(words, SLEEP, round);
      const from = process.hrtime.bigint();
      const woken = Atomics.notify(words, SLEEP, 1);
      this.#until(READY, -round, round + 1);
      if (woken === 1) took.push(Number(this.#times[0]! - from) / 1000);
    }
    this.#until(READY, round);
    Atomics.store(words, STOP, 1);
    Atomics.store(words, SLEEP, round);
    Atomics.notify(words, SLEEP, 1);
    this.#until(READY, STOPPED);
    return took;
  }

  /** Another thread notifies this one, which sleeps in its event loop by `Atomics.waitAsync`: how Millrace's bell rings. */
  async bell(count: number): Promise<number[]> {
    const words = this.#begin('ring', count);
    const took: number[] = [];
    for (let round = 1; round <= count; round++) {
      const sleeping = Atomics.waitAsync(words, BELL, round - 1);
      this.#ask(round);
      if (!sleeping.async) throw new Error('The bell rang before it was asked to');
      await sleeping.value;
      took.push(Number(process.hrtime.bigint() - this.#times[0]!) / 1000);
    }
    return took;
  }

  /** Another thread posts a message to this one, which sleeps in its event loop. */
  async message(count: number): Promise<number[]> {
    this.#begin('post', count);
    const took: number[] = [];
    const { promise, resolve } = withResolvers();
    const receive = (round: number): void => {
      took.push(Number(process.hrtime.bigint() - this.#times[0]!) / 1000);
      if (round === count) resolve();
      else this.#ask(round + 1);
    };
    this.#thread.on('message', receive);
    this.#ask(1);
    await promise;
    this.#thread.off('message', receive);
    return took;
  }

  async close(): Promise<void> {
    const gone = once(this.#thread, 'exit');
    await this.#thread.terminate();
    await gone;
  }

  #begin(what: string, count: number): Int32Array<SharedArrayBuffer> {
    this.#words.fill(0);
    this.#thread.postMessage({ what, count });
    return this.#words;
  }

  #ask(round: number): void {
    Atomics.store(this.#words, ASKED, round);
    Atomics.notify(this.#words, ASKED);
  }

  /** Sleeps until the word is one of the values. */
  #until(word: number, ...values: readonly number[]): void {
    const end = performance.now() + PATIENCE_MS;
    for (
      let seen = Atomics.load(this.#words, word);
      !values.includes(seen);
      seen = Atomics.load(this.#words, word)
    ) {
      if (performance.now() > end) throw new Error('The other thread does not answer');
      Atomics.wait(this.#words, word, seen, PATIENCE_MS);
    }
  }
}

function withResolvers(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve = (): void => {};
  const promise = new Promise<void>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

export const wake: Figure = {
  name: 'wake',
  title: 'Waking a thread that sleeps',
  method: (effort) =>
    `${WAKES[effort].toLocaleString('en')} wakes of each kind, ${REST_MS} ms after the other thread went to sleep, from just before the waker's call to the first instruction of the woken one, both by one clock`,
  metrics: [
    { name: 'futex', label: 'Atomics.wait p50', unit: 'µs', better: 'lower' },
    { name: 'futexP99', label: 'Atomics.wait p99', unit: 'µs', better: 'lower' },
    { name: 'bell', label: 'bell (Atomics.waitAsync) p50', unit: 'µs', better: 'lower' },
    { name: 'bellP99', label: 'bell p99', unit: 'µs', better: 'lower' },
    { name: 'message', label: 'message p50', unit: 'µs', better: 'lower' },
    { name: 'messageP99', label: 'message p99', unit: 'µs', better: 'lower' },
  ],
  claims: [],
  schedule: 'interleaved',
  rounds: { full: 3, quick: 1, smoke: 1 },
  limitMs: { full: 60_000, quick: 30_000, smoke: 15_000 },
  entrants: OWN,
  async open({ effort }) {
    const pair = new Pair();
    const count = WAKES[effort];
    return {
      async sample() {
        const futex = pair.futex(count);
        const bell = await pair.bell(count);
        const message = await pair.message(count);
        return {
          futex: quantile(futex, 0.5),
          futexP99: quantile(futex, 0.99),
          bell: quantile(bell, 0.5),
          bellP99: quantile(bell, 0.99),
          message: quantile(message, 0.5),
          messageP99: quantile(message, 0.99),
        };
      },
      end: () => pair.close(),
    };
  },
};
