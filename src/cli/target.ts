/**
 * `./module.ts#fn`: which function of which module to run.
 *
 * @module
 */

import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { InvalidArgumentError } from 'commander';
import { CommandFailure, reason } from './exit.ts';

/** Task modules that come with the package, as `millrace:weigh#weigh`. */
const BUILT_IN: Readonly<Record<string, URL>> = {
  weigh: builtInTask('weigh'),
};

export interface Target {
  /** As the user wrote it. */
  readonly module: string;
  readonly fn: string;
}

/** Splits at the last `#`. */
export function parseTarget(text: string): Target {
  const at = text.lastIndexOf('#');
  const [module, fn] = at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
  if (module === '' || fn === '') {
    throw new InvalidArgumentError('Name a module and one of its exported functions, as in ./module.ts#fn.');
  }
  if (module.startsWith('file:')) checkFileUrl(module);
  return { module, fn };
}

function checkFileUrl(url: string): void {
  try {
    fileURLToPath(url);
  } catch (error) {
    throw new InvalidArgumentError(`Not the URL of a file: ${reason(error)}.`);
  }
}

/** The URL of the target's module; a module that is not there fails here. */
export async function locateModule({ module }: Target, cwd: string): Promise<URL> {
  if (module.startsWith('millrace:')) {
    const url = BUILT_IN[module.slice('millrace:'.length)];
    if (url) return url;
    throw new CommandFailure(`no built-in module ${module}; there is ${Object.keys(BUILT_IN).join(', ')}`);
  }
  const path = module.startsWith('file:') ? fileURLToPath(module) : resolve(cwd, module);
  try {
    if (!(await stat(path)).isFile()) throw new CommandFailure(`cannot load ${module}: it is not a file`);
  } catch (error) {
    if (error instanceof CommandFailure) throw error;
    throw new CommandFailure(`cannot load ${module}: ${reason(error)}`, { cause: error });
  }
  return pathToFileURL(path);
}

/** Built task modules stand beside the built command. */
export function builtInTask(name: string): URL {
  return new URL(`../../workers/tasks/${name}.js`, import.meta.url);
}
