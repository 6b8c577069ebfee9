/**
 * Work nobody here wrote on real input. The counts make about 3 s of work for one thread in a full round, and 0.8 s in a
 * quick one (0.6 s of terser, which has to be warmed up for longer than it is then measured).
 *
 * A task takes the text and returns the text, as a service would that has received it, rather than the name of a file
 * that the worker reads: what crosses between threads is part of what a pool costs.
 *
 * @module
 */

import type { Figure } from '../figure.ts';
import { javascript, markdown, passwords } from './inputs.ts';
import { listFigure } from './list.ts';

const alone = (text: string): readonly [string] => [text];

export const minify: Figure = listFigure({
  name: 'minify',
  title: 'Minify JavaScript (terser)',
  task: 'minify',
  does: 'terser with its defaults, on the JavaScript of installed packages, files of 4 to 64 KiB',
  count: { full: 150, quick: 24, smoke: 3 },
  inputs: (count) => javascript(count).map(alone),
});

export const brotli: Figure = listFigure({
  name: 'brotli',
  title: 'Compress JavaScript (brotli)',
  task: 'compress',
  does: 'brotli of node:zlib at its default quality (11), on the JavaScript of installed packages, files of 4 to 64 KiB',
  count: { full: 270, quick: 70, smoke: 3 },
  inputs: (count) => javascript(count).map(alone),
});

export const renderMarkdown: Figure = listFigure({
  name: 'markdown',
  title: 'Render Markdown (marked)',
  task: 'render',
  does: 'marked with its defaults, on the Markdown of installed packages, texts of 2 to 64 KiB, the list over and over',
  count: { full: 2_400, quick: 600, smoke: 3 },
  inputs: (count) => markdown(count).map(alone),
});

export const hashPasswords: Figure = listFigure({
  name: 'scrypt',
  title: 'Hash passwords (scrypt)',
  task: 'hashPassword',
  does: 'scryptSync of node:crypto with its defaults, each password with a salt of its own',
  count: { full: 90, quick: 24, smoke: 2 },
  inputs: passwords,
});

/** In the order they are run and printed. */
export const REAL: readonly Figure[] = [minify, brotli, renderMarkdown, hashPasswords];
