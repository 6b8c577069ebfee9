/**
 * One function over many inputs, with back-pressure both ways.
 *
 * @module
 */
import { expected } from '../errors.ts';
import type { MapOptions, RunOptions } from './options.ts';

type Outcome =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly error: unknown };
type Submit = (input: unknown, signal: AbortSignal, options: RunOptions) => Promise<unknown>;
type Source = AsyncIterator<unknown> | Iterator<unknown>;
/** What the generator can wait for besides an outcome. */
type Input =
  | { readonly input: 'taken'; readonly result: IteratorResult<unknown> }
  | { readonly input: 'failed'; readonly error: unknown };

/** The generator behind `pool.map`. */
export async function* mapInputs(
  inputs: Iterable<unknown> | AsyncIterable<unknown>,
  options: MapOptions,
  workers: number,
  submit: Submit,
): AsyncGenerator<unknown, void, undefined> {
  const { ordered = true, window = Math.max(16, workers * 4), signal, ...run } = options;
  if (signal?.aborted) throw signal.reason;
  const source = iterate(inputs);
  const stop = new AbortController();
  let interrupt: ((input: Input) => void) | undefined;
  const abort = (): void => {
    stop.abort(signal?.reason);
    interrupt?.({ input: 'failed', error: signal?.reason });
  };
  signal?.addEventListener('abort', abort, { once: true });
  const outcomes = ordered ? new InOrder() : new AsCompleted();
  let pulling: Promise<Input> | undefined;
  let exhausted = false;
  try {
    for (;;) {
      while (!exhausted && pulling === undefined && outcomes.size < window) {
        if (stop.signal.aborted) throw stop.signal.reason;
        const next = pull(source, () => {
          exhausted = true;
        });
        if (next instanceof Promise) {
          pulling = new Promise((resolve) => {
            interrupt = resolve;
            void next.then(resolve);
          });
        } else if (next.done) exhausted = true;
        else outcomes.add(settled(submit(next.value, stop.signal, run)));
      }
      const first = outcomes.first();
      if (first === undefined && pulling === undefined) return;
      // What has finished does not wait for a slow source, nor the source for a slow task.
      const got = await (pulling === undefined
        ? first
        : first === undefined
          ? pulling
          : Promise.race([pulling, first]));
      if (got === undefined) return;
      if ('input' in got) {
        if (got.input === 'failed') throw got.error;
        pulling = undefined;
        if (got.result.done) exhausted = true;
        else outcomes.add(settled(submit(got.result.value, stop.signal, run)));
      } else {
        outcomes.shift();
        if (!got.ok) throw got.error;
        yield got.value;
      }
    }
  } finally {
    signal?.removeEventListener('abort', abort);
    stop.abort();
    if (!exhausted) await release(source, pulling !== undefined);
  }
}

/** The next input, or, of an asynchronous source, a promise that never rejects. A source that fails has ended. */
function pull(source: Source, ended: () => void): IteratorResult<unknown> | Promise<Input> {
  let next: ReturnType<Source['next']>;
  try {
    next = source.next();
  } catch (error) {
    ended();
    throw error;
  }
  if (!('then' in next)) return next;
  return Promise.resolve(next).then(
    (result): Input => ({ input: 'taken', result }),
    (error: unknown): Input => {
      ended();
      return { input: 'failed', error };
    },
  );
}

/** Lets a source go that has more to give. What it says to that is of no interest: the loop has its own ending. */
async function release(source: Source, pulling: boolean): Promise<void> {
  try {
    const done = source.return?.();
    // A source that is asked for an input takes notice of nothing before it has given it, if it ever does.
    if (pulling) Promise.resolve(done).catch(() => {});
    else await done;
  } catch {
    // As above.
  }
}

function settled(task: Promise<unknown>): Promise<Outcome> {
  return task.then(
    (value): Outcome => ({ ok: true, value }),
    (error: unknown): Outcome => ({ ok: false, error }),
  );
}

/** Outcomes in the order of their inputs. */
class InOrder {
  readonly #queue: Promise<Outcome>[] = [];

  get size(): number {
    return this.#queue.length;
  }

  add(outcome: Promise<Outcome>): void {
    this.#queue.push(outcome);
  }

  first(): Promise<Outcome> | undefined {
    return this.#queue[0];
  }

  shift(): void {
    this.#queue.shift();
  }
}

/** Outcomes in the order in which they come. */
class AsCompleted {
  readonly #done: Outcome[] = [];
  #next: Promise<Outcome> | undefined;
  #wake: ((outcome: Outcome) => void) | undefined;
  size = 0;

  add(outcome: Promise<Outcome>): void {
    this.size++;
    void outcome.then((value) => {
      this.#done.push(value);
      this.#wake?.(value);
      this.#wake = undefined;
    });
  }

  first(): Promise<Outcome> | undefined {
    if (this.size === 0) return undefined;
    const [done] = this.#done;
    if (done !== undefined) return Promise.resolve(done);
    this.#next ??= new Promise((resolve) => {
      this.#wake = resolve;
    });
    return this.#next;
  }

  shift(): void {
    this.size--;
    this.#done.shift();
    this.#next = undefined;
  }
}

function iterate(inputs: Iterable<unknown> | AsyncIterable<unknown>): Source {
  const of = inputs as Partial<Iterable<unknown> & AsyncIterable<unknown>> | null | undefined;
  const source = of?.[Symbol.asyncIterator]?.() ?? of?.[Symbol.iterator]?.();
  if (source === undefined) throw expected('inputs', 'an iterable or an async iterable', inputs);
  return source;
}

/** What fails at the first result that is asked for. */
// biome-ignore lint/correctness/useYield: it has none to give
export async function* failing(error: Error): AsyncGenerator<never, void, undefined> {
  throw error;
}
