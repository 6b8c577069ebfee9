/**
 * Functions that arrive as source text (`pool.exec`): compiled once, kept by text.
 *
 * @module
 */
import { MillraceError } from '../src/errors.ts';
import { asyncStorage, type Context, currentContext } from './context.ts';

/** More different sources than this, and the oldest is forgotten. */
const KEPT = 256;

type Anything = (...args: unknown[]) => unknown;

const AsyncFunction = (async () => {}).constructor;

const compiled = new Map<string, Anything>();

/** Function number 0: runs the function whose source is the last argument on those before it. */
export function runSource(...args: unknown[]): unknown {
  const last = args.length - 1;
  const source = args[last] as string;
  args.length = last;
  let fn = compiled.get(source);
  if (fn === undefined) {
    fn = compile(source);
    compiled.set(source, fn);
    if (compiled.size > KEPT) compiled.delete(compiled.keys().next().value!);
  }
  try {
    const running = fn instanceof AsyncFunction ? currentContext() : undefined;
    const result = running === undefined ? fn(...args) : keeping(running, fn, args);
    return isPromise(result) ? result.catch(explain) : result;
  } catch (error) {
    return explain(error);
  }
}

// As the executor does for exported ones: after an `await` the stack no longer tells.
function keeping(running: Context, fn: Anything, args: unknown[]): unknown {
  return asyncStorage().run(running, () => fn(...args));
}

function compile(source: string): Anything {
  try {
    // In global scope, with nothing of ours in reach. The text is the caller's own function.
    // Strict, as modules are: an assignment to a name from outside must not silently make a global here.
    return new Function(`'use strict'; return (${source}\n)`)() as Anything;
  } catch (cause) {
    throw new MillraceError(
      'ERR_BAD_FUNCTION',
      'The source of the function given to `exec` cannot be compiled on its own. Use an arrow function or a function expression, not a method.',
      { cause },
    );
  }
}

function explain(error: unknown): never {
  // Other errors of this class are the function's own: thrown by it, or a name of its own used too early.
  if (error instanceof ReferenceError && /^\S+ is not defined$/.test(error.message)) {
    throw new MillraceError(
      'ERR_BAD_FUNCTION',
      `The function given to \`exec\` uses a name from outside: ${error.message}. It is sent as source text; pass what it needs as arguments.`,
      { cause: error },
    );
  }
  throw error;
}

function isPromise(value: unknown): value is Promise<unknown> {
  return value instanceof Promise;
}
