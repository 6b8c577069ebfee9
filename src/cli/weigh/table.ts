/**
 * The packages that weigh most, as a table of text.
 *
 * @module
 */

import { count, plural, size } from '../format.ts';
import { copies, type PackageWeight, type Selection, type WeighedFile } from './packages.ts';

export interface WeighReport {
  readonly packages: readonly PackageWeight[];
  readonly files: readonly WeighedFile[];
  readonly selection: Selection;
  /** Brotli's. */
  readonly quality: number;
  /** Rows shown. */
  readonly top: number;
  /** The label of a row, as `name@version`. */
  readonly label: (weight: PackageWeight) => string;
}

const HEAD = ['package', 'files', 'bytes', 'gzip', 'brotli', 'of all'];

export function weighTable(report: WeighReport): string {
  const { packages, files, top, label } = report;
  const all = total(packages);
  const shown = packages.slice(0, top);
  const rest = packages.slice(top);
  const row = (name: string, weight: Sums) => [
    name,
    count(weight.files),
    size(weight.bytes),
    size(weight.gzip),
    size(weight.brotli),
    `${((weight.brotli / all.brotli) * 100).toFixed(1)}%`,
  ];
  const rows = [
    HEAD,
    ...shown.map((weight) => row(label(weight), weight)),
    ...(rest.length > 0 ? [row(`${plural(rest.length, 'other')}`, total(rest))] : []),
    row(`all ${count(packages.length)}`, all),
  ];
  const twins = copies(files);
  return [
    ...align(rows),
    '',
    scope(report),
    ...(twins.files > 0
      ? [`${plural(twins.files, 'file')} (${size(twins.bytes)}) have the content of another file.`]
      : []),
    '',
  ].join('\n');
}

/** What the figures cover, and what they leave out. */
function scope({ selection, quality }: WeighReport): string {
  const { files, bytes, packages, left } = selection;
  const how = `each file by itself, gzip level 9, brotli quality ${quality}`;
  const what = `${plural(files.length, 'JavaScript file')}, ${size(bytes)}, of ${plural(packages, 'package')}`;
  if (left.packages === 0) return `All ${what}; ${how}.`;
  return `The ${what} with the most; ${how}. Not weighed: ${plural(left.packages, 'smaller package')}, ${size(left.bytes)} (--max-mb).`;
}

interface Sums {
  readonly files: number;
  readonly bytes: number;
  readonly gzip: number;
  readonly brotli: number;
}

function total(packages: readonly PackageWeight[]): Sums {
  const sum = (of: (weight: PackageWeight) => number) =>
    packages.reduce((before, weight) => before + of(weight), 0);
  return {
    files: sum((p) => p.files),
    bytes: sum((p) => p.bytes),
    gzip: sum((p) => p.gzip),
    brotli: sum((p) => p.brotli),
  };
}

function align(rows: readonly (readonly string[])[]): string[] {
  const widths = HEAD.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row) =>
    row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join('  '),
  );
}
