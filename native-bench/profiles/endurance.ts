import { killer, MILD_FAULTS } from './faults.ts';
import { mixOf } from './mix.ts';
import type { Profile } from './profile.ts';
import { arrive } from './steady.ts';

const KILL_EVERY_MS = 10_000;
/** Every so many cycles have nothing to do: a service has nights. */
const CALM = 10;

export const endurance: Profile = {
  name: 'endurance',
  title: 'The mix at half of capacity for hours, with cancels, limits and now and then a thread that ends',
  minutes: 240,
  options: { graceMs: 50 },
  begin(stage) {
    const kinds = [...mixOf(stage), ...MILD_FAULTS.map((kind) => ({ ...kind, weight: 0.5 }))];
    const kill = killer(KILL_EVERY_MS);
    let cycle = 0;
    return () => {
      kill(stage);
      return arrive(stage, kinds, ++cycle % CALM === 0 ? 0 : 0.5);
    };
  },
};
