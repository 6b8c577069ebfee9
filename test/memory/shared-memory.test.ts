import { describe, expect, it } from 'vitest';
import { PAGE, SharedMemory } from '../../src/memory/shared-memory.ts';

describe('shared memory', () => {
  it('reserves zeroed bytes on lines of their own, up to the limit and no further', () => {
    const memory = SharedMemory.create(4 * PAGE);
    const at: number[] = [];
    memory.reserve(1);
    for (let next = memory.reserve(100); next !== 0; next = memory.reserve(100)) at.push(next);
    expect(at.length).toBe((4 * PAGE) / 128 - 1);
    expect(at).toEqual(at.map((_, i) => 128 * (i + 1)));
    expect(memory.u8.length).toBe(4 * PAGE);
    expect(memory.u8.every((byte) => byte === 0)).toBe(true);
    expect([memory.reserve(100), memory.reserve(1)]).toEqual([0, 0]);
  });

  it('keeps what it had when a request is too large', () => {
    const memory = SharedMemory.create(4 * PAGE);
    memory.reserve(128);
    const used = memory.used;
    expect([memory.reserve(5 * PAGE), memory.reserve(2 ** 40), memory.used]).toEqual([0, 0, used]);
    expect(memory.reserve(128)).toBe(128);
  });

  it('gives out the last byte, and nothing after it', () => {
    const memory = SharedMemory.create(4 * PAGE);
    memory.reserve(128);
    expect(memory.reserve(4 * PAGE - 128)).toBe(128);
    expect(memory.reserve(1)).toBe(0);
  });

  it('rounds a limit down to whole pages', () => {
    expect(SharedMemory.create(3 * PAGE + 1).limit).toBe(3 * PAGE);
  });

  it('shows growth to another side when that refreshes, and the same bytes', () => {
    const memory = SharedMemory.create(8 * PAGE);
    const other = SharedMemory.attach(memory.memory);
    expect(other.u8.length).toBe(2 * PAGE);
    memory.reserve(3 * PAGE);
    const at = memory.reserve(4);
    memory.i32[at >> 2] = 7;
    expect([other.u8.length, other.i32[at >> 2]]).toEqual([2 * PAGE, undefined]);
    other.refresh();
    expect([other.u8.length, other.i32[at >> 2]]).toEqual([memory.u8.length, 7]);
  });

  it('says what to do when it cannot be had', () => {
    expect(() => SharedMemory.create(1)).toThrow(
      expect.objectContaining({ code: 'ERR_NO_MEMORY', message: expect.stringContaining('`maxMemory`') }),
    );
  });
});
