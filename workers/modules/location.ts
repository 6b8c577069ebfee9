/**
 * Where a task module is. Loading a module is running its code, so nothing but a file this machine holds is taken.
 *
 * @module
 */
import { extname, isAbsolute } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { expected } from '../../src/errors.ts';

const EXTENSIONS: readonly string[] = ['.js', '.mjs', '.cjs', '.ts', '.mts', '.cts'];

const ALLOWED =
  'the absolute path or the `file:` URL of a .js, .mjs, .cjs, .ts, .mts or .cts file; ' +
  "resolve it first, as in `new URL('./tasks.js', import.meta.url)`";

/**
 * The `file:` href of a task module.
 *
 * @param what the name of the option, for the message of the error
 * @throws {InvalidArgumentError} `ERR_INVALID_ARGUMENT`: a relative path, a scheme other than `file:`, another extension.
 * For example `file:///app/tasks.js` for `new URL('./tasks.js', import.meta.url)`.
 */
export function moduleHref(location: URL | string, what = 'tasks'): string {
  const url = toUrl(location);
  if (url?.protocol !== 'file:') throw expected(what, ALLOWED, String(location));
  let path: string;
  try {
    path = fileURLToPath(url);
  } catch {
    throw expected(what, ALLOWED, url.href);
  }
  if (!EXTENSIONS.includes(extname(path))) throw expected(what, ALLOWED, url.href);
  return url.href;
}

function toUrl(location: unknown): URL | undefined {
  if (location instanceof URL) return location;
  if (typeof location !== 'string') throw expected('tasks', ALLOWED, location);
  // Before URL parsing: on Windows `C:\tasks.js` parses as a URL of scheme `c:`.
  if (isAbsolute(location)) return pathToFileURL(location);
  return URL.canParse(location) ? new URL(location) : undefined;
}
