/**
 * p-values corrected for how many there are, by Holm's step-down procedure (S. Holm, Scandinavian Journal of Statistics
 * 6, 1979): rejecting where the corrected value is at most `alpha` makes the chance of even one false rejection among
 * all of them at most `alpha`, whatever their dependence.
 *
 * @returns the corrected values in the given order; the same as `p.adjust(p, "holm")` of R.
 */
export function holm(p: readonly number[]): number[] {
  const order = p.map((_, index) => index).sort((a, b) => p[a]! - p[b]!);
  const corrected = new Array<number>(p.length);
  let highest = 0;
  for (const [step, index] of order.entries()) {
    highest = Math.max(highest, Math.min(1, (p.length - step) * p[index]!));
    corrected[index] = highest;
  }
  return corrected;
}
