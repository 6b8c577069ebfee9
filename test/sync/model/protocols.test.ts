// Every order of the accesses of a few threads, with deaths before any of them.
import { describe, expect, it } from 'vitest';
import { explore, type Limits, type Stage } from './explore.ts';
import { type Fault, load } from './load.ts';
import { barrier, channel, mutex, rwLock, semaphore } from './scenes.ts';

type Case = readonly [string, (all: ReturnType<typeof load>) => Stage, Limits];

const CASES: Readonly<Record<string, Case>> = {
  mutex2: ['two lock twice', (all) => mutex(all, 2, 2, false), { deaths: 0 }],
  mutex3: ['three lock', (all) => mutex(all, 3, 1, false), { deaths: 0 }],
  mutexHasty: ['three lock, one gives up', (all) => mutex(all, 3, 1, false), { deaths: 0, hasty: [1] }],
  mutexDeath: ['two of three lock, one dies', (all) => mutex(all, 3, 1, false), { deaths: 1 }],
  mutexRecover: ['two recover, one dies', (all) => mutex(all, 2, 2, true), { deaths: 1 }],
  rwReadWrite: ['one reads, one writes', (all) => rwLock(all, ['rr', 'ww']), { deaths: 0 }],
  rwThree: ['two read, one writes', (all) => rwLock(all, ['r', 'r', 'w']), { deaths: 0 }],
  rwWriters: ['two write, one reads', (all) => rwLock(all, ['w', 'w', 'r']), { deaths: 0 }],
  rwHasty: ['two write, one gives up, one reads', (all) => rwLock(all, ['w', 'w', 'r']), { deaths: 0, hasty: [1] }],
  rwNested: ['reads within a read, one writes', (all) => rwLock(all, ['nr', 'w']), { deaths: 1 }],
  rwDeath: ['one reads, one writes, one dies', (all) => rwLock(all, ['r', 'w']), { deaths: 1 }],
  rwDeath3: ['two read, one writes, one dies', (all) => rwLock(all, ['r', 'r', 'w']), { deaths: 1 }],
  permits: ['three for one permit', (all) => semaphore(all, 3, 1, 1), { deaths: 0 }],
  permits2: ['three for two permits', (all) => semaphore(all, 3, 2, 1), { deaths: 1 }],
  permitsDeath: ['two for one permit, one dies', (all) => semaphore(all, 2, 1, 2), { deaths: 1 }],
  barrier: ['three meet twice', (all) => barrier(all, 3, 2), { deaths: 0 }],
  barrierHasty: ['two meet, one gives up', (all) => barrier(all, 2, 2), { deaths: 0, hasty: [1] }],
  channel: ['one sends three, one receives', (all) => channel(all, 1, 1, 3), { deaths: 0 }],
  channelHasty: ['one sends two, one receives hastily', (all) => channel(all, 1, 1, 2), { deaths: 0, hasty: [2] }],
  channelDeath: ['one sends two, one receives, one dies', (all) => channel(all, 1, 1, 2), { deaths: 1 }],
};

describe('what ships', () => {
  const all = load();
  it.each(Object.entries(CASES))('%s', (_name, [, stage, limits]) => {
    expect(explore(stage(all), limits)).toBeGreaterThan(30);
  });
});

const MUTEX = 'mutex-word.ts';
const RW = 'rw-words.ts';
const FAULTS: readonly (readonly [string, string, Fault])[] = [];

describe('planted faults are found', () => {
  it.each(FAULTS)('%s: %s', (name, _what, fault) => {
    const [, stage, limits] = CASES[name]!;
    const all = load(fault);
    expect(() => explore(stage(all), limits)).toThrow(/After: /);
  });
});
void MUTEX;
void RW;
