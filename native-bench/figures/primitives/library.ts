/**
 * The parts of Millrace that are measured one by one, resolved when they are needed, as a user's program would.
 *
 * The queues are public. The codec and the pool's own layout of shared memory are not: they are read from the built
 * package by path, because the figures of this suite explain those of the pool, which is made of them.
 *
 * @module
 */

import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const PACKAGE: string = 'millrace';

export type Queues = typeof import('../../../src/memory/queues/index.ts');
export type Codec = typeof import('../../../src/codec/index.ts');
export type Memory = typeof import('../../../src/memory/plant.ts');
export type Layout = typeof import('../../../src/memory/layout.ts');

export function queues(): Promise<Queues> {
  return import(`${PACKAGE}/queues`) as Promise<Queues>;
}

export function codec(): Promise<Codec> {
  return built('codec/index.js') as Promise<Codec>;
}

export function memory(): Promise<Memory> {
  return built('memory/plant.js') as Promise<Memory>;
}

export function layout(): Promise<Layout> {
  return built('memory/layout.js') as Promise<Layout>;
}

function built(path: string): Promise<unknown> {
  const manifest = createRequire(import.meta.url).resolve(`${PACKAGE}/package.json`);
  return import(new URL(`dist/src/${path}`, pathToFileURL(manifest)).href);
}
