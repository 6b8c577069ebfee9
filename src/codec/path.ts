/**
 * Finds where in a value the part is that cannot be sent. Walks with a stack of its own, so that depth is no limit.
 *
 * @module
 */
import { type Class, classify, describe } from './classify.ts';
import { getOwnPropertyDescriptor, isArray, keys, mapForEach, NewSet, setForEach } from './primordials.ts';

/** `.name`, `[3]`, `["odd key"]`. */
export function keySegment(key: string | number): string {
  if (typeof key === 'number') return `[${key}]`;
  return /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(key) ? `.${key}` : `[${quoted(key)}]`;
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
      const segment = keySegment(array && /^\d+$/.test(key) ? Number(key) : key);
      add(memberOf(at, key), segment);
    }
  }
  return children;
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

const LONGEST = 512;
function render(step: Step): string {
  const segments: string[] = [];
  for (let at: Step | undefined = step; at !== undefined; at = at.parent) segments.push(at.segment);
  const path = segments.reverse().join('');
  return path.length <= LONGEST ? path : `${path.slice(0, LONGEST / 2)} … ${path.slice(-LONGEST / 2)}`;
}
