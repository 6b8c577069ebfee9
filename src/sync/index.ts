/**
 * Locks, rendezvous and channels in shared memory, for **task code** that shares memory: any threads of one process.
 *
 * - {@link Mutex}: one at a time. Poisoned when its holder dies, as in Rust.
 * - {@link RwLock}: many readers or one writer.
 * - {@link Semaphore}: so many at a time.
 * - {@link Barrier} and {@link Latch}: wait for each other, or for something to have happened.
 * - {@link Channel}: messages, first in, first out, any number of senders and receivers.
 *
 * Make an object on any thread, send its `handle` to others, and `open` it there. Each has a form that stops the thread
 * and a form that keeps its event loop alive; the main thread should use the second. Nothing here depends on code that a
 * dying thread runs. What to use when: `docs/sync.md`.
 *
 * @module
 */
export { Barrier, type BarrierHandle, type BarrierOptions } from './barrier.ts';
export { Channel, type ChannelHandle, type ChannelOptions } from './channel.ts';
export { Guard, type Releasable } from './guard.ts';
export type { NameOptions, Place, SyncHandle, SyncKind } from './handle.ts';
export { Latch, type LatchHandle, type LatchOptions } from './latch.ts';
export type { LockOptions } from './locking.ts';
export { Mutex, type MutexHandle, type MutexOptions } from './mutex.ts';
export { RwLock, type RwLockHandle, type RwLockOptions } from './rw-lock.ts';
export { Semaphore, type SemaphoreHandle, type SemaphoreOptions } from './semaphore.ts';
export type { WaitOptions } from './waiting.ts';
