/**
 * How the machine changed between two result files, as seen by contenders that did not change.
 *
 * @module
 */

import { median } from '../measure.ts';
import type { FigureResult, Results } from '../results.ts';

export interface Drift {
  /** Contenders it is made of. */
  readonly peers: readonly string[];
  /** Speed of the machine in each round against the middle of both files: divide the round's value by it. */
  readonly base: readonly number[];
  readonly head: readonly number[];
}

/**
 * The drift in `metric`: in each round the median, over all peers, of the peer's value against the peer's median in both
 * files. A median over many peers rather than one peer's ratio: no single noisy peer gets into the result, and the noise
 * of those that do is averaged.
 *
 * A peer counts when it was measured in both files in as many rounds as the subject, in the same version; `undefined`
 * when there is none. It cancels what slows everybody alike (clock speed, a loaded machine), not what slows only the
 * subject's kind of work; its price is the peers' own noise. Revisions measured in turns need none of it.
 */
export function driftOf(
  metric: string,
  figures: { readonly base: FigureResult; readonly head: FigureResult },
  files: { readonly base: Results; readonly head: Results },
  subject: string,
  rounds: { readonly base: number; readonly head: number },
): Drift | undefined {
  const family = figures.head.contenders.find(({ name }) => name === subject)?.family;
  const peers = figures.head.contenders
    .filter((peer) => peer.name !== subject && peer.family !== family)
    .filter((peer) => files.base.versions[peer.family] === files.head.versions[peer.family])
    .flatMap(({ name }) => {
      const base = wholeSeries(figures.base, name, metric, rounds.base);
      const head = wholeSeries(figures.head, name, metric, rounds.head);
      if (base === undefined || head === undefined) return [];
      const middle = median([...base, ...head]);
      return [{ name, base: base.map((value) => value / middle), head: head.map((value) => value / middle) }];
    });
  if (peers.length === 0) return undefined;
  const across = (side: 'base' | 'head'): number[] =>
    Array.from({ length: rounds[side] }, (_, round) => median(peers.map((peer) => peer[side][round]!)));
  return { peers: peers.map(({ name }) => name), base: across('base'), head: across('head') };
}

/** The first `rounds` values of a contender that has all of them, above zero; by round, so none may be missing. */
function wholeSeries(
  figure: FigureResult,
  contender: string,
  metric: string,
  rounds: number,
): number[] | undefined {
  const found = figure.contenders.find(({ name }) => name === contender);
  const values = (found?.samples ?? []).slice(0, rounds).map((sample) => sample[metric]);
  const known = values.filter((value) => typeof value === 'number' && value > 0);
  return known.length === rounds ? (known as number[]) : undefined;
}
