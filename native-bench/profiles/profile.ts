/**
 * What a profile is: a kind of load that goes on for minutes or hours, in cycles that each end at rest.
 *
 * @module
 */
import type { Pool, PoolOptions } from '../../src/index.ts';
import type { Random } from '../statistics/random.ts';
import type { Ledger } from './ledger.ts';

/** `full` is the profile as documented; `quick` has 1/100 of its volume, to try a change. */
export type Volume = 'full' | 'quick';

export interface Stage {
  readonly pool: Pool;
  readonly workers: number;
  readonly ledger: Ledger;
  readonly random: Random;
  /** Rounds of `crunch` in one millisecond of this machine. */
  readonly pace: number;
  readonly volume: Volume;
  /** How long a cycle that can choose goes on submitting, ms. */
  readonly cycleMs: number;
  /** Tasks of kind `mark` count here that they ran. */
  readonly marks: SharedArrayBuffer;
  /** Notes how much waits now; to be called where that is most. */
  readonly look: () => void;
}

export interface Profile {
  readonly name: string;
  readonly title: string;
  /** Minutes it runs when nothing else is said. */
  readonly minutes: number;
  readonly options: PoolOptions;
  /** Prepares the profile on one pool; the result submits one cycle and may return before its tasks have settled. */
  readonly begin: (stage: Stage) => () => Promise<void>;
}
