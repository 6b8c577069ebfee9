/**
 * Worker threads by piscina: all of this library that knows piscina. Why it is used this way is in
 * docs/decisions/thread-supervisor.md.
 *
 * @module
 */
import { Piscina } from 'piscina';
import type { ResourceLimits } from '../options.ts';
import { withoutInspector } from './exec-argv.ts';
import { type Deadlines, type Launch, SupervisedThread } from './supervised-thread.ts';
import type { Supervisor, Thread, ThreadStart } from './supervisor.ts';
import type { Timers } from './timers.ts';
import { TypeStripper } from './type-stripper.ts';

export interface PiscinaSupervisorOptions {
  readonly deadlines: Deadlines;
  readonly timers: Timers;
  readonly resourceLimits?: ResourceLimits;
  /** Default: a copy of `process.env`. */
  readonly env?: Readonly<Record<string, string>>;
  /** Node options of the threads; those of the debugger are left out. Default: those of the process. */
  readonly execArgv?: readonly string[];
  /** Where the worker entry is after bundling. Default: beside this package's own build. */
  readonly workerUrl?: URL | string;
}

/** One piscina pool per thread: that names the thread, and there is nothing for piscina to respawn, queue or balance. */
export class PiscinaSupervisor implements Supervisor {
  readonly #options: PiscinaSupervisorOptions;
  readonly #launch: Launch;
  readonly #stripper = new TypeStripper();

  constructor(options: PiscinaSupervisorOptions) {
    this.#options = options;
    this.#launch = launcher(options);
  }

  spawn(start: ThreadStart): Thread {
    const { deadlines, timers } = this.#options;
    const strip = TypeStripper.needed(start.modules) ? this.#stripper.open() : undefined;
    return new SupervisedThread(start, this.#launch, deadlines, timers, strip);
  }
}

function launcher(options: PiscinaSupervisorOptions): Launch {
  const { resourceLimits, env, execArgv, workerUrl } = options;
  const poolOptions = {
    filename: String(workerUrl ?? new URL('../../../workers/entry.js', import.meta.url)),
    name: 'loop',
    minThreads: 0,
    maxThreads: 1,
    idleTimeout: Number.POSITIVE_INFINITY,
    atomics: 'disabled',
    concurrentTasksPerWorker: 1,
    recordTiming: false,
    ...(resourceLimits && { resourceLimits }),
    ...(env && { env: { ...env } }),
    ...(execArgv && { execArgv: withoutInspector(execArgv) }),
  } as const;

  return (start, transfer, onUndelivered) => {
    const pool = new Piscina(poolOptions);
    // Piscina reports a thread that fails without a task here; the thread's own events say the same.
    pool.on('error', () => {});
    pool.run(start, { transferList: [...transfer] as never[] }).catch(onUndelivered);
    const [worker] = pool.threads;
    return {
      worker: worker!,
      // Unlike an abort signal, this also ends a thread that has not taken its task yet.
      terminate: () => void pool.destroy(),
    };
  };
}
