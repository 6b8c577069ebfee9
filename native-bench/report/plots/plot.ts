/**
 * A plot: a picture of given size, with a text that says the same. It is drawn as plain SVG in the colours of
 * `theme.ts`, which the page or the file around it defines for light and dark.
 *
 * ECharts was tried for this. Whiskers, rows of percentiles and a legend with values are custom drawing there too,
 * and its files hold hover styles, colours that dark mode cannot reach and ids that depend on what was drawn before,
 * so that the same results would not give the same bytes.
 *
 * @module
 */

import { type Markup, markup } from '../markup.ts';
import { STANDALONE_STYLE } from './theme.ts';

export interface Plot {
  /** Unique in the report: the id in a page, the name of a file. */
  readonly name: string;
  readonly title: string;
  /** The values in words, for those who do not see the picture. */
  readonly description: string;
  readonly width: number;
  readonly height: number;
  readonly body: readonly Markup[];
}

/** For a page that has the colours: `role="img"`, with title and description. */
export function inlineSvg(plot: Plot): Markup {
  return svg(plot, []);
}

/** For a file of its own: brings its colours and an opaque ground, so that it can be read on any page. */
export function standaloneSvg(plot: Plot): string {
  const ground = markup`<rect width="${plot.width}" height="${plot.height}" fill="var(--paper)"/>`;
  return `${svg(plot, [STANDALONE_STYLE, ground]).text}\n`;
}

function svg({ name, title, description, width, height, body }: Plot, first: readonly Markup[]) {
  return markup`<svg xmlns="http://www.w3.org/2000/svg" class="plot" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-labelledby="${name}-title ${name}-desc"><title id="${name}-title">${title}</title><desc id="${name}-desc">${description}</desc>${first}${body}</svg>`;
}

export interface TextStyle {
  readonly anchor?: 'start' | 'middle' | 'end';
  readonly fill?: string;
  readonly size?: number;
  readonly weight?: number;
  /** A rim of paper, for text that lies over lines. */
  readonly halo?: boolean;
}

export const TEXT_SIZE = 12;

const HALO = markup` stroke="var(--paper)" stroke-width="4" stroke-linejoin="round" paint-order="stroke"`;

export function text(x: number, y: number, content: string, style: TextStyle = {}): Markup {
  const { anchor = 'start', fill = 'var(--ink)', size = TEXT_SIZE, weight = 400, halo = false } = style;
  const bold = weight === 400 ? undefined : markup` font-weight="${weight}"`;
  const rim = halo ? HALO : undefined;
  return markup`<text x="${px(x)}" y="${px(y)}" text-anchor="${anchor}" font-size="${size}"${bold}${rim} fill="${fill}">${content}</text>`;
}

export function line(
  x1: number,
  y1: number,
  x2: number,
  y2: number,
  stroke: string,
  width = 1,
  dash = '',
): Markup {
  const dashes = dash === '' ? undefined : markup` stroke-dasharray="${dash}"`;
  return markup`<line x1="${px(x1)}" y1="${px(y1)}" x2="${px(x2)}" y2="${px(y2)}" stroke="${stroke}" stroke-width="${width}"${dashes}/>`;
}

/** A tenth of a pixel is enough, and keeps files small and equal. */
export function px(value: number): number {
  return Math.round(value * 10) / 10;
}

/** Of the widest common sans-serif: text is measured by guess, since nobody has the reader's font. */
const WIDE_LETTER = 0.6;

export function textWidth(content: string, size: number = TEXT_SIZE): number {
  return content.length * size * WIDE_LETTER;
}

/** Cut to fit, with an ellipsis; the whole text belongs into a title beside it. */
export function fitted(content: string, width: number, size: number = TEXT_SIZE): string {
  if (textWidth(content, size) <= width) return content;
  return `${content.slice(0, Math.max(1, Math.floor(width / (size * WIDE_LETTER)) - 1)).trimEnd()}…`;
}
