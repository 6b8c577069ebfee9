/** How many primes there are in a range: the range is halved until a sieve of it is small. */
import { fork, join } from 'millrace/worker';

const SIEVED_AT_ONCE = 2 ** 15;

/** Primes from `from` up to, without, `to`. */
export function primes(from, to) {
  if (to - from <= SIEVED_AT_ONCE) return sieved(from, to);
  const middle = from + Math.floor((to - from) / 2);
  const upper = fork(primes, middle, to);
  return primes(from, middle) + join(upper);
}

function sieved(from, to) {
  const composite = new Uint8Array(to - from);
  for (let divisor = 2; divisor * divisor < to; divisor++) {
    const first = Math.max(divisor * divisor, Math.ceil(from / divisor) * divisor);
    for (let multiple = first; multiple < to; multiple += divisor) composite[multiple - from] = 1;
  }
  let count = 0;
  for (let n = Math.max(from, 2); n < to; n++) count += 1 - composite[n - from];
  return count;
}
