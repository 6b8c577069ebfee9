// Encoded arguments of tasks with options: straight into the arena, and what becomes of them when that is in vain.
import { describe, expect, it } from 'vitest';
import { Decoder } from '../../src/codec/index.ts';
import { Handle } from '../../src/coordinator/handle.ts';
import { type InArena, Intake, TO_PORT } from '../../src/coordinator/intake.ts';
import { Window } from '../../src/coordinator/window.ts';
import * as L from '../../src/memory/layout.ts';
import { Plant } from '../../src/memory/plant.ts';

const NORMAL = 2;
const ROOM = 4;
const VALUE = [{ text: 'in the arena', bytes: new Uint8Array(5000).fill(7) }];

function ground() {
  const plant = new Plant(
    {
      workers: 1,
      slotsPerLevel: ROOM,
      deque: 16,
      spill: 16,
      inbox: 16,
      results: 1024,
      forks: 4,
      children: 8,
      childBytes: 1024,
      start: 2 ** 31 - 2,
    },
    2 ** 24,
  );
  const intake = new Intake(
    new Window(plant),
    () => expect.unreachable('there is room'),
    () => {},
  );
  const handle = (meta: number): Handle =>
    new Handle({
      level: NORMAL,
      fn: 1,
      meta,
      resolve: () => {},
      timeout: undefined,
      deadline: undefined,
      signal: undefined,
      worker: undefined,
      submitted: undefined,
    });
  const block = plant.blocks[0]!;
  return {
    plant,
    intake,
    handle: () => handle(L.META_ENCODED),
    encode(): InArena {
      const encoded = intake.encode(VALUE, NORMAL);
      if (encoded === TO_PORT || encoded instanceof Uint8Array) expect.unreachable('it fits into the arena');
      return encoded;
    },
    /** Runs the next task: what it was given, and its record is free again. */
    run(): unknown {
      const slot = plant.core.next(block) - 1;
      if (slot < 0) return 'nothing';
      const { i32, f64, u8 } = plant.memory;
      const at = (plant.tasks + slot * L.TASK_BYTES) >> 2;
      const [address, length] = [i32[at + (L.T_PAYLOAD >> 2)]!, i32[at + (L.T_LENGTH >> 2)]!];
      const given =
        (i32[at + (L.T_META >> 2)]! & L.META_ENCODED) === 0
          ? f64[(at >> 1) + (L.T_ARGS >> 3)]
          : new Decoder().decode(u8, address, length);
      intake.release(slot);
      intake.refill();
      return given;
    },
    fill(): void {
      for (let i = 0; i < ROOM; i++) intake.submit(NORMAL, 1, L.META_INLINE | 1, [i], () => {});
    },
  };
}

describe('arguments encoded into the arena', () => {
  it('are what the task gets', () => {
    const { intake, handle, encode, run } = ground();
    intake.submitHandle(handle(), encode());
    expect(intake.waiting).toBe(0);
    expect(run()).toEqual(VALUE);
    expect(intake.arena.live).toBe(0);
  });

  it('are given back when their task is not submitted', () => {
    const { intake, encode } = ground();
    const encoded = encode();
    expect(intake.arena.live).toBeGreaterThan(5000);
    intake.forget(encoded);
    expect(intake.arena.live).toBe(0);
  });

  it('wait in the backlog when others have taken the room meanwhile', () => {
    const { intake, handle, encode, run, fill } = ground();
    const encoded = encode();
    fill();
    intake.submitHandle(handle(), encoded);
    expect([intake.waiting, intake.arena.live]).toEqual([1, 0]);
    expect([0, 1, 2, 3].map(run)).toEqual([0, 1, 2, 3]);
    expect(run()).toEqual(VALUE);
    expect(intake.arena.live).toBe(0);
  });

  it('wait in the backlog when the ring is full of stale references', () => {
    const { plant, intake, handle, encode, run } = ground();
    intake.submit(NORMAL, 1, L.META_INLINE | 1, [0], () => {});
    const reference = intake.window.reference(0);
    while (plant.core.reissue(NORMAL, reference) !== 0);
    plant.core.publish(NORMAL);
    intake.submitHandle(handle(), encode());
    expect([intake.waiting, intake.arena.live]).toEqual([1, 0]);
    expect(run()).toBe(0);
    // The duplicates are passed over: nothing is claimed twice.
    expect(run()).toEqual(VALUE);
    expect(intake.arena.live).toBe(0);
    expect(run()).toBe('nothing');
  });

  it('get no record and no bytes while their level is full', () => {
    const { intake, handle, fill } = ground();
    fill();
    const waiting = handle();
    waiting.bytes = new Uint8Array(5000);
    expect(intake.place(waiting)).toBe(-1);
    expect(intake.arena.live).toBe(0);
  });

  it('are bytes of their own when a level has a backlog', () => {
    const { intake, handle, run, fill } = ground();
    fill();
    const encoded = intake.encode(VALUE, NORMAL);
    expect(encoded).toBeInstanceOf(Uint8Array);
    const waiting = handle();
    waiting.bytes = encoded as Uint8Array;
    intake.submitHandle(waiting);
    expect([0, 1, 2, 3].map(run)).toEqual([0, 1, 2, 3]);
    expect(run()).toEqual(VALUE);
  });
});
