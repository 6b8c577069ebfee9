/** The two extremes of a tree: as deep as it has nodes, and as wide. */
import { fork, join, joinAll } from 'millrace/worker';

/** `n` calls inside each other. Each waits for the next, so no two can run at once. */
export function chain(n) {
  return n === 0 ? 0 : join(fork(chain, n - 1)) + 1;
}

/** `n` children of one call, all forked before the first is joined, and joined in the order given. */
export function wide(n, order) {
  const forked = [];
  for (let i = 0; i < n; i++) forked.push(fork(square, i));
  if (order === 'all') return joinAll(forked).reduce((sum, each) => sum + each, 0);
  if (order === 'reversed') forked.reverse();
  let sum = 0;
  for (const each of forked) sum += join(each);
  return sum;
}

export function square(n) {
  return n * n;
}
