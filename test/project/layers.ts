/**
 * The layers of the library, from top to bottom. An import may only point down.
 *
 * @module
 */
import { importsOf, target } from './imports.ts';

/** Earlier ones may import later ones. A pattern ends in `/` for a folder. */
export const LAYERS = [
  { name: 'cli', path: 'src/cli/' },
  { name: 'index', path: 'src/index.ts' },
  { name: 'parallel', path: 'src/parallel/' },
  { name: 'resilience', path: 'src/resilience/' },
  { name: 'coordinator', path: 'src/coordinator/' },
  { name: 'sync', path: 'src/sync/' },
  { name: 'workers', path: 'workers/' },
  { name: 'scheduling', path: 'src/scheduling/' },
  { name: 'codec', path: 'src/codec/' },
  { name: 'memory', path: 'src/memory/' },
  { name: 'errors', path: 'src/errors.ts' },
] as const;

export type Layer = (typeof LAYERS)[number]['name'];

/** Imports that point down and are wrong all the same, or that must leave nothing behind in the compiled file. */
const NARROWER: readonly {
  readonly from: readonly Layer[];
  readonly to: readonly string[];
  readonly allow: 'types' | 'nothing';
  readonly why: string;
}[] = [
  {
    from: ['cli', 'index', 'resilience', 'coordinator'],
    to: ['workers'],
    allow: 'types',
    why: 'what is in workers/ runs on worker threads only',
  },
  { from: ['workers'], to: ['scheduling'], allow: 'types', why: 'policy runs on the main thread' },
  { from: ['scheduling'], to: ['codec', 'memory'], allow: 'nothing', why: 'policy knows no memory' },
  {
    from: ['scheduling'],
    to: ['node:worker_threads', 'node:perf_hooks', 'node:timers', 'node:os'],
    allow: 'nothing',
    why: 'policy is given its clock and its core count',
  },
  {
    from: ['memory'],
    to: ['node:worker_threads'],
    allow: 'nothing',
    why: 'shared memory knows no message port',
  },
];

export function layerOf(path: string): Layer | undefined {
  return LAYERS.find(({ path: own }) => (own.endsWith('/') ? path.startsWith(own) : path === own))?.name;
}

/** The imports of a file that break the order, one line each. */
export function breaches(path: string, text: string): readonly string[] {
  const from = layerOf(path);
  if (!from) return [`${path}: belongs to no layer`];
  return importsOf(text).flatMap(({ specifier, typeOnly, line }) => {
    const file = target(path, specifier);
    const to = file === undefined ? specifier : layerOf(file);
    const at = `${path}:${line}: `;
    if (to === undefined) return [`${at}imports ${file}, which belongs to no layer`];
    if (file !== undefined && rank(to) < rank(from))
      return [`${at}${from} must not import ${to} (${specifier})`];
    // A pure question both sides ask: which modules are TypeScript.
    if (file === 'workers/modules/typescript-files.ts' || file === 'workers/one-per-thread.ts') return [];
    // The main thread, as one that runs children: loaded when it is asked to.
    if (path === 'src/coordinator/main-thread.ts' && to === 'workers') return [];
    const rule = NARROWER.find((rule) => rule.from.includes(from) && rule.to.includes(to));
    if (!rule || (rule.allow === 'types' && typeOnly)) return [];
    return [`${at}${from} may import ${rule.allow} of ${to}: ${rule.why}`];
  });
}

function rank(name: string): number {
  return LAYERS.findIndex((layer) => layer.name === name);
}
