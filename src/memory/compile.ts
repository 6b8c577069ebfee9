/**
 * Compiles the core. Apart from its binding, because only the thread that makes the memory needs the bytes.
 *
 * @module
 */
import { MillraceError } from '../errors.ts';
import { CORE_BASE64 } from './core-bytes.ts';
import { Wasm, type WasmModule } from './shared-memory.ts';

let compiled: WasmModule | undefined;

/** The compiled core; the same module is handed to the workers, so that it is compiled once in a process. */
export function compileCore(): WasmModule {
  if (Wasm === undefined || typeof SharedArrayBuffer !== 'function') {
    throw new MillraceError(
      'ERR_UNSUPPORTED',
      'This JavaScript engine has no shared WebAssembly memory. Run Node 20.19 or newer, without --jitless and without --no-expose-wasm.',
    );
  }
  try {
    compiled ??= new Wasm.Module(Buffer.from(CORE_BASE64, 'base64'));
  } catch (cause) {
    throw new MillraceError(
      'ERR_UNSUPPORTED',
      'The WebAssembly core cannot be compiled: this engine lacks the threads feature.',
      {
        cause,
      },
    );
  }
  return compiled;
}
