/**
 * What runs first in a worker thread: loads the task modules, reports ready, and hands over to the scheduler loop.
 * Piscina calls `loop`.
 *
 * The loop is imported with it, so that it has taken what it needs of the language before any task module runs; but to
 * few modules: each one that is imported here is paid for by every start, Node's own too.
 *
 * @module
 */
import type { MessagePort } from 'node:worker_threads';
import { carryError } from '../src/codec/carried-error.ts';
import { brokenInstall } from '../src/errors.ts';
import type { ControlServer, LoopControl } from './control.ts';
import { forks } from './fork/state.ts';
import { loadTaskModules } from './modules/load.ts';
import { runWorker } from './scheduler.ts';
import type { LoadedFunctions, WorkerContext, WorkerReport, WorkerRun, WorkerStart } from './start.ts';

// Captured before any task code runs: a task may replace what is global.
const { exit, getBuiltinModule } = process;
const later = setImmediate;
const NativePromise = Promise;

/** The entry that piscina calls in each thread of a pool. */
export const loop: (start: WorkerStart) => void = workerLoop(runWorker);

/** An entry for another loop. */
export function workerLoop(run: WorkerRun): (start: WorkerStart) => void {
  return (start) => {
    // Before this the thread must not be ended: src/coordinator/threads/loading.ts.
    Atomics.store(start.loading, 0, 1);
    Atomics.notify(start.loading, 0);
    hideWorkerData();
    // Piscina has to see its task end at once: a running task makes it hold the process.
    later(() => void live(start, run));
  };
}

async function live(start: WorkerStart, run: WorkerRun): Promise<void> {
  const report = (message: WorkerReport): void => start.controlPort.postMessage(message);
  const calls = new ControlCalls(start.controlPort);

  const reportStray = (error: unknown): void => report({ report: 'stray', error: carryError(error) });
  let stray: (error: unknown) => void = reportStray;
  catchStrays((error) => stray(error));

  // Ports alone: what else is active now, files of modules being loaded, is gone in a moment.
  const ownResources = process.getActiveResourcesInfo().filter((type) => type === 'MessagePort').length;
  let functions: LoadedFunctions;
  try {
    functions = await loadFunctions(start);
    if (forks.imported) await openShares(start);
  } catch (error) {
    report({ report: 'failed', error: carryError(error) });
    return end(1);
  }

  const context: WorkerContext = {
    start,
    functions,
    ownResources,
    serve: (control) => calls.serve(control),
    get pendingControlCalls() {
      return calls.pending;
    },
    onStray: (handler) => {
      stray = handler;
    },
    reportBroken: (cause) => report({ report: 'failed', error: carryError(brokenInstall(cause)) }),
    reportStray,
  };
  report({
    report: 'ready',
    functions: Array.from(functions.values(), ({ name, module, options }) => ({ name, module, options })),
    registered: forks.numbering?.registeredLabels() ?? [],
  });
  try {
    await run(context);
  } catch (error) {
    report({ report: 'threw', error: carryError(error) });
    return end(1);
  }
  report({ report: 'returned' });
  return end(0);
}

/** Control calls; who answers them is imported at the first. */
class ControlCalls {
  readonly #early: unknown[] = [];
  #control: LoopControl | undefined;
  #opening: Promise<void> | undefined;
  #server: ControlServer | undefined;

  constructor(port: MessagePort) {
    port.on('message', (message: unknown) => {
      if (this.#server !== undefined) return this.#server.receive(message);
      this.#early.push(message);
      this.#opening ??= this.#open(port);
    });
  }

  /** Calls received and not yet answered. */
  get pending(): number {
    return this.#early.length + (this.#server?.pending ?? 0);
  }

  serve(control: LoopControl): void {
    this.#control = control;
    this.#server?.serve(control);
  }

  // A failure is unhandled on purpose: it surfaces as a stray error of this thread; callers have deadlines.
  async #open(port: MessagePort): Promise<void> {
    const { ControlServer } = await import('./control.ts');
    this.#server = new ControlServer(port);
    if (this.#control !== undefined) this.#server.serve(this.#control);
    for (const message of this.#early.splice(0)) this.#server.receive(message);
  }
}

// Before any thread of the pool can be told of shared memory: all are ready then.
async function openShares({ config }: WorkerStart): Promise<void> {
  const { Shares } = await import('./fork/shares.ts');
  forks.shares = new Shares(String(config['pool']));
}

async function loadFunctions(start: WorkerStart): Promise<LoadedFunctions> {
  if (start.typescript) {
    const { enableTypeScript } = await import('./modules/typescript.ts');
    enableTypeScript(start.stripPort);
  }
  return loadTaskModules(start.modules);
}

/** Output goes through the coordinator in portions it has to ask for; ending the thread would drop what it has not. */
async function end(code: number): Promise<void> {
  for (const stream of [process.stdout, process.stderr]) {
    if (stream.writableLength > 0) await new NativePromise((resolve) => stream.write('', resolve));
  }
  exit(code);
}

function catchStrays(handle: (error: unknown) => void): void {
  process.on('uncaughtException', handle);
  process.on('unhandledRejection', handle);
}

/** Nothing a task module imports should find what the thread was started with. */
function hideWorkerData(): void {
  const threads = getBuiltinModule('node:worker_threads') as { workerData: unknown };
  if (threads.workerData === null || threads.workerData === undefined) return;
  threads.workerData = null;
  getBuiltinModule('node:module').syncBuiltinESMExports();
}
