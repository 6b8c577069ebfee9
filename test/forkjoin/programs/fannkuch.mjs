/** Fannkuch-redux of the Computer Language Benchmarks Game: permutations in its order, their numbers halved until few are left. */
import { fork, join } from 'millrace/worker';

const PERMUTATIONS_AT_ONCE = 720;
/** A result is one number: the checksum times this, and the most flips, which are 65 for n = 12. */
const FLIPS = 128;

/** The two lines the game prints. */
export function fannkuch(n) {
  const result = flipsOf(n, 0, factorial(n));
  const most = mostOf(result);
  return `${(result - most) / FLIPS}\nPfannkuchen(${n}) = ${most}\n`;
}

/** Permutations number `from` to `to - 1` of 1 to `n`. */
export function flipsOf(n, from, to) {
  if (to - from <= PERMUTATIONS_AT_ONCE) return counted(n, from, to);
  const middle = from + Math.floor((to - from) / 2);
  const upper = fork(flipsOf, n, middle, to);
  return both(flipsOf(n, from, middle), join(upper));
}

function both(one, other) {
  const [x, y] = [mostOf(one), mostOf(other)];
  return one - x + (other - y) + Math.max(x, y);
}

/** The checksum may be negative, the flips are not. */
function mostOf(result) {
  return ((result % FLIPS) + FLIPS) % FLIPS;
}

function counted(n, from, to) {
  const { permutation, rotations } = permutationNumber(n, from);
  const flipped = new Int8Array(n);
  let checksum = 0;
  let most = 0;
  for (let number = from; number < to; number++) {
    let flips = 0;
    flipped.set(permutation);
    for (let first = flipped[0]; first !== 0; first = flipped[0]) {
      for (let i = 0, j = first; i < j; i++, j--) {
        const value = flipped[i];
        flipped[i] = flipped[j];
        flipped[j] = value;
      }
      flips++;
    }
    checksum += number % 2 === 0 ? flips : -flips;
    if (flips > most) most = flips;
    if (number + 1 < to) advance(permutation, rotations);
  }
  return checksum * FLIPS + most;
}

/** The game's order: number `k · i!` rotates the first `i + 1` by `k`. */
function permutationNumber(n, number) {
  const permutation = Int8Array.from({ length: n }, (_, i) => i);
  const rotations = new Int8Array(n);
  for (let i = n - 1; i > 0; i--) {
    rotations[i] = Math.floor(number / factorial(i));
    number %= factorial(i);
    const first = permutation.slice(0, rotations[i]);
    permutation.copyWithin(0, rotations[i], i + 1);
    permutation.set(first, i + 1 - rotations[i]);
  }
  return { permutation, rotations };
}

function advance(permutation, rotations) {
  for (let i = 1; ; i++) {
    const first = permutation[0];
    permutation.copyWithin(0, 1, i + 1);
    permutation[i] = first;
    if (++rotations[i] <= i) return;
    rotations[i] = 0;
  }
}

function factorial(n) {
  return n < 2 ? 1 : n * factorial(n - 1);
}
