/**
 * CSV as RFC 4180 has it: a header, then one object of strings a row; quotes may hold separators and newlines.
 *
 * @module
 */

import { CsvError, type Info, parse } from 'csv-parse';
import { CommandFailure, oneLine } from '../exit.ts';
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
  stream.on('error', (error) => parser.destroy(error));
  // A stream given up while it is read ends without an error: the parser must not wait for the rest.
  stream.on('close', () => {
    if (!stream.readableEnded) parser.destroy();
  });
  stream.pipe(parser);

  let header: readonly string[] | undefined;
  let index = 0;
  try {
    for await (const { record, info } of parser as AsyncIterable<Row>) {
      if (!header) {
        header = checkHeader(name, record);
        continue;
      }
      const place = { index: index++, end: info.bytes };
      yield [
        record.length === header.length
          ? { ...place, value: Object.fromEntries(header.map((column, i) => [column, record[i]])) }
          : {
              ...place,
              value: record,
              broken: {
                name: 'SyntaxError',
                code: 'ERR_BROKEN_LINE',
                message: `line ${info.lines} of ${name} has ${record.length} fields, the header ${header.length}`,
              },
            },
      ];
    }
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw new CommandFailure(`${name} is not CSV: ${oneLine(error.message, 200)}`, { cause: error });
  }
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
