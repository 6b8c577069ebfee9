/**
 * Colours for light and dark, and how a contender's line is told from the others without colour.
 *
 * @module
 */

import { Markup } from '../markup.ts';

const LIGHT = `--paper:#fff;--panel:#f6f6f4;--ink:#1c1d1f;--soft:#5c6066;--rule:#dcdcd8;--accent:#c8400a;--accent-wash:#c8400a1f;--good:#1c7a3e;--bad:#b3261e;--warn:#8a5a00;--warn-wash:#fff3d6;--muted:#8a8f96;--s1:#4a6a94;--s2:#58805e;--s3:#85608c;--s4:#8d7430;--s5:#3e8284;--s6:#8a6450;--s7:#6d7278`;
const DARK = `--paper:#15171a;--panel:#1d2024;--ink:#e8e8e6;--soft:#a3a8af;--rule:#353a40;--accent:#ff7d47;--accent-wash:#ff7d472b;--good:#5cc481;--bad:#ff8a80;--warn:#f0bf5a;--warn-wash:#33290f;--muted:#868c94;--s1:#8dabd6;--s2:#95bf9b;--s3:#c49ccb;--s4:#cdb670;--s5:#7dc0c2;--s6:#c9a08a;--s7:#a9aeb5`;

export const FONT = `system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif`;

/** The variables on `selector`; paper is always light. */
export function colours(selector: string): string {
  return `${selector}{color-scheme:light dark;${LIGHT}}@media screen and (prefers-color-scheme:dark){${selector}{${DARK}}}`;
}

export const PLOT_STYLE = `font-family:${FONT};font-variant-numeric:tabular-nums`;

export const STANDALONE_STYLE: Markup = new Markup(`<style>${colours('svg')}svg{${PLOT_STYLE}}</style>`);

export type Symbol = 'circle' | 'square' | 'triangle' | 'diamond';

export interface LineStyle {
  readonly colour: string;
  readonly dash: string;
  readonly symbol: Symbol;
  readonly width: number;
}

const SYMBOLS: readonly Symbol[] = ['square', 'triangle', 'diamond', 'circle'];
const DASHES: readonly string[] = ['', '6 3', '2 3', '8 3 2 3'];
const MUTED = 7;

export const SUBJECT_LINE: LineStyle = { colour: 'var(--accent)', dash: '', symbol: 'circle', width: 2.75 };

/** The style of the `index`th contender that is not the subject. */
export function otherLine(index: number): LineStyle {
  return {
    colour: `var(--s${(index % MUTED) + 1})`,
    dash: DASHES[index % DASHES.length]!,
    // Another symbol for each that has the same colour.
    symbol: SYMBOLS[(index + 2 * Math.floor(index / MUTED)) % SYMBOLS.length]!,
    width: 1.5,
  };
}
