// Threads of the fixture entry, from the built package, with everything they report kept.
import { afterEach, vi } from 'vitest';
import type { ThreadExit } from '../../dist/src/coordinator/threads/exit.js';
import {
  PiscinaSupervisor,
  type PiscinaSupervisorOptions,
} from '../../dist/src/coordinator/threads/piscina-supervisor.js';
import type { ReadyReport, Thread, ThreadStart } from '../../dist/src/coordinator/threads/supervisor.js';
import { systemTimers } from '../../dist/src/coordinator/threads/timers.js';

// Threads start and end when the machine lets them: a limit against hangs, not a measure.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

export const fixture = (name: string): URL => new URL(`./fixtures/${name}`, import.meta.url);

export interface Watched {
  readonly thread: Thread;
  readonly ready: Promise<ReadyReport>;
  readonly startFailure: Promise<Error>;
  readonly stuck: Promise<void>;
  readonly exit: Promise<ThreadExit>;
  readonly data: unknown[];
  readonly strays: Error[];
  /** Every event but data, in order. */
  readonly events: string[];
}

const live = new Set<Watched>();

afterEach(async () => {
  for (const { thread } of live) thread.requestKill();
  await Promise.all([...live].map(({ exit }) => exit));
});

export function supervise(
  options: Partial<PiscinaSupervisorOptions> = {},
  deadlines: Partial<PiscinaSupervisorOptions['deadlines']> = {},
): PiscinaSupervisor {
  return new PiscinaSupervisor({
    workerUrl: fixture('entry.mjs'),
    timers: systemTimers,
    deadlines: { startup: 60_000, kill: 60_000, control: 60_000, ...deadlines },
    ...options,
  });
}

export function watch(thread: Thread): Watched {
  const data: unknown[] = [];
  const strays: Error[] = [];
  const events: string[] = [];
  const noted = <T>(name: string, subscribe: (listener: (value: T) => void) => void): Promise<T> =>
    new Promise((resolve) =>
      subscribe((value) => {
        events.push(name);
        resolve(value);
      }),
    );
  thread.onData((message) => data.push(message));
  thread.onStray((error) => strays.push(error));
  const watched: Watched = {
    thread,
    ready: noted('ready', (listener) => thread.onReady(listener)),
    startFailure: noted('start failure', (listener) => thread.onStartFailure(listener)),
    stuck: noted('stuck', (listener: (nothing: void) => void) => thread.onStuck(listener)),
    exit: noted('exit', (listener) => thread.onExit(listener)),
    data,
    strays,
    events,
  };
  live.add(watched);
  void watched.exit.then(() => live.delete(watched));
  return watched;
}

export function startOf(loop: string, config: ThreadStart['config'] = {}): ThreadStart {
  return { worker: 0, memory: {}, module: {}, modules: [], config: { loop, ...config } };
}

/** Starts a thread that runs the loop of that name in fixtures/entry.mjs. */
export function run(loop: string, config: ThreadStart['config'] = {}, supervisor = supervise()): Watched {
  return watch(supervisor.spawn(startOf(loop, config)));
}

/** Waits, a turn at a time, until `condition` holds. */
export async function until(condition: () => boolean, what: string): Promise<void> {
  const end = Date.now() + 60_000;
  while (!condition()) {
    if (Date.now() > end) throw new Error(`never happened: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}
