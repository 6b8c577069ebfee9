/** Loops over arrays in shared memory: by `millrace/parallel`, and the matrix product by forks of its own. */
import { parallelFor, reduce, scan, sort } from 'millrace/parallel';
import { fork, join } from 'millrace/worker';
import { mandelbrotRow, nothing } from '../arrays.mjs';
import { multiplyTile } from '../forkjoin.mjs';

// What is forked has to be exported by the task module itself.
export { mandelbrotRow, nothing };

/** Tiles `from` to `to` of the product. */
export function multiply(n, a, b, c, from, to) {
  if (to - from === 1) {
    multiplyTile({ n, a, b, c }, from);
    return;
  }
  const middle = (from + to) >>> 1;
  const lower = fork(multiply, n, a, b, c, from, middle);
  multiply(n, a, b, c, middle, to);
  join(lower);
}

/** No array is returned: that of the caller is the same memory. */
export function sortShared(values) {
  sort(values);
}

export function plus(a, b) {
  return a + b;
}

export function totalShared(values) {
  return reduce(values, plus, 0);
}

export function addUpShared(values) {
  scan(values, plus, 0, { out: values });
}

export function mandelbrotByRows(n, bits) {
  parallelFor(0, n, mandelbrotRow, { args: [n, bits] });
}

export function emptyParallelLoop(count) {
  parallelFor(0, count, nothing);
}
