/**
 * What the model checker plays: a few threads with each protocol, and what must hold.
 *
 * @module
 */
import type { Stage } from './explore.ts';
import type { Protocols } from './load.ts';

type All = Readonly<Record<string, Protocols>>;

const deed = (fn: () => void) => ({ deed: fn });

function must(condition: boolean, what: string): void {
  if (!condition) throw new Error(what);
}

const POISON = -2;
const OWN = -3;
const TIMED_OUT = -1;
const ENDED = -4;

/** Threads that lock, look around and unlock, `rounds` times each. Word 0. */
export function mutex(all: All, threads: number, rounds: number, recover: boolean): Stage {
  const { lockFast, lockSlow, unlock, clearPoison } = all['mutex-word.ts']!;
  return (alive) => {
    const i32 = new Int32Array(1);
    const inside = new Set<number>();
    const outcomes: number[] = [];
    let poisoned = false;
    let dirty = false;
    function* program(me: number): Generator<unknown, void, never> {
      for (let round = 0; round < rounds; round++) {
        if (!(yield* lockFast!(i32, 0, me))) {
          const outcome: number = yield* lockSlow!(i32, 0, 0, { me, recover, blocking: true }, alive);
          outcomes.push(outcome);
          if (outcome === POISON) {
            must(poisoned, 'Poison that nobody left.');
            return;
          }
          if (outcome === TIMED_OUT) return;
        }
        yield deed(() => {
          inside.add(me);
          must(inside.size === 1, 'Two hold the lock.');
          must(!dirty || (i32[0]! & 2) !== 0, 'A death inside left no poison.');
        });
        if (dirty && recover) {
          dirty = false;
          yield* clearPoison!(i32, 0);
          must(i32[0]! >>> 2 === me, 'To clear poison changed the holder.');
        }
        yield deed(() => inside.delete(me));
        yield* unlock!(i32, 0, me);
      }
    }
    return {
      i32,
      programs: Array.from({ length: threads }, (_, i) => program(i + 1)),
      onDeath(id) {
        if (i32[0]! >>> 2 === id) poisoned = true;
        if (inside.delete(id)) dirty = true;
      },
      ledger: () => `${[...inside]} ${poisoned} ${dirty}`,
      atEnd(dead) {
        must(inside.size === 0, 'Somebody is inside at the end.');
        const holder = i32[0]! >>> 2;
        must(holder === 0 || dead.has(holder), 'The lock is held at the end.');
        if (dead.size === 0) must(i32[0] === 0, 'The lock is not as new.');
        if (holder === 0 && !recover)
          must(((i32[0]! & 2) !== 0) === poisoned, 'Poison without a death, or none with it.');
      },
    };
  };
}

/** Words: 0 the writer's, 1 the mark, from 2 on the slots. */
const RW = { word: 0, mark: 1, slots: 2, stride: 1, capacity: 2, label: 0 };

/** `roles`: a string for each thread, a letter for each lock it takes: `r`ead, `w`rite, or `n` for a read kept over the next. */
export function rwLock(all: All, roles: readonly string[], capacity = 2): Stage {
  const { lockRead, unlockRead, lockWrite, unlockWrite } = all['rw-words.ts']!;
  return (alive) => {
    const place = { ...RW, capacity };
    const i32 = new Int32Array(2 + capacity);
    const readers = new Map<number, number>();
    const writers = new Set<number>();
    let poisoned = false;
    const check = () => {
      must(writers.size <= 1, 'Two write.');
      must(writers.size === 0 || readers.size === 0, 'One writes while one reads.');
    };
    const count = (me: number, by: number) => {
      const now = (readers.get(me) ?? 0) + by;
      if (now === 0) readers.delete(me);
      else readers.set(me, now);
      check();
    };
    function* program(me: number, role: string): Generator<unknown, void, never> {
      const claim = { me, recover: false, blocking: true };
      let hint = -1;
      const slots: number[] = [];
      for (const letter of role) {
        if (letter === 'w') {
          const outcome: number = yield* lockWrite!(i32, place, claim, alive);
          if (outcome === POISON) must(poisoned, 'Poison that nobody left.');
          if (outcome < 0) return;
          yield deed(() => {
            writers.add(me);
            check();
          });
          yield deed(() => writers.delete(me));
          yield* unlockWrite!(i32, place);
          continue;
        }
        const slot: number = yield* lockRead!(i32, place, hint, claim, alive);
        if (slot === POISON) must(poisoned, 'Poison that nobody left.');
        if (slot < 0) return;
        hint = slot;
        slots.push(slot);
        yield deed(() => count(me, 1));
        if (letter === 'n') continue;
        // The first lock taken is the first released: holds need not nest.
        for (let own = slots.shift(); own !== undefined; own = slots.shift()) {
          yield deed(() => count(me, -1));
          yield* unlockRead!(i32, place, own);
        }
      }
    }
    return {
      i32,
      programs: roles.map((role, i) => program(i + 1, role)),
      onDeath(id) {
        if (i32[0]! >>> 3 === id && (i32[0]! & 4) === 0) poisoned = true;
        readers.delete(id);
        writers.delete(id);
      },
      ledger: () => `${[...readers]} ${[...writers]} ${poisoned}`,
      atEnd(dead) {
        if (dead.size === 0) must(i32[0] === 0 && i32.slice(2).every((slot) => slot === 0), 'Not as new.');
        if (i32[0]! >>> 3 === 0)
          must(((i32[0]! & 2) !== 0) === poisoned, 'Poison without a death, or none with it.');
        else must(dead.has(i32[0]! >>> 3), 'A writer is inside at the end.');
      },
    };
  };
}

/** Word 0 counts releases, permits from 1 on. */
export function semaphore(all: All, threads: number, permits: number, rounds: number): Stage {
  const { acquire, release } = all['permits.ts']!;
  return (alive) => {
    const place = { releases: 0, permits: 1, labels: 1 + permits, count: permits };
    const i32 = new Int32Array(1 + 3 * permits);
    const inside = new Set<number>();
    function* program(me: number): Generator<unknown, void, never> {
      for (let round = 0; round < rounds; round++) {
        const permit: number = yield* acquire!(i32, place, me % permits, me, true, alive);
        must(permit !== OWN, 'A thread that holds none was told that it holds all.');
        if (permit < 0) return;
        yield deed(() => {
          inside.add(me);
          must(inside.size <= permits, 'Too many are inside.');
          // As if it slept here in a wait for a lock: who dies leaves its label up.
          const label = place.labels + 2 * permit;
          must(
            i32[label] === 0 && i32[label + 1] === 0,
            'The label of the dead is taken for that of the heir.',
          );
          i32[label] = me;
          i32[label + 1] = 1;
        });
        yield deed(() => {
          inside.delete(me);
          i32.fill(0, place.labels + 2 * permit, place.labels + 2 * permit + 2);
        });
        yield* release!(i32, place, permit);
      }
    }
    return {
      i32,
      programs: Array.from({ length: threads }, (_, i) => program(i + 1)),
      onDeath: (id) => inside.delete(id),
      ledger: () => `${[...inside]}`,
      atEnd: (dead) =>
        must(
          i32.slice(1, 1 + permits).every((holder) => holder === 0 || dead.has(holder)),
          'A permit is lost.',
        ),
    };
  };
}

/** Threads that meet `rounds` times; a hasty one that gives up comes again. */
export function barrier(all: All, threads: number, rounds: number): Stage {
  const { arrive } = all['rendezvous.ts']!;
  return () => {
    const i32 = new Int32Array(1);
    const came = new Array<number>(rounds).fill(0);
    const leaders = new Array<number>(rounds).fill(0);
    function* program(): Generator<unknown, void, never> {
      for (let round = 0; round < rounds; round++) {
        came[round]!++;
        let outcome: number = yield* arrive!(i32, 0, threads);
        while (outcome === TIMED_OUT) outcome = yield* arrive!(i32, 0, threads);
        must(came[round] === threads, 'One went on before all had come.');
        if (outcome === 1) leaders[round]!++;
      }
    }
    return {
      i32,
      programs: Array.from({ length: threads }, program),
      ledger: () => `${came} ${leaders}`,
      atEnd: () => {
        must(
          leaders.every((n) => n === 1),
          'Not one leader in a round.',
        );
        must(i32[0]! >>> 12 === rounds && (i32[0]! & 0xfff) === 0, 'The barrier is not as new.');
      },
    };
  };
}

const RING = {
  lock: 0,
  tail: 1,
  head: 2,
  filled: 3,
  receivers: 4,
  drained: 5,
  senders: 6,
  data: 8,
  capacity: 32,
};

/** Senders of `each` messages of 16 bytes in a ring for two; the last to have sent closes it. */
export function channel(all: All, senders: number, receivers: number, each: number): Stage {
  const { send, receive, close } = all['ring.ts']!;
  return (alive) => {
    const i32 = new Int32Array(8 + RING.capacity / 4);
    const f64 = new Float64Array(i32.buffer, 32);
    const sent = new Set<number>();
    const got: number[] = [];
    // In dead hands: a message that a sender may have sent, and one that a receiver has taken.
    let inHand = 0;
    let left = senders;
    const start = 2 ** 31 - 16;
    i32[RING.tail] = start;
    i32[RING.head] = start;
    const busy = new Set<number>();
    const through = new Set<number>();
    function* sender(me: number): Generator<unknown, void, never> {
      for (let n = 0; n < each; n++) {
        const value = me * 100 + n;
        const copy = (at: number) => {
          f64[at / 8] = value;
        };
        busy.add(me);
        const outcome: number = yield* send!(i32, RING, 1, 8, copy, me, alive);
        must(outcome === 0, 'Not sent.');
        sent.add(value);
        busy.delete(me);
      }
      through.add(me);
      if (--left === 0) yield* close!(i32, RING);
    }
    function* receiver(me: number): Generator<unknown, void, never> {
      for (;;) {
        let value = 0;
        const copy = (at: number) => {
          value = f64[at / 8]!;
        };
        busy.add(me);
        const outcome: number = yield* receive!(i32, RING, copy, me, alive);
        busy.delete(me);
        if (outcome === TIMED_OUT) continue;
        if (outcome === ENDED) return;
        must(!got.includes(value), 'Received twice.');
        const before = got.filter((other) => Math.floor(other / 100) === Math.floor(value / 100));
        if (receivers === 1)
          must(
            before.every((other) => other < value),
            'Out of order.',
          );
        got.push(value);
      }
    }
    const programs = Array.from({ length: senders + receivers }, (_, i) =>
      i < senders ? sender(i + 1) : receiver(i + 1),
    );
    return {
      i32,
      programs,
      onDeath(id) {
        if (busy.has(id)) inHand++;
        // Its supervisor closes for a sender that is no more.
        if (id <= senders && !through.has(id)) left--;
        if (left === 0) i32[RING.tail]! |= 1;
      },
      ledger: () => `${[...sent]} ${got} ${inHand} ${left} ${[...busy]}`,
      atEnd() {
        const rest = (((i32[RING.tail]! & ~1) - i32[RING.head]!) | 0) / 16;
        const missing = [...sent].filter((value) => !got.includes(value)).length;
        must(missing <= rest + inHand, 'A message was lost.');
        must(got.length <= sent.size + inHand, 'A message out of nothing.');
      },
    };
  };
}
