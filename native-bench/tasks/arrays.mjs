/**
 * The problems that are loops over an array or a range, as plain JavaScript: inputs, what is done with one index, and
 * what is made of the result so that it can be compared.
 */

/**
 * The last array asked for: inputs of the largest problems are 800 MB, and a worker that was handed one keeps it until
 * its next collection. So a contender has one, and fills it anew.
 */
let kept = new Float64Array(0);

/** A shared array of `count` doubles that holds anything; the one from the call before is not used any more. */
export function sharedDoubles(count) {
  if (kept.length !== count || !(kept.buffer instanceof SharedArrayBuffer)) {
    kept = new Float64Array(new SharedArrayBuffer(8 * count));
  }
  return kept;
}

/** The same in memory of this thread alone. */
export function ownDoubles(count) {
  if (kept.length !== count || kept.buffer instanceof SharedArrayBuffer) kept = new Float64Array(count);
  return kept;
}

/** Xorshift32, each state as a double from 0 to 2^32. */
export function fillUnsorted(values) {
  let x = 2463534242;
  for (let i = 0; i < values.length; i++) {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    values[i] = x >>> 0;
  }
  return values;
}

/** Integers from 0 to 15 in no order, so that every sum of them is exact in whatever order it is made. */
export function fillAddends(values) {
  for (let i = 0; i < values.length; i++) values[i] = Math.imul(i, 0x9e3779b1) >>> 28;
  return values;
}

/** Depends on every value and its place. */
export function orderChecksum(values) {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum = (Math.imul(sum, 31) + values[i]) | 0;
  return sum >>> 0;
}

export function total(values) {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i];
  return sum;
}

/** Puts the sum of all values up to each in its place. */
export function addUp(values) {
  let sum = 0;
  for (let i = 0; i < values.length; i++) {
    sum += values[i];
    values[i] = sum;
  }
}

/** The body of a loop that does nothing. */
export function nothing() {}

export function emptyLoop(count) {
  for (let i = 0; i < count; i++) nothing(i);
}

const ITERATIONS = 50;

/**
 * Row `y` of the Mandelbrot set as the Computer Language Benchmarks Game draws it, `n` points in each direction, a bit
 * for each; `n` is a multiple of eight.
 */
export function mandelbrotRow(y, n, bits) {
  const ci = (2 * y) / n - 1;
  let at = y * (n >>> 3);
  for (let x = 0; x < n; x += 8) {
    let byte = 0;
    for (let bit = 0; bit < 8; bit++) {
      byte = (byte << 1) | staysWithin((2 * (x + bit)) / n - 1.5, ci);
    }
    bits[at++] = byte;
  }
}

function staysWithin(cr, ci) {
  let zr = 0;
  let zi = 0;
  let tr = 0;
  let ti = 0;
  for (let i = 0; i < ITERATIONS; i++) {
    zi = 2 * zr * zi + ci;
    zr = tr - ti + cr;
    tr = zr * zr;
    ti = zi * zi;
    if (tr + ti > 4) return 0;
  }
  return 1;
}

export function mandelbrot({ n, bits }) {
  for (let y = 0; y < n; y++) mandelbrotRow(y, n, bits);
}
