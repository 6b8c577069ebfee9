/**
 * The real engine, to compare with.
 *
 * @module
 */

import { setFlagsFromString } from 'node:v8';
import type { Value } from './wasm/values.ts';

/** What the checker's tests use of `WebAssembly`, which has no type in `@types/node` 20. */
interface Engine {
  readonly Memory: new (type: {
    initial: number;
    maximum: number;
    shared: boolean;
  }) => { readonly buffer: SharedArrayBuffer };
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (
    module: object,
    imports: object,
  ) => { readonly exports: Readonly<Record<string, unknown>> };
  readonly RuntimeError: new () => Error;
}

const engine = (globalThis as unknown as { readonly WebAssembly: Engine }).WebAssembly;

// The baseline compiler of Node 20 (V8 11.3, x64) loses values that registers hold across memory.atomic.wait32, be
// they locals or operands. The optimizing compiler does not; it is the one compared with.
setFlagsFromString('--no-liftoff');

export interface Instance {
  readonly memory: Int32Array;
  call(name: string, args: readonly Value[]): Value | undefined;
  global(name: string): Value;
}

/** Instantiates a module that imports one shared page as `env.memory`. */
export function instantiate(bytes: Uint8Array): Instance {
  const memory = new engine.Memory({ initial: 1, maximum: 1, shared: true });
  const { exports } = new engine.Instance(new engine.Module(bytes), { env: { memory } });
  return {
    memory: new Int32Array(memory.buffer),
    call: (name, args) => (exports[name] as (...args: readonly Value[]) => Value | undefined)(...args),
    global: (name) => (exports[name] as { readonly value: Value }).value,
  };
}

/** Whether an error is a trap of the engine's. */
export function isTrap(error: unknown): error is Error {
  return error instanceof engine.RuntimeError;
}
