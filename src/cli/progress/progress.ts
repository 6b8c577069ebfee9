/**
 * Progress on stderr: one line redrawn on a terminal, a line every few seconds elsewhere.
 *
 * @module
 */

import type { Clock, Environment, OutputStream } from '../host.ts';
import { barLine, plainLine } from './line.ts';
import { Meter, type Reading } from './meter.ts';

export const PROGRESS_MODES = ['auto', 'bar', 'lines', 'none'] as const;
export type ProgressMode = (typeof PROGRESS_MODES)[number];

export interface Progress {
  /** A line of its own, above the bar if there is one. */
  note(line: string): void;
  /** Takes the bar off the terminal, before something else is written there. */
  clear(): void;
  stop(): void;
}

export interface ProgressOptions {
  readonly mode: ProgressMode;
  readonly stderr: OutputStream;
  readonly env: Environment;
  readonly clock: Clock;
  readonly read: () => Reading;
}

const BAR_MS = 100;
const LINES_MS = 5000;
const ERASE_LINE = '\r\u001b[K';

export function startProgress(options: ProgressOptions): Progress {
  const { stderr, clock, read } = options;
  const meter = new Meter();
  const snapshot = () => meter.read(clock.now(), read());
  snapshot();
  switch (resolveMode(options)) {
    case 'bar': {
      let shown = '';
      const clear = () => {
        if (shown !== '') stderr.write(ERASE_LINE);
        shown = '';
      };
      const draw = () => {
        // One column short: a full last column wraps in some terminals.
        const columns = Math.max(10, (stderr.columns || 80) - 1);
        const line = barLine(snapshot(), { columns, colour: useColour(options) });
        if (line !== shown) stderr.write(`${ERASE_LINE}${line}`);
        shown = line;
      };
      const stop = clock.every(BAR_MS, draw);
      return {
        note(line) {
          clear();
          stderr.write(`${line}\n`);
        },
        clear,
        stop() {
          stop();
          clear();
        },
      };
    }
    case 'lines': {
      const stop = clock.every(LINES_MS, () => void stderr.write(`${plainLine(snapshot())}\n`));
      return { note: (line) => void stderr.write(`${line}\n`), clear() {}, stop };
    }
    case 'none':
      return { note: (line) => void stderr.write(`${line}\n`), clear() {}, stop() {} };
  }
}

function resolveMode({ mode, stderr, env }: ProgressOptions): 'bar' | 'lines' | 'none' {
  if (mode !== 'auto') return mode;
  return stderr.isTTY && env.TERM !== 'dumb' ? 'bar' : 'lines';
}

function useColour({ stderr, env }: ProgressOptions): boolean {
  return stderr.isTTY === true && !env.NO_COLOR && env.TERM !== 'dumb';
}
