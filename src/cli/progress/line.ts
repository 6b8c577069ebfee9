/**
 * A snapshot as one line: a bar for a terminal, words for a log. Pure text, no terminal.
 *
 * @module
 */

import { clockTime, count, rate } from '../format.ts';
import type { Snapshot } from './meter.ts';

export interface BarStyle {
  /** Columns the line may take. */
  readonly columns: number;
  readonly colour: boolean;
}

const LEVELS = '▁▂▃▄▅▆▇█';
const MAX_WORKER_BARS = 32;

interface Part {
  readonly text: string;
  /** What goes first when the line is too long: the highest. */
  readonly rank: number;
  readonly style?: number;
}

/** `62% ━━━━━━━━━━──── 1,240/2,000 · 312/s · ETA 0:03 · 2 failed · ▇█`, as much of it as fits. */
export function barLine(snapshot: Snapshot, { columns, colour }: BarStyle): string {
  const { fraction, failed, loads } = snapshot;
  let parts: Part[] = [
    ...(fraction === undefined ? [] : [{ text: percent(fraction), rank: 2 }]),
    { text: amount(snapshot), rank: 0 },
    { text: rate(snapshot.rate), rank: 4 },
    ...(snapshot.eta === undefined ? [] : [{ text: `ETA ${clockTime(snapshot.eta)}`, rank: 3 }]),
    ...(failed === 0 ? [] : [{ text: `${count(failed)} failed`, rank: 1, style: 31 }]),
    ...(loads.length === 0 ? [] : [{ text: loadBars(loads), rank: 5, style: 32 }]),
  ];
  const width = () => parts.reduce((sum, { text }) => sum + text.length, 0) + 2 * (parts.length - 1);
  while (parts.length > 1 && width() > columns) {
    const last = Math.max(...parts.map(({ rank }) => rank));
    parts = parts.filter(({ rank }) => rank !== last);
  }
  const shown = parts.map(({ text, style }) =>
    colour && style ? `\u001b[${style}m${text}\u001b[39m` : text,
  );
  const room = columns - width() - 2;
  if (fraction !== undefined && parts[0]?.rank === 2 && room >= 10) {
    shown.splice(1, 0, bar(fraction, Math.min(40, room), colour));
  }
  return shown.join('  ').slice(0, colour ? undefined : columns);
}

/** `1,240 of 2,000 items (62%), 2 failed, 312/s, ETA 0:03, load 98% 97%` */
export function plainLine(snapshot: Snapshot): string {
  const { done, fraction, failed, loads } = snapshot;
  const total = totalText(snapshot);
  const of = total === undefined ? `${count(done)} items` : `${count(done)} of ${total} items`;
  return [
    fraction === undefined ? of : `${of} (${percent(fraction)})`,
    `${count(failed)} failed`,
    rate(snapshot.rate),
    ...(snapshot.eta === undefined ? [] : [`ETA ${clockTime(snapshot.eta)}`]),
    ...(loads.length === 0 ? [] : [`load ${loadWords(loads)}`]),
  ].join(', ');
}

function amount(snapshot: Snapshot): string {
  const total = totalText(snapshot);
  return total === undefined ? count(snapshot.done) : `${count(snapshot.done)}/${total}`;
}

/** `2,000`, or `~2,000` where only the bytes of the input are known. */
function totalText({ done, total, fraction }: Snapshot): string | undefined {
  if (total !== undefined) return count(total);
  return fraction === undefined || fraction === 0 ? undefined : `~${count(Math.round(done / fraction))}`;
}

function percent(fraction: number): string {
  return `${Math.floor(fraction * 100)}%`;
}

function bar(fraction: number, width: number, colour: boolean): string {
  const full = Math.floor(fraction * width);
  const done = '━'.repeat(full);
  const left = '─'.repeat(width - full);
  return colour ? `\u001b[36m${done}\u001b[39m\u001b[2m${left}\u001b[22m` : done + left;
}

function loadBars(loads: readonly number[]): string {
  if (loads.length > MAX_WORKER_BARS) return `${loads.length} workers ${percent(mean(loads))}`;
  return loads.map((load) => LEVELS[Math.min(LEVELS.length - 1, Math.floor(load * LEVELS.length))]).join('');
}

function loadWords(loads: readonly number[]): string {
  if (loads.length <= MAX_WORKER_BARS) return loads.map(percent).join(' ');
  const [least, most] = [Math.min(...loads), Math.max(...loads)];
  return `${percent(mean(loads))} (${percent(least)} to ${percent(most)}) over ${loads.length} workers`;
}

function mean(loads: readonly number[]): number {
  return loads.reduce((sum, load) => sum + load, 0) / loads.length;
}
