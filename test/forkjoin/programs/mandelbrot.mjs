/** The Mandelbrot set as the Computer Language Benchmarks Game draws it: a bit for each point, rows halved until one is left. */
import { fork, join } from 'millrace/worker';

const ITERATIONS = 50;

/** Draws rows `from` to `to - 1` of `n` into `bits`, bytes in shared memory; `n` is a multiple of eight. */
export function mandelbrot(n, bits, from, to) {
  if (to - from === 1) {
    row(n, bits, from);
    return;
  }
  const middle = (from + to) >>> 1;
  const lower = fork(mandelbrot, n, bits, middle, to);
  mandelbrot(n, bits, from, middle);
  join(lower);
}

function row(n, bits, y) {
  const ci = (2 * y) / n - 1;
  for (let x = 0; x < n; x++) {
    if (inside((2 * x) / n - 1.5, ci)) bits[(y * n + x) >>> 3] |= 0x80 >>> (x & 7);
  }
}

function inside(cr, ci) {
  let [zr, zi] = [0, 0];
  for (let i = 0; i < ITERATIONS; i++) {
    const next = zr * zr - zi * zi + cr;
    zi = 2 * zr * zi + ci;
    zr = next;
    if (zr * zr + zi * zi > 4) return false;
  }
  return true;
}
