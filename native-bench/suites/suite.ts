/**
 * What belongs together in the report.
 *
 * @module
 */
import type { Figure } from '../figures/figure.ts';

export interface Suite {
  /** What `--suite` takes, and `FigureResult.suite` says. */
  readonly name: string;
  readonly title: string;
  /** The contender all ratios of this suite are of. Default: Millrace. */
  readonly subject?: string;
  /** In the order they are run and printed. */
  readonly figures: readonly Figure[];
}
