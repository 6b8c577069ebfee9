/**
 * Blocks in other documents that are written from results:
 *
 *     <!-- bench:NAME -->
 *     … whatever stands here is replaced …
 *     <!-- /bench:NAME -->
 *
 * Each marker stands alone on its line; lines in fenced code are left alone.
 *
 * @module
 */

import { InvalidArgumentError } from '../../src/errors.ts';

/** What a block holds; throws `InvalidArgumentError` when there is no block of that name. */
export type BlockSource = (name: string) => string;

const OPENING = /^\s*<!--\s*bench:\s*(\S+)\s*-->\s*$/;
const CLOSING = /^\s*<!--\s*\/bench:\s*(\S+)\s*-->\s*$/;
const FENCE = /^ {0,3}(`{3,}|~{3,})/;

/**
 * `document` with the inside of each block replaced. The same results give the same document, however often.
 *
 * @throws InvalidArgumentError when there is no marker, or one without its other half.
 */
export function embed(document: string, file: string, source: BlockSource): string {
  const eol = document.includes('\r\n') ? '\r\n' : '\n';
  const written: string[] = [];
  let open: { readonly name: string; readonly line: number } | undefined;
  let fence: string | undefined;
  let blocks = 0;
  for (const [index, text] of document.split(/\r?\n/).entries()) {
    const line = index + 1;
    if (open === undefined) fence = fenceAfter(text, fence);
    const opening = fence === undefined ? OPENING.exec(text)?.[1] : undefined;
    const closing = fence === undefined ? CLOSING.exec(text)?.[1] : undefined;
    if (opening !== undefined) {
      if (open !== undefined) throw unclosed(file, open);
      open = { name: opening, line };
      blocks++;
      written.push(text, '', ...source(opening).split('\n'), '');
    } else if (closing !== undefined) {
      if (open?.name !== closing) {
        throw new InvalidArgumentError(`${file}:${line}: bench:${closing} ends here but was not opened`);
      }
      open = undefined;
      written.push(text);
    } else if (open === undefined) {
      written.push(text);
    }
  }
  if (open !== undefined) throw unclosed(file, open);
  if (blocks === 0) {
    throw new InvalidArgumentError(`${file} has no marker <!-- bench:NAME --> to write between`);
  }
  return written.join(eol);
}

/** The fence that the next line stands in. */
function fenceAfter(text: string, fence: string | undefined): string | undefined {
  const found = FENCE.exec(text)?.[1];
  if (found === undefined) return fence;
  if (fence === undefined) return found;
  const closes = found[0] === fence[0] && found.length >= fence.length && text.trim() === found;
  return closes ? undefined : fence;
}

function unclosed(file: string, { name, line }: { readonly name: string; readonly line: number }): Error {
  return new InvalidArgumentError(`${file}:${line}: bench:${name} is not closed by <!-- /bench:${name} -->`);
}
