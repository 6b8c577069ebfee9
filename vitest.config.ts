import { configDefaults, defineConfig, type TestUserConfig } from 'vitest/config';
import { LongestFirst } from './.ci/longest-first.ts';

/** Tests of one thread: two files at a time, before those that start threads of their own. */
const IN_PARALLEL = { maxWorkers: 2, sequence: { groupOrder: 0 } } satisfies TestUserConfig;

/** Tests that start threads or processes: they run against `dist/`, two files at a time, as beside a busy process. */
const ON_DIST = {
  globalSetup: ['.ci/setup-dist.mjs'],
  pool: 'forks',
  maxWorkers: 2,
  sequence: { groupOrder: 1 },
  testTimeout: 60_000,
  hookTimeout: 60_000,
} satisfies TestUserConfig;

/** All but the test files: as Vite rewrites imports, the model checker takes four times as long. */
const LOADED_BY_NODE = {
  pool: 'forks',
  execArgv: ['--import', 'tsx'],
  server: { deps: { external: [/\/src\/.*\.ts$/, /\/test\/.*(?<!\.test)\.ts$/] } },
} satisfies TestUserConfig;

const PROCESS = [
  'test/threads',
  'test/queues',
  'test/pool',
  'test/fork',
  'test/forkjoin',
  'test/process',
  'test/faults',
  'test/command',
];
const SNIPPETS = 'test/snippets';
const MODEL = ['test/model', 'test/sync/model'];
const DOCS = 'test/project/docs';

const within = (folders: readonly string[]): string[] => folders.map((folder) => `${folder}/**/*.test.ts`);

export default defineConfig({
  test: {
    retry: 0,
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        test: {
          name: 'unit',
          globalSetup: ['.ci/setup-core.mjs'],
          include: ['test/**/*.test.ts'],
          exclude: [...configDefaults.exclude, ...within([...PROCESS, SNIPPETS, ...MODEL, DOCS])],
          ...IN_PARALLEL,
          testTimeout: 30_000,
        },
      },
      {
        test: {
          name: 'model',
          globalSetup: ['.ci/setup-core.mjs'],
          include: within(MODEL),
          ...IN_PARALLEL,
          ...LOADED_BY_NODE,
          testTimeout: 60_000,
        },
      },
      { test: { name: 'process', include: within(PROCESS), ...ON_DIST } },
      { test: { name: 'snippets', include: within([SNIPPETS]), ...ON_DIST, maxConcurrency: 2 } },
      { test: { name: 'docs', include: within([DOCS]), ...IN_PARALLEL } },
    ],
  },
});
