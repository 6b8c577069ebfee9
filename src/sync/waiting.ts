/**
 * Drives a protocol: lets the thread sleep where the protocol says, blocked or with its event loop alive.
 *
 * @module
 */
import { onePerThread } from '../../workers/one-per-thread.ts';
import { checkKeys, expected, MillraceError } from '../errors.ts';
import { OWN, POISON, type Resume, type Sleep, TIMED_OUT, type Waiting } from './protocols/sleep.ts';

/**
 * How long a sleep lasts, in ms, before the sleeper looks whether the one it waits for is alive, and whether a wake-up
 * was lost with a thread that died. A look costs some microseconds, so at 50 a second a sleeper takes well below a
 * thousandth of a core; and a death is noticed sooner than a new thread could be started.
 */
export const SLICE = 20;

export interface WaitOptions {
  /** The longest wait in ms, from the call; 0 or more. 0 looks once. Default: no limit. */
  readonly timeout?: number;
}

/** Children that this thread keeps for itself are published before it sleeps: they may be what it waits for. */
const forked: { publish(): void } = onePerThread('forked', () => ({ publish: () => {} }));

/** Looks for cycles of threads that wait for each other, while one of them sleeps. */
export interface Watch {
  asleep(): void;
  awake(): void;
  /** At the end of a slice. `true`: the wait is part of a cycle. */
  stuck(sleep: Sleep): boolean;
}

/** The wait is part of a cycle, and was given up. Besides the outcomes of protocols. */
export const STUCK = -6;

/** @throws InvalidArgumentError also when there are other options */
export function timeoutOf(options: WaitOptions | undefined): number {
  if (options !== undefined) checkKeys('options', options, ['timeout']);
  return timeoutAmong(options);
}

/** As `timeoutOf`, where whoever takes the other options looks which there are. */
export function timeoutAmong(options: WaitOptions | undefined): number {
  const { timeout = Number.POSITIVE_INFINITY } = options ?? {};
  if (!(typeof timeout === 'number' && timeout >= 0))
    throw expected('options.timeout', 'a number from 0, in ms', timeout);
  return timeout;
}

/** Runs a protocol to its end, with this thread blocked while it sleeps. */
export function block(i32: Int32Array, waiting: Waiting, timeout: number, watch?: Watch): number {
  const end = performance.now() + timeout;
  for (let step = waiting.next(); ; ) {
    if (step.done) return step.value;
    const sleep = step.value;
    const left = end - performance.now();
    let resume: Resume = 'expired';
    if (left > 0) {
      forked.publish();
      watch?.asleep();
      const how = Atomics.wait(i32, sleep.at, sleep.value, Math.min(SLICE, left));
      resume = how !== 'timed-out' ? 'woken' : left > SLICE ? 'slice' : 'expired';
      if (resume === 'slice' && watch?.stuck(sleep)) return giveUp(waiting, watch);
      watch?.awake();
    }
    step = waiting.next(resume);
  }
}

/** The protocol takes back what it announced. It may get the lock after all, in its last look. */
function giveUp(waiting: Waiting, watch: Watch): number {
  watch.awake();
  for (;;) {
    const step = waiting.next('expired');
    if (step.done) return step.value === TIMED_OUT ? STUCK : step.value;
  }
}

/** As `block`, with the event loop alive. What waits keeps the thread from ending. */
export async function blockAsync(i32: Int32Array, waiting: Waiting, timeout: number): Promise<number> {
  const end = performance.now() + timeout;
  let step = waiting.next();
  if (step.done) return step.value;
  // `Atomics.waitAsync` keeps no event loop alive.
  const keeper = setInterval(() => {}, 2 ** 30);
  try {
    for (;;) {
      const sleep = step.value;
      const left = end - performance.now();
      let resume: Resume = 'expired';
      if (left > 0) {
        const result = Atomics.waitAsync(i32, sleep.at, sleep.value, Math.min(SLICE, left));
        const how = result.async ? await result.value : result.value;
        resume = how !== 'timed-out' ? 'woken' : left > SLICE ? 'slice' : 'expired';
      }
      step = waiting.next(resume);
      if (step.done) return step.value;
    }
  } finally {
    clearInterval(keeper);
  }
}

/** Turns the outcomes all objects have in common into errors; gives success back. */
export function succeed(outcome: number, what: string, timeout: number): number {
  switch (outcome) {
    case TIMED_OUT:
      throw new MillraceError(
        'ERR_WAIT_TIMEOUT',
        `${what} was not to be had within ${timeout} ms. Wait longer, or look for who holds it.`,
      );
    case POISON:
      throw new MillraceError(
        'ERR_LOCK_POISONED',
        `A thread died while it held ${what}, so what it protects may be half changed. Take it with ` +
          "`{ poisoned: 'recover' }`, mend the data, and call `clearPoison()`.",
      );
    case OWN:
      throw new MillraceError(
        'ERR_DEADLOCK',
        `This thread holds ${what} already and would wait for itself. Release the guard first, or pass it on.`,
      );
    default:
      return outcome;
  }
}
