import { pool } from './pool.ts';
import { primitives } from './primitives.ts';
import { real } from './real.ts';
import { service } from './service.ts';
import type { Suite } from './suite.ts';

/** In the order they are run and printed. */
export const SUITES: readonly Suite[] = [pool, service, real, primitives];
