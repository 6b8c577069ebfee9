import type { Effort } from './figure.ts';

/**
 * How long a sample goes on at least where a fixed amount of work would be over too soon, ms. The contender has been
 * idle while the others had their turn, and for the first milliseconds its threads may share a core; that is not to be
 * all that is measured of a fast one: docs/decisions/spells.md.
 */
export const SPELL_MS: Readonly<Record<Effort, number>> = { full: 250, quick: 100, smoke: 0 };
