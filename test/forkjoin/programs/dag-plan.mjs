/**
 * Random fork/join programs as data: what one call does is decided by its seed and its size, so every thread, and the
 * oracle, makes the same program of them.
 */

const LEAF_FAILS_1_IN = 12;
const CALL_FAILS_1_IN = 40;
const LET_THROUGH_1_IN = 5;

/** Steps of the call `(seed, size)`. The children share out `size`, those that get none being leaves, which count beyond it. */
export function planOf(seed, size) {
  const next = random(seed);
  const one = (in_) => next(in_) === 0;
  const work = one(8) ? next(20_000) : next(40);
  const shape = next(SHAPES);
  if (size < 2) {
    return { work, shape, steps: one(LEAF_FAILS_1_IN) ? [{ does: 'throw', kind: next(THROWN) }] : [] };
  }

  const steps = [];
  const open = [];
  const join = (at) =>
    steps.push({ does: 'join', child: open.splice(at, 1)[0], caught: !one(LET_THROUGH_1_IN) });
  const children = 1 + (one(20) ? next(40) : next(5));
  let left = size - 1;
  for (let child = 0; child < children; child++) {
    const share = child === children - 1 ? left : next(left + 1);
    left -= share;
    const below = { seed: next(2 ** 31), size: share };
    if (one(6)) {
      // Never caught: a plain call that fails leaves children unjoined in the task that made it, which must fail too.
      steps.push({ does: 'call', ...below });
    } else {
      steps.push({ does: 'fork', child, ...below });
      open.push(child);
    }
    while (open.length > 0 && one(4)) join(next(open.length));
  }
  // Whatever is forked and not yet joined is then dropped.
  if (one(CALL_FAILS_1_IN)) steps.push({ does: 'throw', kind: next(THROWN) });
  const order = next(4);
  if (order === 0) {
    steps.push({ does: 'join all', children: open });
  } else {
    while (open.length > 0) join([open.length - 1, 0, next(open.length)][order - 1]);
  }
  return { work, shape, steps };
}

const SHAPES = 8;

/** A result as a call of this shape returns it: half of them numbers. */
export function shaped(value, shape) {
  return [
    value,
    value | 0,
    -value / 3,
    Number.NaN,
    `${value} …`,
    { at: [value, { none: undefined }] },
    value % 2 === 0,
    undefined,
  ][shape];
}

const THROWN = 4;

/** What a call that fails throws. */
export function thrown(value, kind) {
  const message = `call ${value} failed`;
  return [
    new Error(message),
    new RangeError(message),
    Object.assign(new Error(message), { code: `E_${value % 100}` }),
    new TypeError(message, { cause: new Error(`cause of ${value}`) }),
  ][kind];
}

/** One 32-bit number of what was so far and what a child returned. */
export function withResult(before, result) {
  return mixed(before, textOf(result));
}

/** The same for what a child threw: all of an error that survives a copy. */
export function withError(before, error) {
  return mixed(before, `threw ${errorText(error)}`);
}

export function errorText(error) {
  if (!(error instanceof Error)) return `no error: ${textOf(error)}`;
  const cause = error.cause === undefined ? '' : `, caused by ${errorText(error.cause)}`;
  return `${error.name} ${error.code ?? '-'} ${error.message}${cause}`;
}

function textOf(value) {
  if (typeof value !== 'object' || value === null) return `${typeof value} ${String(value)}`;
  return `{${Object.entries(value).map(([key, each]) => `${key}: ${textOf(each)}`)}}`;
}

/** FNV-1a. */
function mixed(before, text) {
  let hash = before ^ 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 16777619);
  return hash >>> 0;
}

/** Keeps a thread busy for about `rounds` nanoseconds. */
export function worked(rounds) {
  let x = rounds + 1;
  for (let i = 0; i < rounds; i++) x = Math.imul(x ^ (x >>> 13), 0x5bd1e995);
  return x >>> 0;
}

/** Whole numbers from 0, below what is asked for (splitmix32). */
function random(seed) {
  let state = seed | 0;
  return (below) => {
    state = (state + 0x9e3779b9) | 0;
    let x = state ^ (state >>> 16);
    x = Math.imul(x, 0x21f0aaad);
    x = Math.imul(x ^ (x >>> 15), 0x735a2d97);
    return ((x ^ (x >>> 15)) >>> 0) % below;
  };
}
