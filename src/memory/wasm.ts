/**
 * The part of WebAssembly that is used here, typed by hand: Node's types leave it to the DOM library, which a Node
 * library must not ask its users for.
 *
 * @module
 */

/** A compiled module: opaque, and structured-cloneable, so that workers need not compile it again. */
export type WasmModule = object & { readonly __wasmModule?: never };

export interface WasmMemory {
  readonly buffer: SharedArrayBuffer;
  /** Adds pages of 64 KiB; the size before, in pages. @throws RangeError beyond the maximum. */
  grow(pages: number): number;
}

interface WasmNamespace {
  readonly Module: new (bytes: Uint8Array) => WasmModule;
  readonly Instance: new (module: WasmModule, imports: object) => { readonly exports: object };
  readonly Memory: new (descriptor: { initial: number; maximum: number; shared: true }) => WasmMemory;
}

/** Absent under `--jitless` and the like. */
export const Wasm: WasmNamespace | undefined = (globalThis as { WebAssembly?: WasmNamespace }).WebAssembly;
