import { mixOf } from './mix.ts';
import type { Profile } from './profile.ts';
import { arrive } from './steady.ts';

export const load: Profile = {
  name: 'load',
  title: 'The mix at half of capacity',
  minutes: 2,
  options: {},
  begin(stage) {
    const mix = mixOf(stage);
    return () => arrive(stage, mix, 0.5);
  },
};
