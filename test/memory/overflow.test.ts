// Children that overflowed their worker's deque, among the tasks that another worker picks. Deaths: test/model/scenarios.
import { describe, expect, it } from 'vitest';
import * as L from '../../src/memory/layout.ts';
import { CRITICAL, HIGH, LOW, NORMAL, picking } from './picking.ts';

/** Places of the deque of children: one more child sends half of them away. */
const DEQUE = 4;
const [FORKING, PICKING] = [0, 1];

/** Two workers, of which the first forks and the second picks. The schedule names one level, always. */
function ground(named: number) {
  const { plant, next, set, word, inject, toDeque, toInbox } = picking(2);
  const { core, memory, tasks } = plant;
  const { i32 } = memory;
  plant.setSchedule(new Uint8Array(L.SCHEDULE_LENGTH).fill(named));
  const forking = plant.blocks[FORKING]!;
  const names = new Map<number, string>();
  const made: Record<string, number> = {};
  const call = (name: string, slot: number): void => {
    made[name] = (made[name] ?? 0) + 1;
    names.set(slot, `${name} ${made[name]}`);
  };
  let children = 0;
  return {
    overflowed: () => i32[(L.HEADER + L.H_OVERFLOWED) >> 2],
    inject(level: number, name: string, times = 1): void {
      for (let i = 0; i < times; i++) call(name, inject(level));
    },
    toDeque: (name: string) => call(name, toDeque(PICKING)),
    toInbox: (name: string) => call(name, toInbox(PICKING)),
    /** So many children overflow, of one task of this level that the first worker runs. */
    overflow(level: number, count: number): void {
      // Its record is one that no other task has.
      const root = (1 << L.SLOT_BITS) | (plant.slots - 1);
      i32[(tasks + (plant.slots - 1) * L.TASK_BYTES + L.T_META) >> 2] = level << L.META_LEVEL_SHIFT;
      set(FORKING, L.W_ROOT, root);
      // Two at a time go, when there is no place for one more.
      for (let i = 0; i < count + DEQUE - 1; i++) {
        if (word(FORKING, L.W_FORK_FREE) === 0) expect(core.forkAttach(forking)).not.toBe(0);
        expect(core.fork(forking, 1, 0, ++children)).not.toBe(0);
      }
      expect(core.ringSize(forking + i32[(L.HEADER + L.H_FORK_SPILL) >> 2]!)).toBe(count);
    },
    /** What the second worker picks, pick after pick, from pick number `tick` on. */
    picks(count: number, tick = 0): string[] {
      set(PICKING, L.W_TICK, tick);
      return Array.from({ length: count }, () => {
        const picked = next(PICKING);
        if (picked >= 0) return names.get(picked)!;
        // As `next` of the core gives it, less 1.
        const child = -(picked + 1) << L.LINE_SHIFT;
        return child === 0 ? 'nothing' : `child ${i32[(child + L.F_PLACE) >> 2]}`;
      });
    },
  };
}

describe('children that overflowed', () => {
  it('come in turns with the tasks of their level, oldest first', () => {
    const { overflow, inject, picks } = ground(NORMAL);
    inject(NORMAL, 'normal', 4);
    overflow(NORMAL, 2);
    expect(picks(6)).toEqual(['child 1', 'normal 1', 'child 2', 'normal 2', 'normal 3', 'normal 4']);
  });

  it('come before tasks of a level that is less urgent', () => {
    const { overflow, inject, picks } = ground(CRITICAL);
    inject(NORMAL, 'normal', 2);
    overflow(HIGH, 4);
    const children = ['child 1', 'child 2', 'child 3', 'child 4'];
    expect(picks(6)).toEqual([...children, 'normal 1', 'normal 2']);
  });

  it('come after tasks of a level that is more urgent, and before others of their own worker', () => {
    const { overflow, inject, picks } = ground(CRITICAL);
    inject(NORMAL, 'normal', 2);
    overflow(LOW, 2);
    inject(LOW, 'low', 2);
    // The last is one that never left the deque: taken when there is nothing else.
    const order = ['normal 1', 'normal 2', 'child 1', 'low 1', 'child 2', 'low 2', 'child 3'];
    expect(picks(7)).toEqual(order);
  });

  it('come first when the schedule names their level', () => {
    const { overflow, inject, picks } = ground(LOW);
    inject(NORMAL, 'normal', 2);
    overflow(LOW, 2);
    expect(picks(4)).toEqual(['child 1', 'child 2', 'normal 1', 'normal 2']);
  });

  it('come after what the worker holds already, unless their task is critical', () => {
    for (const [level, order] of [
      [HIGH, ['inbox 1', 'own 1', 'child 1', 'child 2']],
      [CRITICAL, ['inbox 1', 'child 1', 'child 2', 'own 1']],
    ] as const) {
      const { overflow, toDeque, toInbox, picks } = ground(NORMAL);
      overflow(level, 2);
      toDeque('own');
      toInbox('inbox');
      expect(picks(4)).toEqual(order);
    }
  });

  it('come before the own deque where the injector does', () => {
    const { overflow, toDeque, picks } = ground(NORMAL);
    overflow(NORMAL, 2);
    for (let i = 0; i < 4; i++) toDeque('own');
    expect(picks(3, 59)).toEqual(['own 4', 'child 1', 'own 3']);
  });

  it('leave every 16th pick to the level that the schedule names', () => {
    const { overflow, inject, picks } = ground(LOW);
    inject(LOW, 'low');
    overflow(CRITICAL, 4);
    expect(picks(4, 13)).toEqual(['child 1', 'child 2', 'low 1', 'child 3']);
  });

  it('are looked for as long as a spill ring shows one, and no longer', () => {
    const { overflow, overflowed, picks } = ground(NORMAL);
    expect(overflowed()).toBe(0);
    overflow(NORMAL, 2);
    expect(overflowed()).toBe(1);
    picks(2);
    expect(overflowed()).toBe(1);
    // What never left the deque is there still.
    expect(picks(1)).toEqual(['child 3']);
    expect(overflowed()).toBe(0);
  });
});
