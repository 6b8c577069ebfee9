import { describe, expect, it } from 'vitest';
import { filePlots } from '../../native-bench/report/plots/choose.ts';
import { distributionsOf } from '../../native-bench/report/plots/latency.ts';
import { standaloneSvg } from '../../native-bench/report/plots/plot.ts';
import { linearScale, logScale } from '../../native-bench/report/plots/scale.ts';
import { otherLine } from '../../native-bench/report/plots/theme.ts';
import { ratioBound } from '../../native-bench/report/wording.ts';
import type { Results } from '../../native-bench/results.ts';
import { elementsOf } from './markup-check.ts';
import { contender, curve, latency, madeUp, ODD, rate, viewed } from './report-results.ts';

describe('the bounds of an interval', () => {
  it('do not read like 1 unless they are', () => {
    expect([0.99961, 1.0000004, 1, 0.972, 1.5].map(ratioBound)).toEqual([
      '0.9996',
      '1.0000004',
      '1',
      '0.972',
      '1.5',
    ]);
  });
});

describe('plots', () => {
  const drawn = (figure: Results['figures'][number]) => {
    const view = viewed(madeUp([figure]));
    return filePlots(view.suites[0]!.figures[0]!, view);
  };

  it('are those that help: bars of rates, distributions of percentiles, ratios, the curve', () => {
    expect(drawn(rate()).map(({ name }) => name)).toEqual(['pool-throughput-rate', 'pool-throughput-ratio']);
    expect(drawn(latency()).map(({ name }) => name)).toEqual([
      'pool-round-trip-latency',
      'pool-round-trip-ratio',
    ]);
    expect(drawn(curve()).map(({ name }) => name)).toEqual([
      'granularity-metg-curve-wide',
      'granularity-metg-ratio',
    ]);
  });

  it('do not let a yardstick far beyond press the others into one spot, and say its value', () => {
    const metrics = rate().metrics;
    const one = (name: string, value: number) => contender(name, metrics, [{ rate: value, mainCpu: 1 }]);
    const drawnWith = (yardstick: number) =>
      drawn({
        ...rate(),
        contenders: [one('millrace', 400), one('piscina', 100), one('single-threaded', yardstick)],
      }).map((plot) => standaloneSvg(plot));
    for (const source of drawnWith(9_000)) expect(source).toMatch(/>(→ 9,000\/s|← 0.0444×)</);
    for (const source of drawnWith(7_000)) expect(source).toMatch(/>(7,000\/s|0.0571×)</);
    expect(drawnWith(9_000)[0]?.match(/<rect/g)).toHaveLength(3);
    expect(drawnWith(7_000)[0]?.match(/<rect/g)).toHaveLength(4);
  });

  it('show a curve above 100 % where it is', () => {
    const figure = curve();
    const high = figure.contenders.map((each, at) => ({
      ...each,
      summary: Object.fromEntries(
        Object.entries(each.summary).map(([name, seen]) => [
          name,
          name === 'e_100ms' ? { ...seen, median: 110 + at } : seen,
        ]),
      ),
    }));
    const source = standaloneSvg(drawn({ ...figure, contenders: high })[0]!);
    const ends = [...source.matchAll(/<path d="M[^"]*L[\d.]+ ([\d.]+)" fill="none"/g)].map(([, y]) =>
      Number(y),
    );
    expect(ends).toHaveLength(high.length - 1);
    expect(new Set(ends).size).toBe(ends.length);
    expect(Math.min(...ends)).toBeGreaterThan(0);
  });

  it('tell lines of one colour by symbol and dash', () => {
    const styles = Array.from({ length: 28 }, (_, index) => otherLine(index));
    for (const style of styles) {
      const alike = styles.filter(({ colour }) => colour === style.colour);
      expect(new Set(alike.map(({ symbol }) => symbol)).size).toBe(alike.length);
      expect(new Set(alike.map(({ dash }) => dash)).size).toBe(alike.length);
    }
  });

  it('are well-formed files with a title, a description and colours for dark', () => {
    for (const plot of [rate(ODD), latency(), curve()].flatMap(drawn)) {
      const source = standaloneSvg(plot);
      const elements = elementsOf(source.trimEnd());
      expect(elements[0]).toMatchObject({
        name: 'svg',
        attributes: { xmlns: 'http://www.w3.org/2000/svg', role: 'img' },
      });
      expect(elements.map(({ name }) => name)).toEqual(expect.arrayContaining(['title', 'desc', 'text']));
      expect(source).toContain('prefers-color-scheme:dark');
      expect(source).not.toMatch(/NaN|Infinity|undefined/);
    }
  });

  it('are the same bytes for the same results, whatever was drawn before', () => {
    const first = drawn(latency()).map(standaloneSvg);
    drawn(curve());
    expect(drawn(latency()).map(standaloneSvg)).toEqual(first);
  });

  it('mark METG of every contender that has one, and say where it lies for the others', () => {
    const [wide] = drawn(curve());
    const rings = wide!.body.filter(
      ({ text }) => text.startsWith('<circle') && text.includes('fill="var(--paper)"'),
    );
    expect(rings).toHaveLength(7);
    expect(wide!.description).toContain('millrace 1.6 µs');
    expect(wide!.description).toContain('single-threaded > 100 ms');
  });

  it('are coloured where the whole interval is on our side, in either direction of a metric', () => {
    const discs = (better: 'higher' | 'lower', theirs: readonly number[]): string => {
      const metrics = [{ name: 'm', label: 'm', unit: '', better }];
      const contenders = [
        contender('millrace', metrics, [{ m: 10 }, { m: 10 }]),
        contender(
          'other',
          metrics,
          theirs.map((m) => ({ m })),
        ),
      ];
      const [ratio] = drawn({ ...rate(), metrics, contenders, verdicts: [] });
      return ratio!.body.filter(({ text }) => text.startsWith('<circle')).join('');
    };
    expect(discs('higher', [4, 5])).toContain('var(--accent)');
    expect(discs('higher', [4, 11])).not.toContain('var(--accent)');
    expect(discs('higher', [4])).not.toContain('var(--accent)');
    expect(discs('lower', [14, 15])).toContain('var(--accent)');
    expect(discs('lower', [14, 9])).not.toContain('var(--accent)');
  });

  it('group percentiles by what they are of', () => {
    const metric = (name: string, label: string) => ({ name, label, unit: 'ms', better: 'lower' }) as const;
    const found = distributionsOf([
      metric('cheapP999', 'cheap route, p99.9'),
      metric('cheapP50', 'cheap route, p50'),
      metric('heavy_p50', 'heavy route p50'),
      metric('heavy_p99', 'heavy route p99'),
      metric('alone_p99', 'alone'),
      metric('pace', 'pace'),
    ]);
    expect(found.map(({ of, percentiles }) => [of, ...percentiles.map(({ label }) => label)])).toEqual([
      ['cheap route', 'p50', 'p99.9'],
      ['heavy route', 'p50', 'p99'],
    ]);
  });

  it('put every mark inside of the picture', () => {
    for (const plot of [rate(), latency(), curve()].flatMap(drawn)) {
      for (const { name, attributes } of elementsOf(standaloneSvg(plot).trimEnd())) {
        for (const key of ['x', 'x1', 'x2', 'cx']) {
          if (attributes[key] === undefined) continue;
          expect(Number(attributes[key]), `${plot.name} ${name} ${key}`).toBeGreaterThanOrEqual(0);
          expect(Number(attributes[key]), `${plot.name} ${name} ${key}`).toBeLessThanOrEqual(plot.width);
        }
      }
    }
  });

  it('have ticks that are round numbers, not too many', () => {
    const pixels = { from: 0, to: 400 };
    expect(logScale({ from: 0.5, to: 100_000 }, pixels, 54).ticks).toEqual([
      1, 10, 100, 1000, 10_000, 100_000,
    ]);
    expect(logScale({ from: 0.8, to: 12 }, pixels, 54).ticks).toEqual([1, 2, 5, 10]);
    expect(logScale({ from: 0.97, to: 1.04 }, pixels, 60).ticks).toEqual([0.98, 1, 1.02, 1.04]);
    expect(linearScale({ from: 0, to: 1_034_052 }, pixels, 100).ticks).toEqual([0, 500_000, 1_000_000]);
  });
});
