/**
 * Work nobody here wrote: the task functions of the suite `real`. Every function takes what a service has in hand (a
 * text, a password), not the name of a file, and returns what the service would send on; both cross between threads.
 */
import { scryptSync } from 'node:crypto';
import { brotliCompressSync } from 'node:zlib';
import { Marked } from 'marked';
import { minify as terser } from 'terser';

const KEY_BYTES = 64;
const marked = new Marked({ async: false, gfm: true });

/** Minified JavaScript, by terser with its defaults. */
export async function minify(source) {
  const { code } = await terser(source);
  return code;
}

/** The bytes of a text as brotli compresses them with its defaults (quality 11). */
export function compress(text) {
  return brotliCompressSync(text);
}

/** HTML of Markdown, by marked. */
export function render(markdown) {
  return marked.parse(markdown);
}

/** scrypt with the defaults of Node (N = 16384, r = 8, p = 1), in hexadecimal. */
export function hashPassword(password, salt) {
  return scryptSync(password, salt, KEY_BYTES).toString('hex');
}
