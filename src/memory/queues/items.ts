/**
 * What travels through a queue, and what a taker is told when nothing does.
 *
 * @module
 */
import { checkKeys, expected, InvalidArgumentError } from '../../errors.ts';
import * as L from '../layout.ts';

/** A taker's answer: nothing is there. Always 0, which is why no item is 0. */
export const EMPTY: 0 = L.EMPTY;

/**
 * A taker's answer: something is there, but another thread was faster. Try again, here or at another queue.
 * Always -1, which is why no item is -1.
 */
export const RETRY: -1 = L.RETRY;

/** Room for items, fixed when the queue is made. */
export interface QueueOptions {
  /** Most items it holds: a power of two from 1 to 16777216. Each takes four bytes. Default 1024. */
  readonly capacity?: number;
}

const DEFAULT_CAPACITY = 1024;
export const MAX_CAPACITY: number = 2 ** 24;

/** @throws InvalidArgumentError unless it is an int32 other than `EMPTY` and `RETRY`. */
export function checkItem(item: number): void {
  if (typeof item !== 'number' || (item | 0) !== item || item === EMPTY || item === RETRY) {
    throw expected('item', 'an integer from -2147483648 to 2147483647 other than 0 and -1', item);
  }
}

/** @throws InvalidArgumentError unless it is a power of two within the limits. */
export function capacityOf(options: QueueOptions): number {
  checkKeys('options', options, ['capacity']);
  const { capacity = DEFAULT_CAPACITY } = options;
  const whole = Number.isInteger(capacity) && capacity >= 1 && capacity <= MAX_CAPACITY;
  if (!whole || (capacity & (capacity - 1)) !== 0) {
    throw expected('capacity', `a power of two from 1 to ${MAX_CAPACITY}`, capacity);
  }
  return capacity;
}

/** @throws InvalidArgumentError unless it counts something. */
export function checkCount(name: string, count: number): void {
  if (count !== Infinity && !(Number.isInteger(count) && count >= 1)) {
    throw expected(name, 'an integer from 1, or Infinity', count);
  }
}

/** `Infinity` and what is larger than an int32 mean the same to the core: all there are. */
export function toCount(count: number): number {
  return Math.min(count, 0x7fffffff);
}

/** Two queues that move items between them must lie in one memory. */
export function checkSameSpace(one: string, other: string): void {
  if (one === other) return;
  throw new InvalidArgumentError(
    'The deque and the ring are from different spaces. Make both with the same `createSpace` result.',
  );
}
