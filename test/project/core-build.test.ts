import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
// @ts-expect-error: plain JavaScript without declarations
import { buildCore } from '../../src/memory/core/build.mjs';

/** The types of Node 20 leave `WebAssembly` out. */
interface WasmApi {
  readonly Memory: new (size: object) => { readonly buffer: SharedArrayBuffer };
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (
    module: object,
    imports: object,
  ) => { readonly exports: { push(at: number, by: number): number; at(): number } };
}
const { WebAssembly: wasmApi } = globalThis as unknown as { readonly WebAssembly: WasmApi };

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'millrace-core-'));
  put('src/memory/layout.ts', 'export const WORD = 128;\n');
  put(
    'src/memory/core/index.ts',
    "import { WORD } from '../layout';\nexport { push } from './push';\nexport function at(): i32 { return WORD; }\n",
  );
  put(
    'src/memory/core/push.ts',
    'export function push(at: usize, by: i32): i32 { return atomic.add<i32>(at, by); }\n',
  );
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const WASM = 'dist/src/memory/core.wasm';
const BYTES = 'src/memory/core-bytes.ts';

describe('buildCore', { timeout: 60_000 }, () => {
  it('makes a module that works on a given shared memory, as a file and as text', async () => {
    expect(await build()).toMatchObject({ built: true });
    const wasm = readFileSync(join(root, WASM));
    expect(/CORE_BASE64: string =\s+'([^']+)'/.exec(text(BYTES))?.[1]).toBe(wasm.toString('base64'));
    expect(text(BYTES)).toContain(`CORE_SIZE: number = ${wasm.length};`);
    const memory = new wasmApi.Memory({ initial: 2, maximum: 65_536, shared: true });
    const { push, at } = new wasmApi.Instance(new wasmApi.Module(wasm), { env: { memory } }).exports;
    expect([push(at(), 5), push(at(), 5)]).toEqual([0, 5]);
    expect(new Int32Array(memory.buffer)[128 / 4]).toBe(10);
  });

  it('does nothing when nothing has changed, and gives the same bytes again when it must', async () => {
    await build();
    const before = [text(BYTES), statSync(join(root, BYTES)).mtimeMs];
    expect(await build()).toMatchObject({ built: false });
    expect([text(BYTES), statSync(join(root, BYTES)).mtimeMs]).toEqual(before);
    rmSync(join(root, BYTES));
    expect(await build()).toMatchObject({ built: true });
    expect(text(BYTES)).toBe(before[0]);
  });

  it.each([
    [
      'a file of the core',
      'src/memory/core/push.ts',
      'export function push(at: usize, by: i32): i32 { return by; }',
    ],
    ['a file that it imports from elsewhere', 'src/memory/layout.ts', 'export const WORD = 256;'],
    ['a new file in the folder', 'src/memory/core/more.ts', 'export const more = 1;'],
    ['the generated file, by hand', BYTES, '// mine'],
  ])('builds again after a change of %s', async (_what, path, changed) => {
    await build();
    put(path, changed);
    expect(await build()).toMatchObject({ built: true });
    expect(await build()).toMatchObject({ built: false });
  });

  it('puts the file back when only that is lost or damaged', async () => {
    await build();
    const wasm = readFileSync(join(root, WASM));
    rmSync(join(root, WASM));
    expect(await build()).toMatchObject({ built: false });
    expect(readFileSync(join(root, WASM))).toEqual(wasm);
    writeFileSync(join(root, WASM), 'damaged');
    await build();
    expect(readFileSync(join(root, WASM))).toEqual(wasm);
  });

  it.each([
    [
      'does not compile',
      'export function f(): i32 { return nothing; }',
      /does not compile[\s\S]*nothing[\s\S]*index\.ts/,
    ],
    [
      'imports a function',
      'declare function alien(): void; export function f(): void { alien(); }',
      /index\.alien \(function\)/,
    ],
    ['holds data', 'export function f(i: i32): i32 { return "text".charCodeAt(i); }', /data segment/],
    ['does not use memory', 'export function f(): i32 { return 1; }', undefined],
  ])('says what is wrong when the core %s', async (_what, source, message) => {
    put('src/memory/core/index.ts', source);
    if (message) await expect(build()).rejects.toThrow(message);
    else await expect(build()).resolves.toMatchObject({ built: true });
    expect(existsSync(join(root, BYTES))).toBe(message === undefined);
  });

  it('says that the entry is missing', async () => {
    rmSync(join(root, 'src/memory/core/index.ts'));
    await expect(build()).rejects.toThrow('src/memory/core/index.ts is missing');
  });
});

function build(): Promise<{ readonly built: boolean }> {
  return (buildCore as (options: { root: string }) => Promise<{ readonly built: boolean }>)({ root });
}

function put(path: string, contents: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), contents);
}

function text(path: string): string {
  return readFileSync(join(root, path), 'utf8');
}
