/**
 * The order in which locks are taken, as Linux's lockdep and Abseil's deadlock detection watch it: a lock taken while
 * another is held is an edge, and a cycle of edges is a deadlock that only waits for its moment. So it is found the first
 * time a lock is taken the wrong way round, whether or not another thread is there just then.
 *
 * The edges of a lock lie in its own memory: a thread that takes two locks sees what all other threads did with these
 * two. Longer cycles are found through locks that this thread has open. An edge is an id, set by one compare-exchange,
 * and a text that follows it; a thread that dies in between leaves an edge without text.
 *
 * @module
 */
import { MillraceError } from '../../errors.ts';
import { ofThread } from '../thread.ts';
import { ORDER_CHECK } from './checks.ts';
import type { Tracked } from './tracked.ts';

/** So many locks taken while one is held are remembered for all threads. */
const EDGES = 16;
const EDGE_BYTES = 1024;
/** Within an edge: the id, the bytes of the text (0 until it is there), the text. */
const LENGTH = 8;
const TEXT = 16;

/** What a lock's memory has to have for it. */
export const ORDER_BYTES: number = ORDER_CHECK === 'off' ? 0 : EDGES * EDGE_BYTES;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Sweeps the map of open locks now and then, of those that are gone. */
const SWEEP_EVERY = 256;

export function register(lock: Tracked): void {
  if (ORDER_CHECK === 'off') return;
  const { open } = ofThread;
  open.set(lock.id, new WeakRef(lock));
  if (open.size % SWEEP_EVERY !== 0) return;
  for (const [id, ref] of open) if (ref.deref() === undefined) open.delete(id);
}

/**
 * This thread is about to wait for `lock` with all it holds: notes the edges, and reports the first cycle.
 *
 * @throws MillraceError `ERR_LOCK_ORDER` in the mode `throw`, before anything is waited for.
 */
export function noteOrder(lock: Tracked): void {
  for (const held of ofThread.locks) {
    if (held.id === lock.id || held.after.has(lock)) continue;
    const edge = addEdge(held, lock.id);
    const path = findPath(lock, held.id);
    if (path !== undefined) {
      // Then the edge is wrong: later threads are not to take it for the order.
      if (ORDER_CHECK === 'throw' && edge !== undefined) Atomics.compareExchange(held.i64, edge, lock.id, 0n);
      report(held, lock, path);
    }
    held.after.add(lock);
  }
}

interface Step {
  readonly from: Tracked;
  /** Where its edge lies. */
  readonly edge: number;
}

/** Where the new edge lies; nothing when it was there, or there is no room. */
function addEdge(held: Tracked, id: bigint): number | undefined {
  if (held.order === 0) return undefined;
  for (let i = 0; i < EDGES; i++) {
    const edge = edgeAt(held, i);
    const there = Atomics.compareExchange(held.i64, edge, 0n, id);
    if (there === id) return undefined;
    if (there !== 0n) continue;
    writeText(held, edge, stackHere());
    return edge;
  }
  return undefined;
}

function writeText(lock: Tracked, edge: number, text: string): void {
  const bytes = encoder.encode(text).subarray(0, EDGE_BYTES - TEXT);
  new Uint8Array(lock.memory, edge * 8 + TEXT, bytes.length).set(bytes);
  Atomics.store(new Int32Array(lock.memory), (edge * 8 + LENGTH) / 4, bytes.length);
}

/** The edges from `from` to the lock of that id: through locks open here, breadth first. */
function findPath(from: Tracked, id: bigint): readonly Step[] | undefined {
  const seen = new Set<bigint>([from.id]);
  const queue: { readonly lock: Tracked; readonly path: readonly Step[] }[] = [{ lock: from, path: [] }];
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    const { lock, path } = next;
    if (lock.order === 0) continue;
    for (let i = 0; i < EDGES; i++) {
      const edge = edgeAt(lock, i);
      const to = Atomics.load(lock.i64, edge);
      if (to === 0n || seen.has(to)) continue;
      const steps = [...path, { from: lock, edge }];
      if (to === id) return steps;
      seen.add(to);
      const open = ofThread.open.get(to)?.deref();
      if (open !== undefined) queue.push({ lock: open, path: steps });
    }
  }
  return undefined;
}

function report(held: Tracked, lock: Tracked, path: readonly Step[]): void {
  const names = [...path.map(({ from }) => from.name), held.name];
  const message =
    `Locks are taken in an order that can deadlock: "${lock.name}" while "${held.name}" is held, ` +
    `but elsewhere ${names.map((name) => `"${name}"`).join(', then ')}. Take them in one order everywhere.`;
  const elsewhere = path.map(
    ({ from, edge }, i) => `"${names[i + 1]}" after "${from.name}" was taken\n${textOf(from, edge)}`,
  );
  const detail = elsewhere.join('\n');
  if (ORDER_CHECK === 'throw') {
    const error = new MillraceError('ERR_LOCK_ORDER', message);
    error.stack = `${error.stack}\n    --- elsewhere: ${detail}`;
    throw error;
  }
  // A task that opens its locks anew each time is told once too.
  const pair = `${held.id} ${lock.id}`;
  if (ofThread.warned.has(pair)) return;
  ofThread.warned.add(pair);
  const here = `here:\n${stackHere()}\nelsewhere: ${detail}`;
  process.emitWarning(message, { type: 'LockOrderWarning', code: 'MILLRACE_LOCK_ORDER', detail: here });
}

function textOf(lock: Tracked, edge: number): string {
  const i32 = new Int32Array(lock.memory);
  const length = Atomics.load(i32, (edge * 8 + LENGTH) / 4);
  if (length === 0) return '    (no stack)';
  // A decoder refuses shared memory.
  return decoder.decode(new Uint8Array(lock.memory, edge * 8 + TEXT, length).slice());
}

function edgeAt(lock: Tracked, edge: number): number {
  return (lock.order + edge * EDGE_BYTES) / 8;
}

/** The frames of whoever called the lock. */
function stackHere(): string {
  const at = new Error().stack ?? '';
  const lines = at.split('\n').slice(1);
  const own = new URL('../', import.meta.url).href;
  return lines.filter((line) => !line.includes(own)).join('\n');
}
