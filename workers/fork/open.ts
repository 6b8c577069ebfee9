/**
 * Loads what fork and join need beside their fast paths: before any task runs, in threads whose task modules import them.
 *
 * @module
 */
import { Decoder } from '../../src/codec/decoder.ts';
import { Encoder } from '../../src/codec/encoder.ts';
import type { WorkerView } from '../view.ts';
import { ForkArena } from './arena.ts';
import { Shares } from './shares.ts';
import { SlowPaths } from './slow-paths.ts';
import type { ForkState } from './state.ts';

export function openForks(state: ForkState, view: WorkerView, pool: string): void {
  state.codec = { encoder: new Encoder(), decoder: new Decoder() };
  state.shares = new Shares(pool);
  state.arena = new ForkArena(view);
  state.slow = new SlowPaths(state);
}
