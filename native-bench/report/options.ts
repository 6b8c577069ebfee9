/**
 * The command line of `report.ts`.
 *
 * @module
 */

import { expected, InvalidArgumentError } from '../../src/errors.ts';
import { parsedArgs } from '../script.ts';

export const USAGE: string = `Usage: tsx native-bench/report.ts RESULTS.json [MORE.json…] [options]

Writes a result file as a page, as Markdown, and into documents. Without an option: Markdown on the standard output.
Several files are shown as one: runs of one machine and the same versions, each figure in one of them.

  --html FILE       a page of its own: nothing is loaded, works from file://, light and dark
  --markdown FILE   all tables as one Markdown document
  --embed FILE      replaces what stands between <!-- bench:NAME --> and <!-- /bench:NAME --> in FILE;
                    may be given several times. NAME is machine, provenance, summary, claims, overview:plots, suite:NAME,
                    or a figure (also FIGURE:table, FIGURE:plots)
  --svg-dir DIR     writes the plots that the Markdown and the documents link to as SVG files to DIR; all without either
  --check           with --embed: writes nothing, names what is not as it would be written, from which line on, and the
                    SVG files in DIR that no document links to; exits with 1 when there is any
  --help            this text
`;

export type Files = readonly [string, ...string[]];

export type Choices =
  | { readonly action: 'help' }
  | {
      readonly action: 'write';
      readonly results: Files;
      readonly html?: string;
      readonly markdown?: string;
      readonly embed: readonly string[];
      readonly svgDir?: string;
    }
  | {
      readonly action: 'check';
      readonly results: Files;
      readonly embed: readonly string[];
      readonly svgDir?: string;
    };

/** Throws `InvalidArgumentError` when an option is unknown, lacks its value, or does not go with the others. */
export function parseChoices(argv: readonly string[]): Choices {
  const { values, positionals } = parse(argv);
  if (values.help) return { action: 'help' };
  const { html, markdown, embed = [], 'svg-dir': svgDir, check = false } = values;
  for (const [option, names] of Object.entries({
    html: [html],
    markdown: [markdown],
    embed,
    'svg-dir': [svgDir],
  })) {
    if (names.includes('')) throw expected(`--${option}`, 'a name', '');
  }
  const [first, ...more] = positionals;
  if (first === undefined) throw new InvalidArgumentError('Expected a result file, got none. See --help.');
  const results: Files = [first, ...more];
  const plots = svgDir === undefined ? {} : { svgDir };
  if (check) {
    if (embed.length === 0)
      throw new InvalidArgumentError('Expected --embed FILE with --check: it checks those documents');
    if (html !== undefined || markdown !== undefined) {
      throw new InvalidArgumentError('Expected --check without --html and --markdown: it writes nothing');
    }
    return { action: 'check', results, embed, ...plots };
  }
  return {
    action: 'write',
    results,
    embed,
    ...plots,
    ...(html === undefined ? {} : { html }),
    ...(markdown === undefined ? {} : { markdown }),
  };
}

function parse(argv: readonly string[]) {
  return parsedArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      help: { type: 'boolean' },
      html: { type: 'string' },
      markdown: { type: 'string' },
      embed: { type: 'string', multiple: true },
      'svg-dir': { type: 'string' },
      check: { type: 'boolean' },
    },
  });
}
