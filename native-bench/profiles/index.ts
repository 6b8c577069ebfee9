import { endurance } from './endurance.ts';
import { load } from './load.ts';
import type { Profile } from './profile.ts';
import { stress } from './stress.ts';
import { volume } from './volume.ts';

export const PROFILES: readonly Profile[] = [load, stress, volume, endurance];

export function profileNamed(name: string): Profile | undefined {
  return PROFILES.find((profile) => profile.name === name);
}
