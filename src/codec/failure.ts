/**
 * How a value that cannot be sent is reported: what went wrong travels up through the writer's frames and gathers
 * the path on the way, so that a message that succeeds pays nothing for it.
 *
 * @module
 */
import { SerializeError } from '../errors.ts';
import { keySegment } from './path.ts';

export type Root = 'args' | 'result';

/** Thrown inside the writer when a value needs a message port. */
export const NEEDS_PORT_SIGNAL: object = Object.freeze({ needsPort: true });

/** A failure on its way out of the writer. Not an Error: it never leaves this folder. */
export class Failure {
  readonly reason: string;
  readonly cause: unknown;
  /** Innermost first. */
  readonly segments: string[] = [];

  constructor(reason: string, cause: unknown) {
    this.reason = reason;
    this.cause = cause;
  }
}

/** What to say of a value that structured clone refuses. */
export function uncloneable(what: string): Failure {
  return new Failure(`it is ${what}`, new DOMException(`${what} could not be cloned.`, 'DataCloneError'));
}

/** Adds one step of the path to whatever was thrown below, and throws it on. */
export function rethrowAt(thrown: unknown, segment: string | undefined): never {
  if (thrown === NEEDS_PORT_SIGNAL) throw thrown;
  const failure = thrown instanceof Failure ? thrown : fromThrown(thrown);
  if (segment !== undefined) failure.segments[failure.segments.length] = segment;
  throw failure;
}

export function rethrowAtKey(thrown: unknown, key: string | number): never {
  return rethrowAt(thrown, keySegment(key));
}

function fromThrown(thrown: unknown): Failure {
  const deep = thrown instanceof RangeError && /call stack/i.test(thrown.message);
  return new Failure(deep ? 'it is nested too deeply for the stack' : 'reading it threw', thrown);
}

/** The error the caller sees. */
export function serializeError(thrown: unknown, root: Root, path?: string): SerializeError {
  const failure = thrown instanceof Failure ? thrown : fromThrown(thrown);
  let at: string = root;
  for (let i = failure.segments.length - 1; i >= 0; i--) at += failure.segments[i];
  at = shortened(path ?? at);
  const message =
    root === 'args'
      ? `Cannot send \`${at}\` to a worker: ${failure.reason}. Pass plain data, or the name of an exported function instead.`
      : `Cannot send \`${at}\` back from the worker: ${failure.reason}. Return plain data instead.`;
  const code = root === 'args' ? 'ERR_SERIALIZE' : 'ERR_RESULT_SERIALIZE';
  return new SerializeError(code, at, message, { cause: failure.cause });
}

const LONGEST_PATH = 512;
function shortened(path: string): string {
  if (path.length <= LONGEST_PATH) return path;
  const half = LONGEST_PATH / 2;
  return `${path.slice(0, half)} … ${path.slice(-half)}`;
}
