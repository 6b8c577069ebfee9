/**
 * One function over many inputs, with back-pressure both ways.
 *
 * @module
 */
import { expected } from '../errors.ts';
import type { Feed } from './map/feed.ts';
import { AsCompleted, FAILED, InOrder, type Outcomes } from './map/outcomes.ts';
import type { MapOptions } from './options.ts';
import { raise } from './raise.ts';

type Source = AsyncIterator<unknown> | Iterator<unknown>;
/** What the generator can wait for besides an outcome. */
type Input =
  | { readonly input: 'taken'; readonly result: IteratorResult<unknown> }
  | { readonly input: 'failed'; readonly error: unknown };

/** The generator behind `pool.map`. `feed` opens the way to the workers for one run of it. */
export async function* mapInputs(
  inputs: Iterable<unknown> | AsyncIterable<unknown>,
  { ordered = true, signal }: MapOptions,
  openFeed: (signal: AbortSignal, outcomes: Outcomes) => Feed,
): AsyncGenerator<unknown, void, undefined> {
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
  const feed = openFeed(stop.signal, outcomes);
  let pulling: Promise<void> | undefined;
  /** What came of it. */
  let pulled: Input | undefined;
  let exhausted = false;
  try {
    for (;;) {
      if (pulled !== undefined) {
        const got: Input = pulled;
        pulled = undefined;
        pulling = undefined;
        if (got.input === 'failed') throw got.error;
        if (got.result.done) exhausted = true;
        else feed.add(got.result.value, true);
      }
      while (!exhausted && pulling === undefined) {
        if (stop.signal.aborted) throw stop.signal.reason;
        let { room } = feed;
        if (room === 0) break;
        for (; room > 0 && !exhausted && pulling === undefined; room--) {
          if (stop.signal.aborted) throw stop.signal.reason;
          feed.begin();
          const next = pull(source, () => {
            exhausted = true;
          });
          if (next instanceof Promise) {
            pulling = new Promise((resolve) => {
              interrupt = (input) => {
                pulled ??= input;
                resolve();
              };
              void next.then(interrupt);
            });
          } else if (next.done) exhausted = true;
          else feed.add(next.value);
        }
        // What is staged must not wait for anything else.
        feed.flush();
      }
      const done = outcomes.take();
      if (done !== undefined) {
        if (done.state === FAILED) {
          if (stop.signal.aborted) throw done.value;
          // Once more, from here: so its stack tells who awaits.
          await raise(done.value);
        }
        yield done.value;
        continue;
      }
      if (outcomes.size === 0 && pulling === undefined) return;
      // What has finished does not wait for a slow source, nor the source for a slow task.
      await (pulling === undefined
        ? outcomes.wait(exhausted ? -1 : feed.few)
        : outcomes.size === 0
          ? pulling
          : Promise.race([pulling, outcomes.wait(-1)]));
    }
  } finally {
    signal?.removeEventListener('abort', abort);
    stop.abort();
    feed.end();
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
