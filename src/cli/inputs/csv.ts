/**
 * CSV as RFC 4180 has it: a header, then one object of strings a row; quotes may hold separators and newlines.
 *
 * @module
 */

import { isUtf8 } from 'node:buffer';
import { CsvError, type Info, parse } from 'csv-parse';
import { CommandFailure, oneLine } from '../exit.ts';
import { ReadBytes } from './read-bytes.ts';
import { type InputSource, MAX_RECORD_BYTES, type MapInput, type OpenInput, streamSource } from './source.ts';

export interface CsvOptions {
  /** One character between fields. Default `,`. */
  readonly delimiter?: string;
}

export function csvSource(input: OpenInput, options: CsvOptions = {}): InputSource {
  return streamSource(input, readRows(input, options.delimiter ?? ','));
}

interface Row {
  readonly record: readonly string[];
  readonly info: Info;
}

async function* readRows(
  { name, stream }: OpenInput,
  delimiter: string,
): AsyncGenerator<readonly MapInput[]> {
  const parser = parse({
    bom: true,
    delimiter,
    info: true,
    relax_column_count: true,
    skip_empty_lines: true,
    max_record_size: MAX_RECORD_BYTES,
  });
  const bytes = new ReadBytes();
  stream.on('data', (chunk: Buffer | string) => {
    bytes.add(typeof chunk === 'string' ? Buffer.from(chunk) : chunk);
  });
  stream.on('error', (error) => parser.destroy(error));
  // A stream given up while it is read ends without an error: the parser must not wait for the rest.
  stream.on('close', () => {
    if (!stream.readableEnded) parser.destroy();
  });
  stream.pipe(parser);

  let header: readonly string[] | undefined;
  let index = 0;
  let encoding: Encoding = 'utf8';
  try {
    for await (const { record, info } of parser as AsyncIterable<Row>) {
      const raw = bytes.takeTo(info.bytes);
      if (!header) {
        encoding = encodingOf(raw);
        if (encoding === 'utf8' && !isUtf8(raw)) {
          throw new CommandFailure(`line ${info.lines} of ${name} is not UTF-8`);
        }
        header = checkHeader(name, record);
        continue;
      }
      const broken = (value: string, why: string): MapInput => ({
        index: index++,
        value,
        broken: {
          name: 'SyntaxError',
          code: 'ERR_BROKEN_LINE',
          message: `line ${info.lines} of ${name} ${why}`,
        },
        end: info.bytes,
      });
      const columns = header;
      if (encoding === 'utf8' && !isUtf8(raw)) {
        yield [broken(textOf(raw, 'latin1'), 'is not UTF-8')];
      } else if (record.length !== columns.length) {
        const why = `has ${record.length} fields, the header ${columns.length}`;
        yield [broken(textOf(raw, encoding), why)];
      } else {
        const value = Object.fromEntries(columns.map((column, i) => [column, record[i]]));
        yield [{ index: index++, value, end: info.bytes }];
      }
    }
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw new CommandFailure(`${name} is not CSV: ${oneLine(error.message, 200)}`, { cause: error });
  }
}

type Encoding = 'utf8' | 'utf16le';

/** By the byte order mark, as the parser does. */
function encodingOf(start: Buffer): Encoding {
  return start[0] === 0xff && start[1] === 0xfe ? 'utf16le' : 'utf8';
}

/** A row without the line ends around it: it has its own, and the blank lines before it. */
function textOf(raw: Buffer, encoding: BufferEncoding): string {
  const text = raw.toString(encoding);
  const isLineEnd = (at: number) => text[at] === '\n' || text[at] === '\r';
  let from = 0;
  let to = text.length;
  while (isLineEnd(from)) from += 1;
  while (to > from && isLineEnd(to - 1)) to -= 1;
  return text.slice(from, to);
}

function checkHeader(name: string, columns: readonly string[]): readonly string[] {
  const twice = columns.find((column, i) => columns.indexOf(column) !== i);
  if (twice !== undefined) {
    throw new CommandFailure(
      `${name} has the column ${JSON.stringify(twice)} twice: rename one in the header`,
    );
  }
  return columns;
}
