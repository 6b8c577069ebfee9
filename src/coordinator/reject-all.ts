/**
 * The end of a pool with tasks outstanding: each of them is rejected, in turns of the event loop.
 *
 * @module
 */
import type { Engine } from './engine.ts';
import { Handle } from './handle.ts';
import { raiseBare } from './raise.ts';

/** Resolves when each has settled. Nothing is given to workers any more meanwhile. */
export async function rejectAll(engine: Engine, error: () => Error): Promise<void> {
  const { endings } = engine.limits;
  await endings.take(steps(takeRecords(engine, error), engine, error));
  // Those that a signal or a deadline had ended before.
  await endings.over();
}

/** At once, so that the end of a thread finds nobody who waits for what it had. */
function takeRecords({ window, plant, limits, ledger }: Engine, error: () => Error): (() => void)[] {
  const ends: (() => void)[] = [];
  for (let slot = 0; slot < plant.slots; slot++) {
    const resolve = window.resolve[slot];
    if (resolve === undefined) continue;
    const handle = window.handle[slot];
    window.resolve[slot] = undefined;
    if (handle !== undefined) limits.settled(handle);
    plant.core.cancel(window.reference(slot));
    const end = (): void => {
      ledger.ended('cancelled', handle);
      resolve(reject(error, handle));
    };
    // Subtle: it reads its items from bytes that are free when the thread has ended.
    if (handle?.chunk !== undefined) end();
    else ends.push(end);
  }
  return ends;
}

function* steps(ends: readonly (() => void)[], engine: Engine, error: () => Error): Generator<void> {
  const { intake, ledger, lines, limits } = engine;
  for (const end of ends) {
    end();
    yield;
  }
  for (const handle of lines.clear()) {
    limits.cancel(handle, () => reject(error, handle), true);
    yield;
  }
  for (const backlog of intake.backlog) {
    for (let task = backlog.front(); task !== undefined; task = backlog.front()) {
      const { resolve, extra } = task;
      if (extra instanceof Handle) limits.cancel(extra, () => reject(error, extra), true);
      else {
        backlog.shift();
        ledger.ended('cancelled');
        resolve(reject(error, undefined));
      }
      yield;
    }
  }
}

function reject(error: () => Error, handle: Handle | undefined): Promise<never> {
  return raiseBare(error, handle?.submitted as { readonly stack?: string } | undefined);
}
