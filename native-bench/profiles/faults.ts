/**
 * What goes wrong in a service, on purpose: threads that end, tasks that never end, tasks that are given up.
 *
 * @module
 */

import type { Random } from '../statistics/random.ts';
import { either, error, value } from './ledger.ts';
import type { TaskKind } from './mix.ts';
import type { Stage } from './profile.ts';

const EXIT_CODE = 7;
const LOOP_TIMEOUT_MS = 20;
const NAP_MS = 5;
/** Between 1 ms and 1 s: some are given up before they start, some while they run, some never. */
const patience = (random: Random): number => 10 ** (3 * random());
const GIVEN_UP = 'The client has gone';

const isNap = value((given) => given === NAP_MS);

/** A task ends its thread; only it is told so, and what shared the thread. */
const killing: TaskKind = {
  name: 'exit',
  weight: 1,
  ms: 50,
  submit: ({ pool, ledger }) => {
    void ledger.enter('exit', pool.run('exit', [EXIT_CODE]), error('ERR_WORKER_CRASHED'));
  },
};

/** A task that never ends, and a limit. */
const endless: TaskKind = {
  name: 'endless',
  weight: 1,
  ms: 50,
  submit: ({ pool, ledger }) => {
    const looping = pool.run('loop', [], { timeout: LOOP_TIMEOUT_MS });
    void ledger.enter('endless', looping, error('ERR_TIMEOUT'));
  },
};

/** Cancelled while it waits or while it runs; whichever comes first decides. */
const cancelled: TaskKind = {
  name: 'cancelled',
  weight: 20,
  ms: 0.1,
  submit: ({ pool, ledger, random }) => {
    const controller = new AbortController();
    const reason = new Error(GIVEN_UP);
    const napping = pool.run('nap', [NAP_MS, NAP_MS], { signal: controller.signal });
    const timer = setTimeout(() => controller.abort(reason), patience(random));
    const right = either(
      isNap,
      either(error('ERR_WORKER_CRASHED'), (outcome) =>
        outcome.kind === 'error' && outcome.error === reason
          ? undefined
          : 'did not reject with the reason of its signal',
      ),
    );
    void ledger.enter('cancelled', napping, right).then(() => clearTimeout(timer));
  },
};

/** A deadline that may pass while it waits, runs, or not at all. */
const late: TaskKind = {
  name: 'deadline',
  weight: 20,
  ms: 0.1,
  submit: ({ pool, ledger, random }) => {
    const napping = pool.run('nap', [NAP_MS, NAP_MS], { deadline: patience(random) });
    void ledger.enter('deadline', napping, either(isNap, error('ERR_DEADLINE', 'ERR_WORKER_CRASHED')));
  },
};

/** Declared idempotent: runs again elsewhere when its thread goes down under it. */
const idempotent: TaskKind = {
  name: 'idempotent',
  weight: 20,
  ms: 0.1,
  submit: ({ pool, ledger }) => {
    const napping = pool.run('nap', [NAP_MS, NAP_MS], { idempotent: true });
    void ledger.enter('idempotent', napping, either(isNap, error('ERR_POISONED')));
  },
};

/** Part of the mix where things go wrong. */
export const MILD_FAULTS: readonly TaskKind[] = [cancelled, late, idempotent];

/**
 * Ends a thread, in turns from inside and by a time limit, when it is first called and then whenever `everyMs` have
 * passed: each costs the start of a thread.
 */
export function killer(everyMs: number, now: () => number = () => performance.now()): (stage: Stage) => void {
  const kinds = [killing, endless];
  let next = now();
  let turn = 0;
  return (stage) => {
    if (now() < next) return;
    next = now() + everyMs;
    kinds[turn++ % kinds.length]!.submit(stage);
  };
}
