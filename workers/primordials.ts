/**
 * What the scheduler loop uses of the language and of Node, taken when the thread starts: a task may replace
 * `Atomics.load`, `performance.now` or `setImmediate` in its thread, by a patch or a fake clock. The loop goes on, and
 * no replacement is ever called with a view of the shared memory.
 *
 * Named as what they are taken from, so that a file that imports them reads as any other.
 *
 * @module
 */
const { load, store, notify, wait, waitAsync } = globalThis.Atomics;

// biome-ignore lint/suspicious/noShadowRestrictedNames: it is that, as it was before any task ran
export const Atomics: Pick<typeof globalThis.Atomics, 'load' | 'store' | 'notify' | 'wait' | 'waitAsync'> =
  Object.freeze({ load, store, notify, wait, waitAsync });

export const performance: { readonly now: () => number } = Object.freeze({
  now: globalThis.performance.now.bind(globalThis.performance),
});

export const NativePromise: typeof Promise = Promise;
const { then } = Promise.prototype;
const { apply } = Reflect;
const { get, set, delete: remove, forEach } = Map.prototype;

export const mapGet = <K, V>(map: Map<K, V>, key: K): V | undefined =>
  apply(get, map, [key]) as V | undefined;
export const mapSet = <K, V>(map: Map<K, V>, key: K, value: V): void => {
  apply(set, map, [key, value]);
};
export const mapDelete = <K, V>(map: Map<K, V>, key: K): boolean => apply(remove, map, [key]);
export const mapForEach = <K, V>(map: Map<K, V>, each: (value: V, key: K) => void): void => {
  apply(forEach, map, [each]);
};

/** `promise.then(fulfilled, rejected)` of a promise of this realm, whatever has become of `Promise.prototype`. */
export function subscribe(
  promise: Promise<unknown>,
  fulfilled: (value: unknown) => void,
  rejected: (error: unknown) => void,
): void {
  apply(then, promise, [fulfilled, rejected]);
}

export const setImmediate: typeof globalThis.setImmediate = globalThis.setImmediate;
export const setTimeout: typeof globalThis.setTimeout = globalThis.setTimeout;
export const setInterval: typeof globalThis.setInterval = globalThis.setInterval;
export const clearInterval: typeof globalThis.clearInterval = globalThis.clearInterval;
