// A thread that holds a lock looks whom its child waits for, over joins, in every order of the accesses of all of them.
import { describe, expect, it } from 'vitest';
import * as layout from '../../../src/memory/layout.ts';
import * as state from '../../../workers/fork/state.ts';
import { explore, type Limits } from './explore.ts';
import { type Act, looks } from './join-scenes.ts';
import { type Fault, loadFrom } from './load.ts';

const FOLDER = new URL('../../../workers/fork/', import.meta.url);
const GIVEN = {
  '../../src/codec/primordials.ts': {},
  '../../src/memory/layout.ts': layout,
  './state.ts': state,
};

const lock = (label: bigint): Act => ({ act: 'lock', label });
const join = (record: number, generation: number, thief: number): Act => ({
  act: 'join',
  record,
  generation,
  thief,
});
const run = (record: number, generation: number, ...within: readonly Act[]): Act => ({
  act: 'run',
  record,
  generation,
  within,
});

const LIMITS: Limits = { deaths: 0 };

/** What the second thread and those after it do; the second runs the first one's child. */
const CASES: Readonly<Record<string, readonly (readonly Act[])[]>> = {
  itself: [[run(0, 1, lock(1n)), lock(2n)]],
  // The same record again, for another child of the same thief, which waits between the two as well.
  again: [[run(0, 1, join(1, 1, 2), join(1, 2, 2))], [run(1, 1, lock(1n)), lock(2n), run(1, 2, lock(3n))]],
  // The second join is of another task.
  after: [
    [run(0, 1, join(1, 1, 2)), join(1, 2, 2)],
    [run(1, 1, lock(1n)), run(1, 2, lock(2n))],
  ],
  far: [[run(0, 1, join(1, 1, 2))], [run(1, 1, join(2, 1, 3))], [run(2, 1, lock(1n)), lock(2n)]],
};

const FAULTS: readonly (readonly [string, string, string, string])[] = [
  ['itself', 'nothing is read again', 'holds(state.i32, links) ?', 'true ?'],
  ['itself', 'a child is not read again', 'Atomics.load(i32, record >> 2) !== word', 'false'],
  ['after', 'a child is not read again', 'Atomics.load(i32, record >> 2) !== word', 'false'],
  ['again', 'a joiner is not read again', 'next !== 0 && Atomics.load(i32, joinsAt) !== next', 'false'],
  ['itself', 'a child that has ended counts', ' || seen >= L.DONE', ''],
];

const beyond = (fault?: Fault) => loadFrom(FOLDER, ['beyond.ts'], GIVEN, fault)['beyond.ts']!;

describe('a label is found only of who is waited for', () => {
  it.each(Object.keys(CASES))('%s', (name) => {
    const states = explore(looks(beyond(), CASES[name]!), LIMITS);
    expect(states).toBeGreaterThan(50);
  });
});

describe('planted faults are found', () => {
  it.each(FAULTS)('%s: %s', (name, _what, from, to) => {
    expect(() => explore(looks(beyond({ file: 'beyond.ts', from, to }), CASES[name]!), LIMITS)).toThrow(
      /After: /,
    );
  });
});
