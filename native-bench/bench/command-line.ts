/**
 * What `bench` was asked for.
 *
 * @module
 */

import { SUITES } from '../suites/index.ts';

const SCRIPTS = ['report', 'compare', 'check', 'profile'] as const;

/** One mode of each library: the best or nearly so in every figure, so that a short run has rounds left. */
const ONE_MODE_EACH =
  'millrace,piscina-async-64,tinypool,workerpool,poolifier-direct,jest-worker,raw-postmessage,single';

const QUICK_FIGURES = 'throughput,round-trip,object-1k,bytes-copied,records-10k,busy-10ms,start-up,idle,metg';

/** How long a run may be, and what it leaves out for that. Whatever the caller says comes after, and wins. */
const PRESETS = {
  quick: [
    '--quick',
    '--rounds',
    '1',
    '--only',
    QUICK_FIGURES,
    '--contenders',
    'millrace,piscina-async-64,raw-postmessage,single',
  ],
  usual: ['--quick', '--suite', SUITES.map(({ name }) => name).join(','), '--contenders', ONE_MODE_EACH],
  full: ['--suite', SUITES.map(({ name }) => name).join(',')],
} as const;

export const USAGE: string = `Usage: npm run bench -- [run] [options]
       npm run bench -- report | compare | check | profile [--help]

run       measures, prints the tables, writes latest.json, latest.html and latest.md
report    a result file as page, Markdown and plots; keeps figures in documents up to date
compare   what became faster or slower between two result files or two git revisions
check     whether given limits on throughput, latency and reliability hold
profile   load, stress, volume, endurance: minutes to hours, with a ledger and leak detection (also --profile load)

Options of run:
  --quick        under a minute: few figures, few contenders, one round; not for publication
  --full         an hour or more: all modes of all contenders, full counts and rounds
  (neither)      some minutes: all suites, one mode of each library, smaller counts
  --out DIR      where results and report go (default native-bench/results)
  and those of the measuring script, which win over what the above choose:
                 --suite --only --contenders --workers --rounds --seed --smoke --check; \`run --help-all\` lists them
`;

export type Command =
  | { readonly kind: 'help' }
  | { readonly kind: 'wrong'; readonly message: string }
  | { readonly kind: 'script'; readonly name: (typeof SCRIPTS)[number]; readonly argv: readonly string[] }
  | {
      readonly kind: 'run';
      /** For `runtime.ts`. */
      readonly argv: readonly string[];
      readonly out: string | undefined;
      /** `false`: there is nothing to report, only help or a check of results. */
      readonly measures: boolean;
    };

export function commandLine(argv: readonly string[]): Command {
  const [first, ...rest] = withProfileFirst(argv);
  const name = SCRIPTS.find((script) => script === first);
  if (name !== undefined) return { kind: 'script', name, argv: rest };
  if (first !== undefined && !first.startsWith('-') && first !== 'run') {
    return {
      kind: 'wrong',
      message: `Expected a command out of run, ${SCRIPTS.join(', ')}, got \`${first}\`. See --help.`,
    };
  }
  return run(first === 'run' ? rest : argv);
}

/** `--profile load` is `profile load`. */
function withProfileFirst(argv: readonly string[]): readonly string[] {
  const words = inTwoWords(argv);
  const at = words.indexOf('--profile');
  return at < 0 ? argv : ['profile', ...words.slice(at + 1), ...words.slice(0, at)];
}

/** `--name=value` as the two words that everybody else writes, so that one spelling is enough to look for. */
function inTwoWords(argv: readonly string[]): string[] {
  return argv.flatMap((word) => {
    const [, name, value] = /^(--[^=]+)=(.*)$/s.exec(word) ?? [];
    return name === undefined ? [word] : [name, value!];
  });
}

function run(words: readonly string[]): Command {
  const argv = inTwoWords(words);
  if (argv.includes('--help')) return { kind: 'help' };
  if (argv.includes('--help-all')) return { kind: 'run', argv: ['--help'], out: undefined, measures: false };
  const quick = argv.includes('--quick');
  const full = argv.includes('--full');
  if (quick && full) return { kind: 'wrong', message: 'Expected one of --quick and --full, got both.' };
  const given = argv.filter((word) => word !== '--quick' && word !== '--full');
  const at = given.indexOf('--out');
  const out = at < 0 ? undefined : given[at + 1];
  if (at >= 0 && (out === undefined || out === '' || out.startsWith('--')))
    return { kind: 'wrong', message: 'Expected `--out` to be followed by the name of a folder.' };
  if (at >= 0) given.splice(at, 2);
  if (given.includes('--json'))
    return {
      kind: 'wrong',
      message: 'Expected `--out DIR` in place of --json: a run writes its results there.',
    };
  const smoke = given.includes('--smoke');
  const preset = [...PRESETS[quick ? 'quick' : full ? 'full' : 'usual']].filter(
    (word) => !(smoke && word === '--quick'),
  );
  return { kind: 'run', argv: withPreset(preset, given), out, measures: !smoke };
}

/** What is given replaces the preset's; naming figures or suites replaces both. */
function withPreset(preset: readonly string[], given: readonly string[]): string[] {
  const chooses = ['--suite', '--only'];
  const replaced = new Set(given.filter((word) => word.startsWith('--')));
  if (chooses.some((word) => replaced.has(word))) for (const word of chooses) replaced.add(word);
  const kept: string[] = [];
  for (let i = 0; i < preset.length; i++) {
    const takesValue = preset[i + 1] !== undefined && !preset[i + 1]!.startsWith('--');
    if (!replaced.has(preset[i]!)) kept.push(preset[i]!, ...(takesValue ? [preset[i + 1]!] : []));
    if (takesValue) i++;
  }
  return [...kept, ...given];
}
