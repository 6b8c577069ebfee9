/**
 * One function over many inputs, with back-pressure both ways.
 *
 * @module
 */
import type { MapOptions, RunOptions } from './options.ts';

type Outcome =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly error: unknown };
type Submit = (input: unknown, signal: AbortSignal, options: RunOptions) => Promise<unknown>;

/** The generator behind `pool.map`. */
export async function* mapInputs(
  inputs: Iterable<unknown> | AsyncIterable<unknown>,
  options: MapOptions,
  workers: number,
  submit: Submit,
): AsyncGenerator<unknown, void, undefined> {
  const { ordered = true, window = Math.max(16, workers * 4), signal, ...run } = options;
  const stop = new AbortController();
  const cancel = (): void => stop.abort(signal?.reason);
  if (signal?.aborted) throw signal.reason;
  signal?.addEventListener('abort', cancel, { once: true });
  const source = iterate(inputs);
  const inFlight: Promise<Outcome>[] = [];
  const finished = new Finished();
  let exhausted = false;
  try {
    for (;;) {
      while (!exhausted && inFlight.length + finished.outstanding < window) {
        const next = await source.next();
        if (next.done) {
          exhausted = true;
          break;
        }
        const outcome = submit(next.value, stop.signal, run).then(
          (value): Outcome => ({ ok: true, value }),
          (error: unknown): Outcome => ({ ok: false, error }),
        );
        if (ordered) inFlight.push(outcome);
        else finished.add(outcome);
        // An asynchronous source must not hold back what has finished meanwhile.
        if (!ordered && finished.ready) break;
      }
      const outcome = ordered ? await inFlight.shift() : await finished.next();
      if (outcome === undefined) return;
      if (!outcome.ok) throw outcome.error;
      yield outcome.value;
    }
  } finally {
    signal?.removeEventListener('abort', cancel);
    stop.abort();
    if (!exhausted) await source.return?.();
  }
}

/** Outcomes in the order in which they come. */
class Finished {
  readonly #done: Outcome[] = [];
  #wake: (() => void) | undefined;
  outstanding = 0;

  get ready(): boolean {
    return this.#done.length > 0;
  }

  add(outcome: Promise<Outcome>): void {
    this.outstanding++;
    void outcome.then((value) => {
      this.#done.push(value);
      this.#wake?.();
    });
  }

  async next(): Promise<Outcome | undefined> {
    if (this.outstanding === 0) return undefined;
    while (this.#done.length === 0) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    this.outstanding--;
    return this.#done.shift();
  }
}

function iterate(
  inputs: Iterable<unknown> | AsyncIterable<unknown>,
): AsyncIterator<unknown> | Iterator<unknown> {
  return Symbol.asyncIterator in inputs ? inputs[Symbol.asyncIterator]() : inputs[Symbol.iterator]();
}
