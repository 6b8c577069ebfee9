import type { Figure } from '../figures/figure.ts';
import { forkjoin } from './forkjoin.ts';
import { granularity } from './granularity.ts';
import { mix } from './mix.ts';
import { pool } from './pool.ts';
import { primitives } from './primitives.ts';
import { real } from './real.ts';
import { service } from './service.ts';
import type { Suite } from './suite.ts';

/** In the order they are run and printed. */
export const SUITES: readonly Suite[] = [pool, granularity, mix, service, real, forkjoin, primitives];

/** What is run when nothing is said about suites or figures. */
export const DEFAULT_SUITE: Suite = pool;

/** Names of figures are unique among all suites. */
export function figureNamed(name: string): Figure | undefined {
  return figuresOf(SUITES).find((figure) => figure.name === name);
}

export function figuresOf(suites: readonly Suite[]): readonly Figure[] {
  return suites.flatMap(({ figures }) => figures);
}

/** The suite a figure belongs to. */
export function suiteOf(figure: Figure): Suite | undefined {
  return SUITES.find(({ figures }) => figures.includes(figure));
}
