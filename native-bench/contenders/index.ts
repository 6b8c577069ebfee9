import { bare } from './bare.ts';
import type { Contender } from './contender.ts';
import { jestWorker } from './jest-worker.ts';
import { millrace } from './millrace.ts';
import { piscinaModes } from './piscina.ts';
import { poolifierModes } from './poolifier.ts';
import { promises } from './promises.ts';
import { raw } from './raw.ts';
import { single } from './single.ts';
import { tinypool } from './tinypool.ts';
import { workerpool } from './workerpool.ts';
import { YARDSTICKS } from './yardsticks.ts';

/** Everything that runs tasks, the subject first. */
export const CONTENDERS: readonly Contender[] = [
  millrace,
  ...piscinaModes,
  tinypool,
  workerpool,
  ...poolifierModes,
  jestWorker,
  raw,
  single,
];

/** Floors that only some figures show. */
export const FLOORS: readonly Contender[] = [bare, promises, ...YARDSTICKS];

/** The name of the subject of all ratios. */
export const SUBJECT: string = millrace.name;

export function contenderNamed(name: string): Contender | undefined {
  return [...CONTENDERS, ...FLOORS].find((contender) => contender.name === name);
}
