import { jsAtOnce } from './at-once.ts';
import type { Contender } from './contender.ts';
import { cppSequential, stdThread, tbbFor, tbbGroup } from './native.ts';
import { jsSequential } from './sequential.ts';

/** What the fork/join figures are measured beside; need the programs of `native/build.ts`. */
export const NATIVE_YARDSTICKS: readonly Contender[] = [tbbGroup, tbbFor, stdThread, cppSequential];

/** All that solves whole problems. */
export const YARDSTICKS: readonly Contender[] = [jsSequential, jsAtOnce, ...NATIVE_YARDSTICKS];
