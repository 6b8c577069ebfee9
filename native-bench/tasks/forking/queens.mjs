/** N queens for a user who wants speed: a fork where a thief waits for one, else a call. */
import { fork, hungry, join } from 'millrace/worker';
import { waysFrom } from '../forkjoin.mjs';

/** So many rows are filled in some microseconds: too little to be stolen. */
const ROWS_AT_ONCE = 7;

export function nqueens(n) {
  const full = (1 << n) - 1;
  return waysAmong(full, 0, 0, 0, full, n);
}

/** Ways with a queen on one of the squares `free` of the first of `rows` rows that are left. */
export function waysAmong(full, columns, left, right, free, rows) {
  let ways = 0;
  let others;
  while (free !== 0) {
    const queen = free & -free;
    free ^= queen;
    if (free !== 0 && rows > ROWS_AT_ONCE && hungry()) {
      others = fork(waysAmong, full, columns, left, right, free, rows);
      free = 0;
    }
    ways += waysBelow(full, columns | queen, (left | queen) << 1, (right | queen) >> 1, rows - 1);
  }
  return others === undefined ? ways : ways + join(others);
}

function waysBelow(full, columns, left, right, rows) {
  return rows <= ROWS_AT_ONCE
    ? waysFrom(full, columns, left, right)
    : waysAmong(full, columns, left, right, full & ~(columns | left | right), rows);
}
