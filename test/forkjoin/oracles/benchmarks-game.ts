/**
 * Mandelbrot, spectral norm and fannkuch-redux as straightforward programs of one thread, written apart from the forked
 * ones: what these are compared with where the game publishes no output.
 *
 * @module
 */

/** A binary PBM of `n` by `n` points, header and all. */
export function mandelbrotPbm(n: number): Buffer {
  const rows: number[] = [];
  for (let y = 0; y < n; y++) {
    for (let x = 0; x < n; x += 8) {
      let byte = 0;
      for (let bit = 0; bit < 8; bit++) {
        byte = 2 * byte + (staysWithin((2 * (x + bit)) / n - 1.5, (2 * y) / n - 1) ? 1 : 0);
      }
      rows.push(byte);
    }
  }
  return Buffer.concat([pbmHeader(n), Buffer.from(rows)]);
}

export function pbmHeader(n: number): Buffer {
  return Buffer.from(`P4\n${n} ${n}\n`, 'latin1');
}

function staysWithin(cr: number, ci: number): boolean {
  let [zr, zi, tr, ti] = [0, 0, 0, 0];
  let steps = 50;
  while (steps > 0 && tr + ti <= 4) {
    zi = 2 * zr * zi + ci;
    zr = tr - ti + cr;
    tr = zr * zr;
    ti = zi * zi;
    steps--;
  }
  return tr + ti <= 4;
}

/** The norm with nine digits. */
export function spectralNorm(n: number): string {
  const matrix = Array.from({ length: n }, (_, i) =>
    Array.from({ length: n }, (_, j) => 1 / (((i + j) * (i + j + 1)) / 2 + i + 1)),
  );
  const dot = (x: readonly number[], y: readonly number[]): number =>
    x.reduce((sum, v, i) => sum + v * y[i]!, 0);
  const times = (x: readonly number[]): number[] => matrix.map((row) => dot(row, x));
  const timesTransposed = (x: readonly number[]): number[] =>
    x.map((_, j) => matrix.reduce((sum, row, i) => sum + row[j]! * x[i]!, 0));
  let u: number[] = Array.from({ length: n }, () => 1);
  let v = u;
  for (let step = 0; step < 10; step++) {
    v = timesTransposed(times(u));
    u = timesTransposed(times(v));
  }
  return Math.sqrt(dot(u, v) / dot(v, v)).toFixed(9);
}

/** The two lines the game prints. */
export function fannkuch(n: number): string {
  let [checksum, most, number] = [0, 0, 0];
  const visit = (permutation: readonly number[], length: number): void => {
    if (length === 1) {
      const flips = flipsOf(permutation);
      checksum += number++ % 2 === 0 ? flips : -flips;
      most = Math.max(most, flips);
      return;
    }
    let rotated = permutation;
    for (let i = 0; i < length; i++) {
      visit(rotated, length - 1);
      rotated = [...rotated.slice(1, length), rotated[0]!, ...rotated.slice(length)];
    }
  };
  visit(
    Array.from({ length: n }, (_, i) => i + 1),
    n,
  );
  return `${checksum}\nPfannkuchen(${n}) = ${most}\n`;
}

function flipsOf(permutation: readonly number[]): number {
  let flips = 0;
  for (let now = permutation; now[0] !== 1; flips++) {
    now = [...now.slice(0, now[0]).reverse(), ...now.slice(now[0])];
  }
  return flips;
}
