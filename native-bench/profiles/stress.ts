import { setImmediate as turn } from 'node:timers/promises';
import { killer, MILD_FAULTS } from './faults.ts';
import { mixOf, submitOne } from './mix.ts';
import type { Profile } from './profile.ts';

const KILL_EVERY_MS = 250;
const MOST_WAITING = 1_000;
/** Submissions between two turns of the event loop: timers and completions go on under any load. */
const BATCH = 64;

export const stress: Profile = {
  name: 'stress',
  title: 'As much as back-pressure lets in, with threads that end, tasks that never end, cancels and limits',
  minutes: 2,
  options: { maxQueue: MOST_WAITING, whenFull: 'wait', graceMs: 50 },
  begin(stage) {
    const kinds = [...mixOf(stage), ...MILD_FAULTS];
    const kill = killer(KILL_EVERY_MS);
    return async () => {
      const until = performance.now() + stage.cycleMs;
      while (performance.now() < until) {
        kill(stage);
        for (let i = 0; i < BATCH; i++) {
          await stage.pool.room();
          submitOne(kinds, stage);
        }
        await turn();
      }
    };
  },
};
