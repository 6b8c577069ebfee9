/**
 * From values to pixels, and where an axis has its ticks.
 *
 * @module
 */

export interface Scale {
  readonly at: (value: number) => number;
  readonly ticks: readonly number[];
}

export interface Range {
  readonly from: number;
  readonly to: number;
}

/** A yardstick so many times beyond all others is told, not drawn: it would press the others into one spot. */
const FAR = 20;

/** On which side of all `others` the value of a yardstick lies too far to share an axis with them. */
export function farBeyond(value: number, others: readonly number[]): 'below' | 'above' | undefined {
  if (others.length === 0) return undefined;
  if (value > FAR * Math.max(...others)) return 'above';
  return value < Math.min(...others) / FAR ? 'below' : undefined;
}

/** From `domain` (both over 0) to `pixels`, with at most one tick in `gap` pixels. */
export function logScale(domain: Range, pixels: Range, gap = 44): Scale {
  const low = Math.log10(domain.from);
  const width = Math.log10(domain.to) - low;
  const at = (value: number): number =>
    pixels.from + ((Math.log10(value) - low) / width) * (pixels.to - pixels.from);
  const most = Math.max(2, Math.floor(Math.abs(pixels.to - pixels.from) / gap));
  return { at, ticks: logTicks(domain, most) };
}

export function linearScale(domain: Range, pixels: Range, gap = 60): Scale {
  const width = domain.to - domain.from || 1;
  const most = Math.max(2, Math.floor(Math.abs(pixels.to - pixels.from) / gap));
  return {
    at: (value) => pixels.from + ((value - domain.from) / width) * (pixels.to - pixels.from),
    ticks: evenTicks(domain, most),
  };
}

function logTicks(domain: Range, most: number): number[] {
  const decades = Math.log10(domain.to / domain.from);
  if (decades < 0.6) return evenTicks(domain, most);
  const steps = decades < 1.5 ? [[1, 2, 5], [1, 3], [1]] : [[1, 2, 5], [1]];
  for (const digits of steps) {
    const ticks = decadeTicks(domain, digits, 1);
    // Ticks of a decade are not evenly spaced: 2 to 5 is the widest step, 1 to 2 the narrowest.
    if (ticks.length <= (digits.length > 1 ? most * 0.8 : most)) return ticks;
  }
  for (let stride = 2; ; stride++) {
    const ticks = decadeTicks(domain, [1], stride);
    if (ticks.length <= most) return ticks;
  }
}

function decadeTicks({ from, to }: Range, digits: readonly number[], stride: number): number[] {
  const ticks: number[] = [];
  const first = Math.floor(Math.log10(from) + 1e-9);
  for (let power = first - (((first % stride) + stride) % stride); 10 ** power <= to; power += stride) {
    ticks.push(...digits.map((digit) => Number((digit * 10 ** power).toPrecision(12))));
  }
  return ticks.filter((tick) => tick >= from * (1 - 1e-9) && tick <= to * (1 + 1e-9));
}

function evenTicks({ from, to }: Range, most: number): number[] {
  const least = (to - from) / most;
  const power = 10 ** Math.floor(Math.log10(least || 1));
  const step =
    [1, 2, 5, 10].map((digit) => digit * power).find((candidate) => candidate >= least) ?? 10 * power;
  const ticks: number[] = [];
  for (let n = Math.ceil(from / step - 1e-9); n * step <= to + step * 1e-9; n++) {
    ticks.push(Number((n * step).toPrecision(12)));
  }
  return ticks;
}

/** The range of all values with some air, on a log axis. `undefined` when none is over 0. */
export function logDomain(values: readonly number[], air = 0.06): Range | undefined {
  const usable = values.filter((value) => Number.isFinite(value) && value > 0);
  if (usable.length === 0) return undefined;
  const from = Math.min(...usable);
  const to = Math.max(...usable);
  const factor = Math.max((to / from) ** air, 1.02);
  return { from: from / factor, to: to * factor };
}
