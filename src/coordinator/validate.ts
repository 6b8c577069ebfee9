/**
 * Options as users give them, checked at once and completely: a wrong one names itself, what it should be, and what
 * it was.
 *
 * @module
 */

import { existsSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { isDetached } from '../codec/bytes.ts';
import { checkKeys, checkObject, expected, MillraceError } from '../errors.ts';
import { LEVEL } from '../scheduling/levels.ts';
import type {
  MapOptions,
  PoolOptions,
  ResourceLimits,
  RunOptions,
  RunSyncOptions,
  TaskModules,
} from './options.ts';

/** Node fires a longer timer after 1 ms. */
const MAX_TIMER = 2 ** 31 - 1;

/** Pool options with every default filled in. */
export interface Resolved {
  readonly modules: readonly string[];
  readonly workers: number;
  readonly maxQueue: number;
  readonly whenFull: 'reject' | 'wait';
  readonly concurrency: number;
  readonly graceMs: number;
  readonly startupTimeout: number;
  readonly maxAttempts: number;
  readonly maxMemory: number;
  readonly mainThread: 'coordinates' | 'helps';
  readonly softHeapLimit: number;
  readonly submissionStack: boolean;
  readonly resourceLimits: ResourceLimits;
  readonly env: PoolOptions['env'];
  readonly execArgv: PoolOptions['execArgv'];
  readonly workerUrl: PoolOptions['workerUrl'];
}

const POOL_KEYS: readonly (keyof PoolOptions)[] = [
  'tasks',
  'workers',
  'maxQueue',
  'whenFull',
  'concurrency',
  'graceMs',
  'submissionStack',
  'startupTimeout',
  'maxAttempts',
  'maxMemory',
  'mainThread',
  'resourceLimits',
  'softHeapLimit',
  'env',
  'execArgv',
  'workerUrl',
];
const RUN_KEYS: readonly (keyof RunOptions)[] = [
  'priority',
  'timeout',
  'deadline',
  'signal',
  'idempotent',
  'transfer',
  'affinity',
];
/** Node's default is 4. A fork tree, or a chain, 10^5 deep has to fit; memory is taken as it is needed. */
const STACK_MB = 64;
const LIMIT_KEYS = ['maxOldGenerationSizeMb', 'maxYoungGenerationSizeMb', 'codeRangeSizeMb', 'stackSizeMb'];

/** @throws InvalidArgumentError */
export function poolOptions(options: PoolOptions, cores: number): Resolved {
  if (typeof options === 'string' || (options as unknown) instanceof URL) {
    throw expected('options', 'an object; for a task module, `createPool({ tasks: url })`', options);
  }
  checkKeys('options', options, POOL_KEYS);
  const o = options;
  const concurrency = integer('concurrency', o.concurrency, 1, 4096, 64);
  if (o.whenFull !== undefined && o.whenFull !== 'reject' && o.whenFull !== 'wait') {
    throw expected('whenFull', "'reject' or 'wait'", o.whenFull);
  }
  if (o.mainThread !== undefined && o.mainThread !== 'coordinates' && o.mainThread !== 'helps') {
    throw expected('mainThread', "'coordinates' or 'helps'", o.mainThread);
  }
  if (o.resourceLimits !== undefined) {
    checkKeys('resourceLimits', o.resourceLimits, LIMIT_KEYS);
    for (const [key, value] of Object.entries(o.resourceLimits)) {
      if (value !== undefined && !(typeof value === 'number' && value >= 1 && value < 2 ** 32)) {
        throw expected(`resourceLimits.${key}`, 'a number of MiB, 1 or more', value);
      }
    }
  }
  if (o.env !== undefined) {
    checkObject('env', o.env);
    for (const [key, value] of Object.entries(o.env)) {
      if (typeof value !== 'string') throw expected(`env.${key}`, 'a string', value);
    }
  }
  if (
    o.execArgv !== undefined &&
    !(Array.isArray(o.execArgv) && o.execArgv.every((a) => typeof a === 'string'))
  ) {
    throw expected('execArgv', 'an array of strings', o.execArgv);
  }
  if (o.workerUrl !== undefined && !isFile(o.workerUrl)) {
    throw expected('workerUrl', 'a `file:` URL or a path', o.workerUrl);
  }
  if (o.workerUrl !== undefined && !exists(o.workerUrl)) {
    throw expected(
      'workerUrl',
      'the file that your bundler has made of `millrace/worker-entry`; there is no such file',
      String(o.workerUrl),
    );
  }
  return {
    modules: taskModules(o.tasks),
    workers: integer('workers', o.workers, 1, 1024, cores),
    maxQueue: integer('maxQueue', o.maxQueue, 0, Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER),
    whenFull: o.whenFull ?? 'reject',
    concurrency,
    graceMs: integer('graceMs', o.graceMs, 0, MAX_TIMER, 1000),
    startupTimeout: integer('startupTimeout', o.startupTimeout, 1, MAX_TIMER, 30_000),
    maxAttempts: integer('maxAttempts', o.maxAttempts, 1, 255, 3),
    maxMemory: integer('maxMemory', o.maxMemory, 2 ** 24, 2 ** 31, 2 ** 30),
    mainThread: o.mainThread ?? 'coordinates',
    softHeapLimit: integer('softHeapLimit', o.softHeapLimit, 1, Number.MAX_SAFE_INTEGER, 0),
    submissionStack: boolean('submissionStack', o.submissionStack),
    resourceLimits: { stackSizeMb: STACK_MB, ...o.resourceLimits },
    env: o.env,
    execArgv: o.execArgv,
    workerUrl: o.workerUrl,
  };
}

/** What a task's own options and the caller's say together. */
export interface Limits {
  readonly level: number;
  readonly timeout: number | undefined;
  readonly deadline: number | undefined;
  readonly signal: AbortSignal | undefined;
  readonly idempotent: boolean;
  readonly transfer: readonly object[];
  readonly affinity: number | undefined;
}

/** @throws InvalidArgumentError */
export function runOptions(options: RunOptions, workers: number): void {
  checkKeys('options', options, RUN_KEYS);
  runValues(options, workers);
}

/** Of `runSync`. @throws InvalidArgumentError */
export function runSyncOptions(options: RunSyncOptions, workers: number): void {
  checkKeys('options', options, RUN_KEYS);
  if ('signal' in options) {
    throw expected(
      'options',
      'without `signal`, which needs the event loop: give a `deadline` or a `timeout`',
      options,
    );
  }
  runValues(options, workers);
}

function runValues(options: RunOptions, workers: number): void {
  if (options.priority !== undefined && !Object.hasOwn(LEVEL, options.priority)) {
    throw expected('priority', "'critical', 'high', 'normal' or 'low'", options.priority);
  }
  milliseconds('timeout', options.timeout);
  milliseconds('deadline', options.deadline);
  boolean('idempotent', options.idempotent);
  if (options.signal !== undefined && !(options.signal instanceof AbortSignal)) {
    throw expected('signal', 'an AbortSignal', options.signal);
  }
  if (options.transfer !== undefined && !Array.isArray(options.transfer)) {
    throw expected('transfer', 'an array of transferable objects', options.transfer);
  }
  if (options.affinity !== undefined) integer('affinity', options.affinity, 0, workers - 1, 0);
}

/** @throws InvalidArgumentError */
export function mapOptions(options: MapOptions, workers: number): void {
  checkKeys('options', options, [...RUN_KEYS, 'ordered', 'window']);
  boolean('ordered', options.ordered);
  integer('window', options.window, 1, 2 ** 20, 16);
  for (const key of ['transfer', 'affinity']) {
    if (key in options)
      throw expected(
        'options',
        'without `transfer` and `affinity`, which one value cannot give for all inputs',
        options,
      );
  }
  runValues(options, workers);
}

/** Of `close`. @throws InvalidArgumentError */
export function closeOptions(options: { readonly timeout?: number }): void {
  checkKeys('options', options, ['timeout']);
  milliseconds('timeout', options.timeout);
}

export function integer(name: string, value: unknown, from: number, to: number, otherwise: number): number {
  if (value === undefined) return otherwise;
  if (
    typeof value !== 'number' ||
    !Number.isInteger(value) ||
    Object.is(value, -0) ||
    value < from ||
    value > to
  ) {
    const range =
      to === Number.MAX_SAFE_INTEGER ? `an integer of at least ${from}` : `an integer from ${from} to ${to}`;
    throw expected(name, range, value);
  }
  return value;
}

function milliseconds(name: string, value: unknown): void {
  if (value === undefined) return;
  if (typeof value !== 'number' || !(value >= 0 && value <= MAX_TIMER)) {
    throw expected(name, `a number of milliseconds from 0 to ${MAX_TIMER}`, value);
  }
}

function boolean(name: string, value: unknown): boolean {
  if (value !== undefined && typeof value !== 'boolean') throw expected(name, 'true or false', value);
  return value ?? false;
}

// A scheme has two letters at least: one is a drive.
function isFile(place: unknown): boolean {
  if (place instanceof URL) return place.protocol === 'file:';
  return (
    typeof place === 'string' &&
    place !== '' &&
    (place.startsWith('file:') || !/^[a-z][a-z\d+.-]+:/i.test(place))
  );
}

function exists(place: URL | string): boolean {
  if (!String(place).startsWith('file:')) return existsSync(place);
  return URL.canParse(String(place)) && existsSync(new URL(place));
}

function taskModules(tasks: TaskModules | undefined): readonly string[] {
  if (tasks === undefined) return [];
  const list = Array.isArray(tasks) ? (tasks as readonly unknown[]) : [tasks as unknown];
  return list.map(moduleHref);
}

function moduleHref(module: unknown): string {
  const wanted = "a `file:` URL, as `new URL('./tasks.js', import.meta.url)` makes it, or an absolute path";
  if (module instanceof URL) {
    if (module.protocol !== 'file:') throw expected('tasks', wanted, module.href);
    return module.href;
  }
  if (typeof module !== 'string') throw expected('tasks', wanted, module);
  if (module.startsWith('file:')) {
    try {
      return pathToFileURL(fileURLToPath(module)).href;
    } catch {
      throw expected('tasks', wanted, module);
    }
  }
  if (module.startsWith('/') || /^[A-Za-z]:[\\/]/.test(module)) return pathToFileURL(module).href;
  throw expected('tasks', wanted, module);
}

/** `transfer` lists: checked before anything is detached. */
export function checkTransfer(list: readonly unknown[]): void {
  const seen = new Set<unknown>();
  for (const [i, item] of list.entries()) {
    const wrong =
      typeof item !== 'object' || item === null
        ? 'is not an object'
        : item instanceof SharedArrayBuffer
          ? 'is a SharedArrayBuffer, which is shared by reference and cannot be moved'
          : ArrayBuffer.isView(item)
            ? 'is a view; give its `.buffer`'
            : seen.has(item)
              ? 'stands in the list twice'
              : item instanceof ArrayBuffer && isDetached(item)
                ? 'was moved before'
                : undefined;
    if (wrong !== undefined) {
      throw new MillraceError('ERR_TRANSFER', `\`transfer[${i}]\` ${wrong}. Nothing was detached.`);
    }
    seen.add(item);
  }
}
