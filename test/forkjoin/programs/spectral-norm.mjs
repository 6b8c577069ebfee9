/** Spectral norm of an infinite matrix, cut to `n` rows: the Computer Language Benchmarks Game. Vectors lie in shared memory. */
import { fork, join } from 'millrace/worker';

const POWER_STEPS = 10;
const ROWS_AT_ONCE = 16;

/** The norm with nine digits, as the game prints it. */
export function spectralNorm(n) {
  const [u, v, half] = [shared(n), shared(n), shared(n)];
  u.fill(1);
  for (let step = 0; step < POWER_STEPS; step++) {
    times(n, u, half, v);
    times(n, v, half, u);
  }
  let [vBv, vv] = [0, 0];
  for (let i = 0; i < n; i++) {
    vBv += u[i] * v[i];
    vv += v[i] * v[i];
  }
  return Math.sqrt(vBv / vv).toFixed(9);
}

/** `out` = transposed A · A · `vector`. */
function times(n, vector, half, out) {
  timesRows(false, vector, half, 0, n);
  timesRows(true, half, out, 0, n);
}

/** Rows `from` to `to - 1` of A · `vector`, or of its transposed. */
export function timesRows(transposed, vector, out, from, to) {
  if (to - from > ROWS_AT_ONCE) {
    const middle = (from + to) >>> 1;
    const upper = fork(timesRows, transposed, vector, out, middle, to);
    timesRows(transposed, vector, out, from, middle);
    join(upper);
    return;
  }
  for (let i = from; i < to; i++) {
    let sum = 0;
    for (let j = 0; j < vector.length; j++) sum += (transposed ? a(j, i) : a(i, j)) * vector[j];
    out[i] = sum;
  }
}

function a(i, j) {
  return 1 / (((i + j) * (i + j + 1)) / 2 + i + 1);
}

function shared(n) {
  return new Float64Array(new SharedArrayBuffer(8 * n));
}
