// Every order of the accesses of a few threads, with deaths before any of them.
import { describe, expect, it } from 'vitest';
import { explore, type Limits, type Stage } from './explore.ts';
import { type Fault, load } from './load.ts';
import { barrier, channel, mutex, rwLock, semaphore } from './scenes.ts';

type Case = readonly [string, (all: ReturnType<typeof load>) => Stage, Limits];

const CASES: Readonly<Record<string, Case>> = {
  mutex2: ['two lock twice', (all) => mutex(all, 2, 2, false), { deaths: 0 }],
  mutex3: ['three lock', (all) => mutex(all, 3, 1, false), { deaths: 0, preemptions: 3 }],
  mutexHasty: [
    'three lock, one gives up',
    (all) => mutex(all, 3, 1, false),
    { deaths: 0, hasty: [1], preemptions: 2 },
  ],
  mutexDeath: ['three lock, one dies', (all) => mutex(all, 3, 1, false), { deaths: 1, preemptions: 1 }],
  mutexRecover: ['two recover, one dies', (all) => mutex(all, 2, 2, true), { deaths: 1, preemptions: 3 }],
  mutexHeirs: ['three recover, one dies', (all) => mutex(all, 3, 1, true), { deaths: 1, preemptions: 2 }],
  rwTwice: ['one reads twice, one writes', (all) => rwLock(all, ['rr', 'w']), { deaths: 0, preemptions: 3 }],
  rwReaders: ['two read, one writes', (all) => rwLock(all, ['r', 'r', 'w']), { deaths: 0, preemptions: 1 }],
  rwWriters: ['two write, one reads', (all) => rwLock(all, ['w', 'w', 'r']), { deaths: 0, preemptions: 1 }],
  rwHasty: [
    'two write, one gives up, one reads',
    (all) => rwLock(all, ['w', 'w', 'r']),
    { deaths: 0, hasty: [1], preemptions: 1 },
  ],
  rwNested: [
    'one reads within a read, one writes',
    (all) => rwLock(all, ['nr', 'w']),
    { deaths: 0, preemptions: 3 },
  ],
  rwFull: [
    'two read in one slot',
    (all) => rwLock(all, ['r', 'r'], 1),
    { deaths: 1, preemptions: 1, slices: true },
  ],
  rwDeath: [
    'one reads, one writes, one dies',
    (all) => rwLock(all, ['r', 'w']),
    { deaths: 1, preemptions: 2 },
  ],
  rwDeathWrite: ['two write, one dies', (all) => rwLock(all, ['w', 'w']), { deaths: 1, preemptions: 2 }],
  permits: ['three for one permit', (all) => semaphore(all, 3, 1, 1), { deaths: 0, preemptions: 3 }],
  permits2: [
    'three for two permits, one dies',
    (all) => semaphore(all, 3, 2, 1),
    { deaths: 1, preemptions: 1 },
  ],
  permitsDeath: [
    'two for one permit, one dies',
    (all) => semaphore(all, 2, 1, 2),
    { deaths: 1, preemptions: 2 },
  ],
  permitsHeirs: [
    'three for one permit, one dies',
    (all) => semaphore(all, 3, 1, 1),
    { deaths: 1, preemptions: 2 },
  ],
  barrier: ['three meet twice', (all) => barrier(all, 3, 2), { deaths: 0, preemptions: 1 }],
  barrierHasty: [
    'two meet, one gives up',
    (all) => barrier(all, 2, 2),
    { deaths: 0, hasty: [1], preemptions: 3 },
  ],
  channel: ['one sends three, one receives', (all) => channel(all, 1, 1, 3), { deaths: 0, preemptions: 1 }],
  channelHasty: [
    'one sends two, one receives hastily',
    (all) => channel(all, 1, 1, 2),
    { deaths: 0, hasty: [2], preemptions: 1 },
  ],
  channelDeath: [
    'one sends two, one receives, one dies',
    (all) => channel(all, 1, 1, 2),
    { deaths: 1, preemptions: 1 },
  ],
};

describe('what ships', () => {
  const all = load();
  it.each(Object.entries(CASES))('%s', (_name, [, stage, limits]) => {
    expect(explore(stage(all), limits)).toBeGreaterThan(30);
  });
});

const MUTEX = 'mutex-word.ts';
const RW = 'rw-words.ts';
const PERMITS = 'permits.ts';
const MEET = 'rendezvous.ts';
const RING = 'ring.ts';
/** What is planted where, and the case that finds it. */
const FAULTS: readonly (readonly [string, string, Fault])[] = [
  [
    'mutex3',
    'who has slept forgets that others may sleep',
    { file: MUTEX, from: 'contended = CONTENDED;', to: '' },
  ],
  [
    'mutex2',
    'the lock is taken by a store',
    {
      file: MUTEX,
      from: 'if (Atomics.compareExchange(i32, at, word, next) === word) return TAKEN;',
      to: 'Atomics.store(i32, at, next); return TAKEN;',
    },
  ],
  [
    'mutex2',
    'the sleeper is not announced',
    { file: MUTEX, from: 'const marked = word | CONTENDED;', to: 'const marked = word;' },
  ],
  [
    'mutex2',
    'the lock is freed by a store after a look',
    {
      file: MUTEX,
      from: 'let word = Atomics.compareExchange(i32, at, me << HOLDER_SHIFT, 0);',
      to: 'let word = Atomics.load(i32, at); if (word === me << HOLDER_SHIFT) Atomics.store(i32, at, 0);',
    },
  ],
  [
    'mutexDeath',
    'a death leaves no poison',
    {
      file: MUTEX,
      from: 'if (Atomics.compareExchange(i32, at, word, POISONED) === word)',
      to: 'if (Atomics.compareExchange(i32, at, word, 0) === word)',
    },
  ],
  [
    'mutexHeirs',
    'the dead are buried twice',
    {
      file: MUTEX,
      from: 'if (Atomics.compareExchange(i32, at, word, POISONED) === word)',
      to: 'Atomics.store(i32, at, POISONED);',
    },
  ],
  [
    'mutexDeath',
    'poison is lost on the way',
    {
      file: MUTEX,
      from: 'Atomics.compareExchange(i32, at, word, word & POISONED)',
      to: 'Atomics.compareExchange(i32, at, word, word & CONTENDED)',
    },
  ],
  [
    'rwDeath',
    'the reader looks before it takes a slot',
    {
      file: RW,
      from: `const slot = takeSlot(i32, place, hint, claim.me, alive);
    const word = Atomics.load(i32, at);`,
      to: `const word = Atomics.load(i32, at);
    const slot = takeSlot(i32, place, hint, claim.me, alive);`,
    },
  ],
  [
    'rwReaders',
    'the mark is not raised',
    {
      file: RW,
      from: 'if (slot >= mark && Atomics.compareExchange(i32, place.mark, mark, slot + 1) !== mark) {',
      to: 'if (slot > mark) {',
    },
  ],
  [
    'rwTwice',
    'the reader that leaves wakes nobody',
    {
      file: RW,
      from: 'if ((Atomics.load(i32, place.word) & DRAINING) !== 0) Atomics.notify(i32, at, ALL);',
      to: '',
    },
  ],
  [
    'rwTwice',
    'the writer that leaves wakes nobody',
    { file: RW, from: 'if ((word & CONTENDED) !== 0) Atomics.notify(i32, place.word, ALL);', to: '' },
  ],
  [
    'rwDeathWrite',
    'a writer that has not begun leaves poison',
    { file: RW, from: '(word & DRAINING) !== 0 ? word & POISONED : POISONED', to: 'POISONED' },
  ],
  [
    'rwDeathWrite',
    'a writer that has begun leaves none',
    { file: RW, from: '(word & DRAINING) !== 0 ? word & POISONED : POISONED', to: 'word & POISONED' },
  ],
  [
    'rwDeath',
    'the slot of a dead reader stays',
    { file: RW, from: 'Atomics.compareExchange(i32, own, held, 0);', to: 'return OWN;' },
  ],
  [
    'rwNested',
    'a second hold takes another slot',
    {
      file: RW,
      from: 'const again = readAgain(i32, place, claim.me);',
      to: 'const again = takeSlot(i32, place, 1, claim.me, alive);',
    },
  ],
  [
    'permits',
    'the sleeper counts releases after its look',
    {
      file: PERMITS,
      from: 'at: place.releases, value: releases,',
      to: 'at: place.releases, value: Atomics.load(i32, place.releases),',
    },
  ],
  [
    'permitsDeath',
    'the label of the dead stays with the permit',
    {
      file: PERMITS,
      from: 'Atomics.store(i32, place.labels + 2 * permit, 0);',
      to: '',
    },
  ],
  [
    'permits',
    'what others hold is taken for its own',
    {
      file: PERMITS,
      from: 'if (Atomics.load(i32, place.permits + permit) !== me) return false;',
      to: 'if (Atomics.load(i32, place.permits + permit) === me) return false;',
    },
  ],
  [
    'permitsHeirs',
    'the permit of the dead is taken by a store',
    {
      file: PERMITS,
      from: 'if (Atomics.compareExchange(i32, place.permits + permit, holder, me) !== holder) continue;',
      to: 'Atomics.store(i32, place.permits + permit, me);',
    },
  ],
  [
    'barrierHasty',
    'who gives up still counts',
    {
      file: MEET,
      from: 'if (Atomics.compareExchange(i32, at, word, word - ONE) === word) return TIMED_OUT;',
      to: 'return TIMED_OUT;',
    },
  ],
  [
    'barrier',
    'the leader wakes one only',
    {
      file: MEET,
      from: `if (!all) break;
      Atomics.notify(i32, at, ALL);`,
      to: `if (!all) break;
      Atomics.notify(i32, at, 1);`,
    },
  ],
  [
    'channel',
    'the sleeper is not announced',
    { file: RING, from: 'Atomics.add(i32, place.receivers, 1);', to: '' },
  ],
  [
    'channel',
    'the sleeper does not look again',
    {
      file: RING,
      from: `        announced = true;
        Atomics.add(i32, place.receivers, 1);`,
      to: `        announced = true;
        Atomics.add(i32, place.receivers, 1);
        last = (yield { at: place.filled, value: Atomics.load(i32, place.filled) } as never) === 'expired';`,
    },
  ],
  [
    'channel',
    'the ring is filled beyond the oldest message',
    { file: RING, from: 'used + skip + size > capacity', to: 'used + skip + size > capacity + 16' },
  ],
  [
    'channelDeath',
    'the head moves before the message is out',
    {
      file: RING,
      from: '  copy(at + HEAD_BYTES, bytes, kind);\n  Atomics.store(i32, place.head, (head + roomOf(bytes)) | 0);',
      to: '  Atomics.store(i32, place.head, (head + 2 * roomOf(bytes)) | 0);\n  copy(at + HEAD_BYTES, bytes, kind);',
    },
  ],
];

describe('planted faults are found', () => {
  it.each(FAULTS)('%s: %s', (name, _what, fault) => {
    const [, stage, limits] = CASES[name]!;
    const all = load(fault);
    expect(() => explore(stage(all), limits)).toThrow(/After: /);
  });
});
