/**
 * How a thread ended, and the error that says so.
 *
 * @module
 */
import { MillraceError, NonErrorThrown } from '../../errors.ts';

/** Why a thread is gone. The first cause that was known is the one reported. */
export type ThreadExit =
  /** Its loop returned. */
  | { readonly reason: 'returned' }
  /** `requestKill` was called. */
  | { readonly reason: 'killed' }
  /** It ended itself, as by `process.exit`. Code 0 is no better than another: its loop had not returned. */
  | { readonly reason: 'exited'; readonly code: number }
  /** Its loop threw, or an error nobody caught ended it. */
  | { readonly reason: 'threw'; readonly error: Error }
  | { readonly reason: 'out-of-memory'; readonly error: Error }
  /** It ended before it was ready, or never began. */
  | {
      readonly reason: 'not-started';
      readonly error: Error;
      /** It said nothing: somebody ended it, or it itself by `process.exit`. */
      readonly unexplained?: true;
    };

/** What a `Worker`'s `'error'` event says about the thread's end. */
export function exitOfError(error: unknown): ThreadExit {
  if (!(error instanceof Error)) {
    return {
      reason: 'threw',
      error: new NonErrorThrown(error, 'The worker thread threw a value that is not an error.'),
    };
  }
  const { code } = error as { code?: unknown };
  return { reason: code === 'ERR_WORKER_OUT_OF_MEMORY' ? 'out-of-memory' : 'threw', error };
}

/** An exit as an error, fit to be the `cause` of what it did to others. */
export function exitError(worker: number, exit: ThreadExit): Error {
  switch (exit.reason) {
    case 'returned':
      return new MillraceError('ERR_WORKER_EXITED', `Worker ${worker} had ended its loop.`);
    case 'killed':
      return new MillraceError('ERR_WORKER_EXITED', `Worker ${worker} was terminated.`);
    case 'exited':
      return new MillraceError(
        'ERR_WORKER_EXITED',
        `Worker ${worker} ended with exit code ${exit.code} and no error. Do not call \`process.exit\` in a task.`,
      );
    case 'out-of-memory':
      return new MillraceError(
        'ERR_WORKER_OUT_OF_MEMORY',
        `Worker ${worker} reached its heap limit. Raise \`resourceLimits.maxOldGenerationSizeMb\`, or make the task smaller.`,
        { cause: exit.error },
      );
    case 'threw':
    case 'not-started':
      return exit.error;
  }
}

/** Why `new Worker` threw. */
export function startError(worker: number, error: unknown): Error {
  const { code, message } = (error ?? {}) as { code?: unknown; message?: unknown };
  if (code === 'ERR_ACCESS_DENIED') {
    return new MillraceError(
      'ERR_PERMISSION',
      'The permission model forbids worker threads. Start Node with `--allow-worker`.',
      { cause: error },
    );
  }
  const why = `Worker ${worker} could not be started: ${String(message ?? error)}`;
  return new MillraceError('ERR_POOL_FAILED', why + remedy(code, message), { cause: error });
}

function remedy(code: unknown, message: unknown): string {
  if (code === 'ERR_WORKER_INIT_FAILED')
    return '. The system gives this process no more threads: raise its limit, or ask for fewer `workers`.';
  // What piscina says of a module without a default export.
  if (String(message).startsWith('No handler function'))
    return '. Let `workerUrl` be the file that your bundler has made of `millrace/worker-entry`.';
  return '';
}

/** Why a thread ended before it was ready; `error` keeps its own code if it says what to do. */
export function startFailure(worker: number, modules: readonly string[], exit: ThreadExit): MillraceError {
  const cause = exitError(worker, exit);
  if (cause instanceof MillraceError && exit.reason === 'not-started') return cause;
  if (exit.reason === 'threw' && cause.message.includes('outside a module')) {
    return new MillraceError(
      'ERR_MODULE_LOAD',
      `Worker ${worker} read its worker entry as CommonJS, which it is not. Put a \`package.json\` with \`"type": "module"\` into the folder that \`workerUrl\` is in, or above it.`,
      { cause },
    );
  }
  const loading = modules.length === 0 ? '' : ` while loading ${modules.join(', ')}`;
  return new MillraceError(
    'ERR_MODULE_LOAD',
    `Worker ${worker} ended before it was ready${loading}: ${cause.message}`,
    {
      cause,
    },
  );
}

/** How a thread ended for which this is known to have kept it from starting. */
export function startExit(exit: ThreadExit, failure: Error | undefined): ThreadExit {
  if (failure === undefined || exit.reason === 'not-started') return exit;
  return { reason: 'not-started', error: failure };
}
