import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build as esbuild } from 'esbuild';
import { build as rolldown } from 'rolldown';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runToExit } from '../process/harness/child.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const ENTRY = join(ROOT, 'dist/workers/entry.js');

const TASKS = `
  import { context, task, transfer } from 'millrace/worker';
  export const add = task((a, b) => a + b, { priority: 'high' });
  export const bytes = (n) => {
    const out = new Uint8Array(n);
    return transfer(out, [out.buffer]);
  };
  export async function where() {
    await null;
    return context().worker;
  }`;

const app = (workerUrl?: string): string => `
  import { createPool, MillraceError } from 'millrace';
  const tasks = new URL('./tasks.mjs', import.meta.url);
  const pool = await createPool({ tasks, workers: 2${workerUrl === undefined ? '' : `, workerUrl: ${workerUrl}`} });
  const moved = await pool.run('bytes', [10]);
  const where = await pool.run('where', [], { affinity: 1 });
  const error = await pool.run('nope').catch((error) => error);
  console.log(await pool.run('add', [1, 2]), moved.length, where, error instanceof MillraceError);
  await pool.close();`;

/** Sources inside the repository, so that what stays outside a bundle is found. */
let folder: string;
beforeAll(() => {
  const parent = join(ROOT, '.millrace/bundles');
  mkdirSync(parent, { recursive: true });
  folder = mkdtempSync(join(parent, 'bundle-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

type Bundle = (entries: Readonly<Record<string, string>>, out: string, external: string[]) => Promise<void>;

const bundlers: readonly [string, Bundle][] = [
  [
    'esbuild',
    async (entries, out, external) => {
      await esbuild({
        entryPoints: Object.entries(entries).map(([name, file]) => ({ in: file, out: name })),
        outdir: out,
        outExtension: { '.js': '.mjs' },
        bundle: true,
        platform: 'node',
        format: 'esm',
        external,
        logLevel: 'error',
      });
    },
  ],
  [
    'rolldown',
    async (entries, out, external) => {
      await rolldown({
        input: { ...entries },
        platform: 'node',
        external,
        output: { dir: out, format: 'esm', entryFileNames: '[name].mjs' },
        logLevel: 'silent',
      });
    },
  ],
];

let count = 0;
/** Bundles an app, runs it, and gives what it wrote. */
async function bundled(
  bundle: Bundle,
  {
    workerUrl,
    external,
    worker = false,
    copy = false,
  }: {
    readonly workerUrl?: string;
    readonly external: string[];
    readonly worker?: boolean;
    readonly copy?: boolean;
  },
): Promise<string> {
  const place = join(folder, String(count++));
  const out = join(place, 'out');
  mkdirSync(out, { recursive: true });
  writeFileSync(join(place, 'app.mjs'), app(workerUrl));
  writeFileSync(join(place, 'tasks.mjs'), TASKS);
  await bundle({ app: join(place, 'app.mjs'), tasks: join(place, 'tasks.mjs') }, out, external);
  if (worker) await bundle({ worker: ENTRY }, out, []);
  if (copy) cpSync(join(ROOT, 'dist'), join(out, 'millrace'), { recursive: true });
  return (await runToExit({ file: join(out, 'app.mjs') })).stdout;
}

const WORKS = '3 10 1 true\n';
const OUTSIDE = ['piscina', 'comlink'];

describe.each(bundlers)('a program bundled by %s', (_name, bundle) => {
  it('with the package outside', async () => {
    expect(await bundled(bundle, { external: ['millrace', 'millrace/worker'] })).toBe(WORKS);
  });

  it('with the package inside, and the worker entry where it is installed', async () => {
    const workerUrl = `import.meta.resolve('millrace/worker-entry')`;
    expect(await bundled(bundle, { external: OUTSIDE, workerUrl })).toBe(WORKS);
  });

  it('with the worker entry bundled too', async () => {
    const workerUrl = `new URL('./worker.mjs', import.meta.url)`;
    expect(await bundled(bundle, { external: OUTSIDE, workerUrl, worker: true })).toBe(WORKS);
  });

  it('with a copy of the package beside it', async () => {
    const workerUrl = `new URL('./millrace/workers/entry.js', import.meta.url)`;
    expect(await bundled(bundle, { external: OUTSIDE, workerUrl, copy: true })).toBe(WORKS);
  });
});

it('errors keep code, class and name in a program that is minified', async () => {
  const place = join(folder, 'minified');
  const out = join(place, 'out');
  mkdirSync(out, { recursive: true });
  writeFileSync(join(out, 'throws.mjs'), `throw new RangeError('no module');`);
  writeFileSync(join(out, 'one.mjs'), `export const same = () => 1; export const bad = () => () => 1;`);
  writeFileSync(join(out, 'two.mjs'), `export const same = () => 2;`);
  writeFileSync(
    join(place, 'app.mjs'),
    `import { createPool, MillraceError, SerializeError } from 'millrace';
     const at = (name) => new URL(name, import.meta.url);
     const start = (...names) =>
       createPool({ tasks: names.map(at), workers: 1, workerUrl: at('./worker.mjs') });
     for (const names of [['./throws.mjs'], ['./one.mjs', './two.mjs']]) {
       const error = await start(...names).catch((error) => error);
       console.log(error.name, error.code, error instanceof MillraceError, error.cause?.message);
     }
     const pool = await start('./one.mjs');
     const error = await pool.run('bad').catch((error) => error);
     console.log(error.name, error.code, error instanceof SerializeError);
     await pool.close();`,
  );
  await esbuild({
    entryPoints: [
      { in: join(place, 'app.mjs'), out: 'app' },
      { in: ENTRY, out: 'worker' },
    ],
    outdir: out,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    minify: true,
    platform: 'node',
    format: 'esm',
    external: OUTSIDE,
    logLevel: 'error',
  });
  expect((await runToExit({ file: join(out, 'app.mjs') })).stdout).toBe(
    [
      'MillraceError ERR_MODULE_LOAD true no module',
      'MillraceError ERR_DUPLICATE_FUNCTION true undefined',
      'SerializeError ERR_RESULT_SERIALIZE true',
      '',
    ].join('\n'),
  );
});

describe('CommonJS', () => {
  it('gets the package by require', async () => {
    const place = join(folder, 'cjs');
    mkdirSync(place, { recursive: true });
    writeFileSync(join(place, 'tasks.cjs'), `exports.add = (a, b) => a + b;`);
    writeFileSync(
      join(place, 'app.cjs'),
      `const { createPool } = require('millrace');
       const { join } = require('node:path');
       createPool({ tasks: join(__dirname, 'tasks.cjs'), workers: 1 }).then(async (pool) => {
         console.log(await pool.run('add', [1, 2]));
         await pool.close();
       });`,
    );
    expect((await runToExit({ file: join(place, 'app.cjs') })).stdout).toBe('3\n');
  });

  it('gets functions for task modules by require', async () => {
    const place = join(folder, 'cjs-tasks');
    mkdirSync(place, { recursive: true });
    writeFileSync(
      join(place, 'tasks.cjs'),
      `const { context, task } = require('millrace/worker');
       exports.where = task(() => context().worker, { timeout: 5000 });`,
    );
    const { stdout } = await runToExit(
      `import { createPool } from 'millrace';
       const pool = await createPool({ tasks: ${JSON.stringify(join(place, 'tasks.cjs'))}, workers: 1 });
       console.log(await pool.run('where'));
       await pool.close();`,
    );
    expect(stdout).toBe('0\n');
  });
});

it('a worker entry that is not there is said so', async () => {
  const { stdout } = await runToExit(
    `import { createPool } from 'millrace';
     const nowhere = new URL('./nowhere.mjs', import.meta.url);
     await createPool({ workers: 1, workerUrl: nowhere }).catch((error) => console.log(error.message));`,
  );
  expect(stdout).toContain('nowhere.mjs');
});
