// What says that a joiner may put a stolen child on its stack, beside argument lists that fill what is left.
import { describe, expect, it } from 'vitest';
import { HEADROOM, hasStack } from '../../workers/fork/stack-room.ts';

const KB = 1024;

/** Whether so many bytes fit, as arguments of one call. */
function fits(bytes: number): boolean {
  try {
    Reflect.apply(() => {}, undefined, new Array<number>(bytes / 8).fill(0));
    return true;
  } catch {
    return false;
  }
}

/** What still fits where `hasStack` is false for the first time, going down call by call, KB; at most 640. */
function roomWhenFull(): number {
  if (hasStack()) return roomWhenFull();
  let room = 0;
  while (room < 640 && fits((room + 8) * KB)) room += 8;
  return room;
}

describe('hasStack', () => {
  it('is true on a stack of megabytes', () => {
    expect(hasStack()).toBe(true);
  });

  it.each(['as it is compiled first', 'as it is compiled when it is hot'])(
    'is false before too little is left, and not long before, %s',
    (when) => {
      if (when === 'as it is compiled when it is hot') for (let i = 0; i < 50_000; i++) hasStack();
      const full = roomWhenFull();
      expect(full).toBeGreaterThanOrEqual(HEADROOM / KB);
      expect(full).toBeLessThan(576);
    },
  );
});
