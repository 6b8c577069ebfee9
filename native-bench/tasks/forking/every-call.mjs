/** A fork for every call the sequential programs of `../forkjoin.mjs` make, without a cut-off. */
import { fork, join } from 'millrace/worker';
import { sumOf } from './sum-of.mjs';

export function fib(n) {
  if (n < 2) return n;
  const left = fork(fib, n - 1);
  return fib(n - 2) + join(left);
}

export function nqueensEvery(n) {
  return waysEvery((1 << n) - 1, 0, 0, 0);
}

export function waysEvery(full, columns, left, right) {
  if (columns === full) return 1;
  const forked = [];
  for (let free = full & ~(columns | left | right); free !== 0; free &= free - 1) {
    const queen = free & -free;
    forked.push(fork(waysEvery, full, columns | queen, (left | queen) << 1, (right | queen) >> 1));
  }
  return sumOf(forked);
}

const WIDTH = 10;

export function skynet(first, leaves) {
  if (leaves === 1) return first;
  const below = leaves / WIDTH;
  const forked = [];
  for (let i = 0; i < WIDTH; i++) forked.push(fork(skynet, first + i * below, below));
  return sumOf(forked);
}
