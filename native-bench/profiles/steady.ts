/**
 * A rate of arrival that does not wait for answers, at a share of what the workers can do.
 *
 * @module
 */
import { setTimeout as delay } from 'node:timers/promises';
import { submitOne, type TaskKind } from './mix.ts';
import type { Stage } from './profile.ts';

const TICK_MS = 5;

/** Submits tasks of `kinds` for one cycle, as much work as takes `share` of all workers. */
export async function arrive(stage: Stage, kinds: readonly TaskKind[], share: number): Promise<void> {
  const from = performance.now();
  let given = 0;
  for (;;) {
    const elapsed = performance.now() - from;
    if (elapsed >= stage.cycleMs) return;
    const due = elapsed * stage.workers * share;
    while (given < due) given += submitOne(kinds, stage);
    await delay(TICK_MS);
  }
}
