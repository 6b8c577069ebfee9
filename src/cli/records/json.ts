/**
 * Results that JSON would refuse or quietly change are refused by name instead.
 *
 * @module
 */

/** A result cannot be written as JSON; `path` names the part that cannot. */
export class NotJsonError extends Error {
  readonly code = 'ERR_RESULT_NOT_JSON';
  readonly path: string;

  constructor(path: string, what: string, advice: string) {
    super(`JSON cannot hold ${what} at \`${path}\`: ${advice}`);
    this.name = 'NotJsonError';
    this.path = path;
  }
}

/**
 * The JSON text of a result. What JSON has no form for throws {@link NotJsonError}: `undefined` as the whole result,
 * BigInt, Map, Set, binary data, cycles. As usual in JSON, undefined properties are left out and NaN becomes null.
 */
export function toJson(value: unknown): string {
  check(value, 'result', []);
  return JSON.stringify(value);
}

function check(value: unknown, path: string, parents: object[]): void {
  switch (typeof value) {
    case 'bigint':
      throw new NotJsonError(path, 'a BigInt', 'return a number or `String(value)`');
    case 'undefined':
      if (parents.length > 0) return;
      throw new NotJsonError(path, 'undefined', 'return a value, or null');
    case 'function':
    case 'symbol':
      throw new NotJsonError(path, `a ${typeof value}`, 'leave it out');
    case 'object':
      if (value !== null) checkObject(value, path, parents);
  }
}

/** Deeper than this, JSON.stringify and this check would run out of stack. */
const MAX_DEPTH = 1000;

function checkObject(value: object, path: string, parents: object[]): void {
  if (typeof (value as { toJSON?: unknown }).toJSON === 'function' && !ArrayBuffer.isView(value)) return;
  if (parents.includes(value)) throw new NotJsonError(path, 'a cycle', 'return a tree');
  if (parents.length >= MAX_DEPTH) {
    throw new NotJsonError(
      `${path.slice(0, 40)}…`,
      `more than ${MAX_DEPTH} levels`,
      'return something flatter',
    );
  }
  const kind = Object.prototype.toString.call(value).slice(8, -1);
  if (kind === 'Map') throw new NotJsonError(path, 'a Map', 'return `Object.fromEntries(map)` or `[...map]`');
  if (kind === 'Set') throw new NotJsonError(path, 'a Set', 'return `[...set]`');
  if (ArrayBuffer.isView(value) || kind === 'ArrayBuffer' || kind === 'SharedArrayBuffer') {
    throw new NotJsonError(path, 'binary data', "return text, as in `buffer.toString('base64')`");
  }
  parents.push(value);
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) check(value[i], `${path}[${i}]`, parents);
  } else {
    for (const key of Object.keys(value)) {
      const part = /^[\w$]+$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
      check((value as Record<string, unknown>)[key], path + part, parents);
    }
  }
  parents.pop();
}
