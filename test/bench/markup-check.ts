const TAG = /<(\/?)([a-zA-Z][\w:-]*)((?:\s+[\w:-]+="[^"<]*")*)\s*(\/?)>/y;
const ENTITY = /&(?:amp|lt|gt|quot|#39);/y;

export interface Element {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
}

/**
 * All elements of a document that is written as XML, in order. Throws where a tag is not closed, an attribute is not
 * quoted, or a character stands bare that must be escaped. The inside of `style` is not looked at.
 */
export function elementsOf(source: string): Element[] {
  const elements: Element[] = [];
  const open: string[] = [];
  let at = /^<!doctype html>/.exec(source)?.[0].length ?? 0;
  while (at < source.length) {
    if (source[at] === '&') {
      ENTITY.lastIndex = at;
      if (!ENTITY.test(source)) throw broken(source, at, 'a bare &');
      at = ENTITY.lastIndex;
    } else if (source[at] === '<') {
      TAG.lastIndex = at;
      const found = TAG.exec(source);
      if (found === null) throw broken(source, at, 'no tag');
      const [, closing, name = '', attributes = '', empty] = found;
      at = TAG.lastIndex;
      if (closing === '/') {
        const expected = open.pop();
        if (expected !== name) throw broken(source, at, `</${name}> where </${expected}> was due`);
        continue;
      }
      elements.push({ name, attributes: attributesOf(attributes) });
      if (empty === '/') continue;
      if (name === 'style') {
        at = source.indexOf('</style>', at) + '</style>'.length;
        continue;
      }
      open.push(name);
    } else {
      const code = source.codePointAt(at)!;
      if ((code < 32 && ![9, 10, 13].includes(code)) || (code >= 0xd800 && code <= 0xdfff)) {
        throw broken(source, at, `character ${code}`);
      }
      at += code > 0xffff ? 2 : 1;
    }
  }
  if (open.length > 0) throw new Error(`Not closed: ${open.join(', ')}`);
  return elements;
}

function attributesOf(text: string): Record<string, string> {
  const pairs = [...text.matchAll(/([\w:-]+)="([^"]*)"/g)].map(
    ([, name = '', value = '']) => [name, value] as const,
  );
  if (new Set(pairs.map(([name]) => name)).size < pairs.length)
    throw new Error(`An attribute twice: ${text}`);
  return Object.fromEntries(pairs);
}

function broken(source: string, at: number, why: string): Error {
  return new Error(`${why} at ${at}: ${source.slice(Math.max(0, at - 40), at + 40)}`);
}
