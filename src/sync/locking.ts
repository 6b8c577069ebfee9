/**
 * What `Mutex` and `RwLock` have in common.
 *
 * @module
 */
import { checkKeys, expected, MillraceError } from '../errors.ts';
import type { Claim } from './protocols/mutex-word.ts';
import { TIMED_OUT, type Waiting } from './protocols/sleep.ts';
import { ME, ofThread } from './thread.ts';
import type { WaitOptions } from './waiting.ts';

export interface LockOptions extends WaitOptions {
  /** What to do with a lock whose holder died: `throw` (the default), or take it, to mend what it protects. */
  readonly poisoned?: 'throw' | 'recover';
}

const LOCK_KEYS: readonly (keyof LockOptions)[] = ['timeout', 'poisoned'];

/** @throws InvalidArgumentError also for an option that locks do not have; the timeout is whoever's who waits */
export function claimOf(options: LockOptions | undefined, blocking: boolean): Claim {
  if (options !== undefined) checkKeys('options', options, LOCK_KEYS);
  const { poisoned = 'throw' } = options ?? {};
  if (poisoned !== 'throw' && poisoned !== 'recover')
    throw expected('options.poisoned', '"throw" or "recover"', poisoned);
  return { me: ME, recover: poisoned === 'recover', blocking };
}

/** Runs a protocol without sleeping. */
export function lookOnce(waiting: Waiting): number {
  for (let step = waiting.next(); ; step = waiting.next('expired')) if (step.done) return step.value;
}

export function missed(outcome: number): boolean {
  return outcome === TIMED_OUT;
}

/** The error of a thread that waits in a circle; `joined`: one with a join in it. */
export function stuck(what: string, joined: boolean): MillraceError {
  const holds = ofThread.locks.map(({ name }) => `"${name}"`).join(', ');
  const why = [
    ...(holds === '' ? [] : [`it holds ${holds}`]),
    ...(joined
      ? ['a thread that holds a lock waits in `join` for a child that waits for this one, or is it']
      : []),
  ];
  const advice = joined
    ? 'Hold no lock over a `join` of a child that wants it.'
    : 'Take locks in one order everywhere.';
  return new MillraceError(
    'ERR_DEADLOCK',
    `Threads wait for each other in a circle: this one for ${what}, while ${why.join(', and ')}. It was chosen to give ` +
      `up, so release its locks. ${advice}`,
  );
}
