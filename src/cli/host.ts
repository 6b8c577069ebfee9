/**
 * What a command gets from outside: streams, clock, signals and the way to make a pool. Tests bring their own.
 *
 * @module
 */

import type { Readable, Writable } from 'node:stream';
import type { PoolFactory } from './map-pool.ts';

/** A standard stream: `fd` is absent when it is not backed by a file descriptor of this process. */
export interface OutputStream extends Writable {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  readonly fd?: number | undefined;
}

export interface Clock {
  /** Milliseconds from some fixed moment; never goes back. */
  now(): number;
  /** Calls back every `ms`; returns the way to stop it. Does not keep the process alive. */
  every(ms: number, callback: () => void): () => void;
  /** Calls back once after `ms`; returns the way to stop it. */
  after(ms: number, callback: () => void): () => void;
}

/** The environment variables a command heeds. */
export interface Environment {
  readonly TERM?: string | undefined;
  /** https://no-color.org: any non-empty value. */
  readonly NO_COLOR?: string | undefined;
}

export type StopSignal = 'SIGINT' | 'SIGTERM';

export interface Host {
  readonly cwd: string;
  readonly env: Environment;
  readonly stdin: Readable;
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  readonly clock: Clock;
  readonly createPool: PoolFactory;
  /** Takes the signals over from Node until the returned function is called. */
  onSignal(listener: (signal: StopSignal) => void): () => void;
}

export const systemClock: Clock = {
  now: () => performance.now(),
  every(ms, callback) {
    const timer = setInterval(callback, ms).unref();
    return () => clearInterval(timer);
  },
  after(ms, callback) {
    const timer = setTimeout(callback, ms);
    return () => clearTimeout(timer);
  },
};
