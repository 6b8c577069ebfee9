import { pool } from './pool.ts';
import type { Suite } from './suite.ts';

/** In the order they are run and printed. */
export const SUITES: readonly Suite[] = [pool];
