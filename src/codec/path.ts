/**
 * What cannot be sent, and where in the value it is. What went wrong travels up through the writer's frames and gathers
 * the path on the way, so that a message that succeeds pays nothing for it; for what only a port could tell, the value
 * is walked again, with a stack of its own, so that depth is no limit.
 *
 * @module
 */
import { SerializeError } from '../errors.ts';
import { type Class, classify, describe } from './classify.ts';
import { getOwnPropertyDescriptor, isArray, keys, mapForEach, NewSet, setForEach } from './primordials.ts';

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

// Subtle: no regular expression, here and where keys are told apart. V8 compiles it when it is used, and where the
// stack ends that is a SyntaxError.
function fromThrown(thrown: unknown): Failure {
  const deep = thrown instanceof RangeError && thrown.message === 'Maximum call stack size exceeded';
  return new Failure(
    deep ? 'it is nested too deeply for what is left of the stack' : 'reading it threw',
    thrown,
  );
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

/** `.name`, `[3]`, `["odd key"]`. */
function keySegment(key: string | number): string {
  if (typeof key === 'number') return `[${key}]`;
  return isName(key) ? `.${key}` : `[${quoted(key)}]`;
}

function isName(key: string): boolean {
  for (let i = 0; i < key.length; i++) {
    const at = key[i]!;
    if (at > '\x7f') return /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(key);
    const letter = (at >= 'a' && at <= 'z') || (at >= 'A' && at <= 'Z') || at === '_' || at === '$';
    if (!letter && (i === 0 || at < '0' || at > '9')) return false;
  }
  return key !== '';
}

/** Path step to the value of one entry of a Map; keys that are objects are named by their position. */
export function entrySegment(key: unknown, position: number): string {
  switch (typeof key) {
    case 'string':
      return `.get(${quoted(key)})`;
    case 'number':
    case 'boolean':
    case 'undefined':
      return `.get(${Object.is(key, -0) ? '-0' : String(key)})`;
    case 'bigint':
      return `.get(${key}n)`;
    default:
      return key === null ? '.get(null)' : `.values()[${position}]`;
  }
}

function quoted(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);
}

interface Step {
  readonly value: unknown;
  readonly segment: string;
  readonly parent: Step | undefined;
}

/**
 * The path of the first part of `value` that structured clone would refuse, in the order it visits them, as in
 * `args[0].cb`, `args[1].get("k")`, `result.items[3]`. Used after a failure only: it reads getters again. Gives the
 * root itself when nothing is found. What must be moved (ports, streams) is refused unless it is in `transfer`.
 */
export function pathOfUncloneable(
  value: unknown,
  root: 'args' | 'result',
  transfer: readonly unknown[] = [],
): string {
  const seen = new NewSet<unknown>();
  const stack: Step[] = [{ value, segment: root, parent: undefined }];
  for (let step = stack.pop(); step !== undefined; step = stack.pop()) {
    const { value: at } = step;
    if (typeof at === 'function' || typeof at === 'symbol' || at instanceof GetterFailed) return render(step);
    if (typeof at !== 'object' || at === null || seen.has(at) || transfer.includes(at)) continue;
    seen.add(at);
    const kind: Class = classify(at);
    if (describe(at, kind) !== undefined || kind === 'move') return render(step);
    const children = childrenOf(at, kind, step);
    for (let i = children.length - 1; i >= 0; i--) stack.push(children[i]!);
  }
  return root;
}

class GetterFailed {}

function childrenOf(at: object, kind: Class, parent: Step): Step[] {
  const children: Step[] = [];
  const add = (value: unknown, segment: string): void => {
    children.push({ value, segment, parent });
  };
  if (kind === 'map') {
    let i = 0;
    mapForEach(at as Map<unknown, unknown>, (value, key) => {
      add(key, `.keys()[${i}]`);
      add(value, entrySegment(key, i));
      i++;
    });
  } else if (kind === 'set') {
    let i = 0;
    setForEach(at as Set<unknown>, (value) => add(value, `.values()[${i++}]`));
  } else if (kind === 'plain' || kind === 'array') {
    const array = isArray(at);
    for (const key of keys(at)) {
      const segment = keySegment(array && isIndex(key) ? Number(key) : key);
      add(memberOf(at, key), segment);
    }
  }
  return children;
}

function isIndex(key: string): boolean {
  for (let i = 0; i < key.length; i++) if (key[i]! < '0' || key[i]! > '9') return false;
  return key !== '';
}

function memberOf(at: object, key: string): unknown {
  const property = getOwnPropertyDescriptor(at, key);
  if (property === undefined || 'value' in property) return property?.value;
  try {
    return (at as Record<string, unknown>)[key];
  } catch {
    return new GetterFailed();
  }
}

function render(step: Step): string {
  const segments: string[] = [];
  for (let at: Step | undefined = step; at !== undefined; at = at.parent) segments.push(at.segment);
  return shortened(segments.reverse().join(''));
}
