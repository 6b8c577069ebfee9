/**
 * The task functions of every contender. A contender's worker file only registers these; none has its own version.
 * A gate is a SharedArrayBuffer of two int32 words: [how many have arrived, 1 when open].
 */
import { threadId } from 'node:worker_threads';

const GATE_LIMIT_MS = 120_000;
const MEETING_LIMIT_MS = 10_000;
const PAGE = 4096;

/** The trivial task. */
export function add(a, b) {
  return a + b;
}

/** The trivial task as an async function that waits for nothing. */
export async function addAsync(a, b) {
  return a + b;
}

export function echo(value) {
  return value;
}

/** Reads one byte of each page and the last one: proves that the bytes arrived without hiding the cost of moving them. */
export function checksum(bytes) {
  let sum = bytes.length;
  for (let i = 0; i < bytes.length; i += PAGE) sum = (Math.imul(sum, 31) + bytes[i]) | 0;
  return (Math.imul(sum, 31) + bytes[bytes.length - 1]) | 0;
}

/** Reads every record, returns a small answer. */
export function summarize(records) {
  let total = 0;
  let letters = 0;
  for (const record of records) {
    total += record.value;
    letters += record.name.length;
  }
  return { count: records.length, total, letters };
}

/**
 * `rounds` of xorshift32: fixed work, so that a thread that was preempted meanwhile ends later. Returns the last state.
 * The state starts as an int32: from a start outside that range V8 keeps it as a double where it inlines the function into
 * its caller, and then the same work takes 3.5 times as long in some contenders' workers.
 */
export function crunch(rounds) {
  let x = 2463534242 | 0;
  for (let i = 0; i < rounds; i++) {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
  }
  return x >>> 0;
}

/** `crunch`, and which thread was busy with it for how long, ms of wall time. */
export function crunchWhere(rounds) {
  const from = performance.now();
  const value = crunch(rounds);
  return { threadId, ms: performance.now() - from, value };
}

/** Keeps one core busy for `ms` milliseconds of wall time; returns how long it was. */
export function spin(ms) {
  const start = performance.now();
  let now = start;
  while (now - start < ms) now = performance.now();
  return now - start;
}

export function fail(message) {
  throw new RangeError(message);
}

export async function later(value) {
  await new Promise((resolve) => setImmediate(resolve));
  return value;
}

/** Blocks its worker until the gate is opened; resolves to whether it was. */
export function hold(gate) {
  const words = new Int32Array(gate);
  Atomics.add(words, 0, 1);
  Atomics.notify(words, 0);
  Atomics.wait(words, 1, 0, GATE_LIMIT_MS);
  return Atomics.load(words, 1) === 1;
}

/** Returns true once `parties` workers are inside at the same time: so many threads have each run one task. */
export function meet(gate, parties) {
  const words = new Int32Array(gate);
  const deadline = performance.now() + MEETING_LIMIT_MS;
  let arrived = Atomics.add(words, 0, 1) + 1;
  Atomics.notify(words, 0);
  while (arrived < parties && performance.now() < deadline) {
    Atomics.wait(words, 0, arrived, deadline - performance.now());
    arrived = Atomics.load(words, 0);
  }
  return arrived >= parties;
}
