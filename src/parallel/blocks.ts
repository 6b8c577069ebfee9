/**
 * Arrays cut into blocks, for algorithms that come by twice. The cut depends on the length only, and so do results.
 *
 * @module
 */

/** A block is no shorter, so that what is done once for each block counts for little. */
const SHORTEST = 2048;
/** Enough for sixteen workers to even out blocks that take longer than others. */
const MOST = 256;

/** Elements in a block, of an array so long: `grain`, or, if that is 0, so many that there are `most`; no more than `longest`. */
export function blockOf(
  length: number,
  grain: number,
  most: number = MOST,
  longest: number = Number.POSITIVE_INFINITY,
): number {
  return grain === 0 ? Math.min(longest, Math.max(SHORTEST, Math.ceil(length / most))) : grain;
}
