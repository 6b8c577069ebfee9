/**
 * One row for each contender or figure, all on one axis: the form of the ratio, latency and throughput plots.
 *
 * @module
 */

import { type Markup, markup } from '../markup.ts';
import { fitted, line, px, TEXT_SIZE, text, textWidth } from './plot.ts';
import type { Range, Scale } from './scale.ts';

export type Mark =
  /** A filled disc, a ring, a diamond: what a value is, by its shape. */
  | { readonly kind: 'disc' | 'ring' | 'diamond'; readonly at: number }
  /** One round. */
  | { readonly kind: 'tick'; readonly at: number }
  /** From the least to the greatest, with ends. */
  | { readonly kind: 'whisker' | 'whisker over bar'; readonly from: number; readonly to: number }
  /** Joins the values of one row. */
  | { readonly kind: 'thread'; readonly from: number; readonly to: number }
  | { readonly kind: 'bar'; readonly to: number };

export type Tone = 'accent' | 'plain' | 'quiet';

const TONES: Readonly<Record<Tone, string>> = {
  accent: 'var(--accent)',
  plain: 'var(--s1)',
  quiet: 'var(--muted)',
};

export interface Row {
  readonly label: string;
  /** `accent` is the one to look at; `quiet` is beside the comparison. */
  readonly tone: Tone;
  /** The subject's own row. */
  readonly ours: boolean;
  readonly marks: readonly Mark[];
  /** At the right end: the value in figures. */
  readonly value: string;
  /** Instead of the value, where there is nothing to draw. */
  readonly absent?: string;
}

export interface RowsSpec {
  readonly rows: readonly Row[];
  readonly width: number;
  /** Labels beside the rows, or above them where the picture is narrow and labels are long. */
  readonly labels: 'beside' | 'above';
  readonly scale: (pixels: Range) => Scale;
  readonly tickLabel: (value: number) => string;
  readonly axisTitle: string;
  /** A line at this value, and what lies on its two sides. */
  readonly reference?: { readonly at: number; readonly below: string; readonly above: string };
  /** What the shapes mean. */
  readonly key?: readonly { readonly kind: 'disc' | 'ring' | 'diamond' | 'tick'; readonly label: string }[];
}

export interface Drawing {
  readonly height: number;
  readonly body: readonly Markup[];
}

const AXIS = 40;
const HEAD = 22;

export function drawRows(spec: RowsSpec): Drawing {
  const { rows, width, reference, key } = spec;
  const above = spec.labels === 'above';
  const rowHeight = above ? 40 : 25;
  const valueWidth = Math.max(34, ...rows.map(({ value, absent }) => textWidth(absent ?? value))) + 10;
  const labelWidth = above
    ? 8
    : Math.min(width * 0.45, Math.max(...rows.map(({ label }) => textWidth(label))) + 14);
  const top = 6 + (reference === undefined ? 0 : HEAD) + (key === undefined ? 0 : HEAD);
  const bottom = top + rows.length * rowHeight;
  const pixels = { from: labelWidth + 4, to: width - valueWidth - 4 };
  const scale = spec.scale(pixels);
  const body = [
    ...(key === undefined ? [] : drawKey(key, pixels.from)),
    ...axis(spec, scale, pixels, top, bottom),
    ...(reference === undefined ? [] : referenceLine(reference, scale, width, top, bottom)),
    ...rows.flatMap((row, index) => {
      const from = top + index * rowHeight;
      const y = above ? from + 28 : from + rowHeight / 2;
      return drawRow(row, { y, labelY: above ? from + 14 : y + 4, width, above, labelWidth }, scale);
    }),
  ];
  return { height: bottom + AXIS, body };
}

function axis(spec: RowsSpec, { at, ticks }: Scale, pixels: Range, top: number, bottom: number): Markup[] {
  return [
    ...ticks.map((tick) => line(at(tick), top, at(tick), bottom, 'var(--rule)')),
    ...ticks.map((tick) =>
      text(at(tick), bottom + 15, spec.tickLabel(tick), { anchor: 'middle', fill: 'var(--soft)', size: 11 }),
    ),
    text(middle(spec.axisTitle, pixels, spec.width), bottom + 32, spec.axisTitle, {
      anchor: 'middle',
      fill: 'var(--soft)',
      size: 11,
    }),
  ];
}

/** Under the axis, moved where the picture would cut it. */
function middle(title: string, { from, to }: Range, width: number): number {
  const half = textWidth(title, 11) / 2 + 2;
  return Math.max(half, Math.min(width - half, (from + to) / 2));
}

function referenceLine(
  { at, below, above }: NonNullable<RowsSpec['reference']>,
  scale: Scale,
  width: number,
  top: number,
  bottom: number,
): Markup[] {
  const x = scale.at(at);
  const style = { fill: 'var(--soft)', size: 11 } as const;
  const left = textWidth(below, 11) < x - 8 ? below : '';
  const right = textWidth(above, 11) < width - x - 8 ? above : '';
  return [
    line(x, top - 4, x, bottom, 'var(--ink)', 1.25),
    ...(left === '' ? [] : [text(x - 6, top - 9, left, { ...style, anchor: 'end' })]),
    ...(right === '' ? [] : [text(x + 6, top - 9, right, style)]),
  ];
}

interface Place {
  readonly y: number;
  readonly labelY: number;
  readonly width: number;
  readonly above: boolean;
  readonly labelWidth: number;
}

function drawRow({ label, tone, ours, marks, value, absent }: Row, place: Place, scale: Scale): Markup[] {
  const { y, labelY, width, above, labelWidth } = place;
  const colour = TONES[tone];
  const room = above ? width - 16 : labelWidth - 8;
  const style = { weight: ours ? 600 : 400, anchor: above ? 'start' : 'end', halo: above } as const;
  return [
    text(above ? 8 : labelWidth - 6, labelY, fitted(label, room), style),
    ...marks.map((mark) => drawMark(mark, y, colour, scale)),
    absent === undefined
      ? text(width - 4, y + 4, value, { anchor: 'end', weight: ours ? 600 : 400 })
      : text(width - 4, y + 4, absent, {
          anchor: 'end',
          fill: absent === 'failed' ? 'var(--bad)' : 'var(--soft)',
        }),
  ];
}

function drawMark(mark: Mark, y: number, colour: string, { at }: Scale): Markup {
  switch (mark.kind) {
    case 'bar': {
      const [from, to] = [at(0), at(mark.to)];
      return markup`<rect x="${px(from)}" y="${px(y - 7)}" width="${px(Math.max(1, to - from))}" height="14" fill="${colour}"/>`;
    }
    case 'whisker':
    case 'whisker over bar': {
      const stroke = mark.kind === 'whisker' ? colour : 'var(--ink)';
      const [from, to] = [at(mark.from), at(mark.to)];
      return markup`${line(from, y, to, y, stroke, 1.25)}${line(from, y - 4, from, y + 4, stroke, 1.25)}${line(to, y - 4, to, y + 4, stroke, 1.25)}`;
    }
    case 'thread':
      return line(at(mark.from), y, at(mark.to), y, colour, 1);
    default:
      return shape(mark.kind, at(mark.at), y, colour);
  }
}

function shape(kind: 'disc' | 'ring' | 'diamond' | 'tick', x: number, y: number, colour: string): Markup {
  switch (kind) {
    case 'disc':
      return markup`<circle cx="${px(x)}" cy="${px(y)}" r="4.5" fill="${colour}"/>`;
    case 'ring':
      return markup`<circle cx="${px(x)}" cy="${px(y)}" r="4.2" fill="var(--paper)" stroke="${colour}" stroke-width="2"/>`;
    case 'diamond':
      return markup`<path d="M${px(x)} ${px(y - 5.5)}l5.5 5.5l-5.5 5.5l-5.5 -5.5z" fill="var(--paper)" stroke="${colour}" stroke-width="2"/>`;
    case 'tick':
      return markup`<line x1="${px(x)}" y1="${px(y - 6)}" x2="${px(x)}" y2="${px(y + 6)}" stroke="${colour}" stroke-width="1" stroke-opacity="0.5"/>`;
  }
}

function drawKey(key: NonNullable<RowsSpec['key']>, left: number): Markup[] {
  let x = Math.min(left, 60);
  return key.flatMap(({ kind, label }) => {
    const at = x + 6;
    x += 26 + textWidth(label, 11);
    return [
      shape(kind, at, 12, 'var(--soft)'),
      text(at + 10, 16, label, { fill: 'var(--soft)', size: TEXT_SIZE - 1 }),
    ];
  });
}
