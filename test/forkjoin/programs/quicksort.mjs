/** Quicksort, with an array for an argument of each fork. */
import { fork, join } from 'millrace/worker';

/** Below this many values the engine's own sort is used: here a fork costs a copy of its arguments. */
const SORT_AT_ONCE = 16_384;

/** Sorts `values[from]` to `values[to - 1]`, in shared memory, by quicksort. */
export function quicksort(values, from, to) {
  if (to - from <= SORT_AT_ONCE) {
    values.subarray(from, to).sort();
    return;
  }
  const middle = partition(values, from, to);
  const lower = fork(quicksort, values, from, middle);
  quicksort(values, middle, to);
  join(lower);
}

/**
 * Where the upper part begins. Hoare's partition; a median of three has an equal or greater value beside it, so neither
 * part is empty.
 */
function partition(values, from, to) {
  const [x, y, z] = [values[from], values[(from + to) >>> 1], values[to - 1]];
  const pivot = Math.max(Math.min(x, y), Math.min(Math.max(x, y), z));
  let i = from - 1;
  let j = to;
  for (;;) {
    do i++;
    while (values[i] < pivot);
    do j--;
    while (values[j] > pivot);
    if (i >= j) return j + 1;
    const value = values[i];
    values[i] = values[j];
    values[j] = value;
  }
}
