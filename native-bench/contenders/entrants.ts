/**
 * Who takes part in a figure.
 *
 * @module
 */
import type { Figure } from '../figures/figure.ts';
import type { Contender } from './contender.ts';

type Terms = Pick<Figure, 'entrants' | 'needs'>;

/** Why `contender` cannot be measured in this figure; `undefined` when it can. */
export function lacking({ needs = [] }: Terms, { lacks = {} }: Contender): string | undefined {
  return needs.flatMap((need) => lacks[need] ?? [])[0];
}

/**
 * Of `contenders`, those in the table of this figure: its `entrants`, by name or family, if it names any. A pool that
 * lacks what the figure needs stays, to be shown with the reason; a yardstick goes.
 */
export function entrantsOf(figure: Terms, contenders: readonly Contender[]): readonly Contender[] {
  return contenders
    .filter(
      ({ name, family }) =>
        figure.entrants?.some((entrant) => entrant === name || entrant === family) ?? true,
    )
    .filter((contender) => contender.kind !== 'yardstick' || lacking(figure, contender) === undefined);
}
