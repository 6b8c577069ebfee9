/**
 * The figures the runtime is held to, beside every peer, in one run: `tsx native-bench/runtime.ts --help`.
 *
 * Exit code 0, 1 (with `--check`: a claim missed, not measured or undecided; with `--smoke`: a contender failed), 2 (bad arguments).
 *
 * @module
 */

import { randomInt } from 'node:crypto';
import { type Choices, parseChoices, USAGE } from './arguments.ts';
import { build } from './build.ts';
import type { Contender } from './contenders/contender.ts';
import { entrantsOf } from './contenders/entrants.ts';
import { contenderNamed, SUBJECT } from './contenders/index.ts';
import { installedVersions } from './contenders/versions.ts';
import { NATIVE_YARDSTICKS } from './contenders/yardsticks.ts';
import type { Figure } from './figures/figure.ts';
import { writable, writeJson } from './files.ts';
import { describeMachine } from './machine.ts';
import { buildYardsticks } from './native/build.ts';
import { type Look, noiseDoubts, othersShare } from './noise.ts';
import { roundsPerMs } from './pace.ts';
import type { MeasuredProcess } from './processes.ts';
import { type FigureResult, type Results, SCHEMA } from './results.ts';
import { runFigure } from './runner.ts';
import { runScript } from './script.ts';
import { mulberry32 } from './statistics/random.ts';
import { hostTimes, stolenShare } from './steal.ts';
import { suiteOf } from './suites/index.ts';
import { figureTable, machineLines } from './tables.ts';

/** So many figures are named at the end with the time they took. */
const LONGEST = 5;

function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${text}`);
}

async function measure(choices: Choices): Promise<Results> {
  const { effort, workers, rounds, seed = randomInt(2 ** 32) } = choices;
  const random = mulberry32(seed);
  const startedAt = new Date();
  const machine = describeMachine(workers);
  const versions = await installedVersions(choices.contenders);
  process.stdout.write(`# Millrace beside its peers (${effort}, ${workers} workers)\n`);
  process.stdout.write(`${machineLines(machine, versions)}\n`);
  process.stdout.write(`In each round in an order drawn with --seed ${seed}\n\n`);

  const native = await nativeYardsticks(choices.figures);
  const session = await build();
  const pace = roundsPerMs();
  const kept = effort === 'smoke' ? new Map<string, MeasuredProcess>() : undefined;
  const figures: FigureResult[] = [];
  const looks: Look[] = [];
  try {
    for (const figure of choices.figures) {
      // In a smoke run the kept processes are others, too.
      const share = kept === undefined ? await othersShare() : undefined;
      const floors = (figure.floors ?? []).flatMap((name) => contenderNamed(name) ?? []).filter(native);
      const suite = suiteOf(figure);
      const subject = suite?.subject ?? SUBJECT;
      const from = performance.now();
      const host = hostTimes();
      const result = await runFigure(figure, [...entrantsOf(figure, choices.contenders), ...floors], {
        effort,
        workers,
        pace,
        ...(rounds === undefined ? {} : { rounds }),
        subject,
        random,
        session,
        ...(kept === undefined ? {} : { kept }),
        progress,
      });
      const tookMs = Math.round(performance.now() - from);
      const stolen = stolenShare(host, hostTimes());
      const taken = stolen === undefined ? {} : { stolen };
      if (share !== undefined) looks.push({ figure: figure.name, share, ...taken });
      progress('');
      process.stdout.write(`${figureTable(result, subject)}\n`);
      figures.push({ ...result, tookMs, ...taken, ...(suite === undefined ? {} : { suite: suite.name }) });
    }
  } finally {
    await Promise.all([...(kept?.values() ?? [])].map((each) => each.kill()));
  }
  const noise = noiseDoubts(looks);
  for (const doubt of noise) process.stdout.write(`! ${doubt}\n\n`);
  return {
    schema: SCHEMA,
    startedAt: startedAt.toISOString(),
    durationMs: Date.now() - startedAt.getTime(),
    effort,
    workers,
    pace,
    seed,
    machine: { ...machine, doubts: [...machine.doubts, ...noise] },
    versions,
    figures,
  };
}

/** Which contenders can be measured: the native ones only once they are built. */
async function nativeYardsticks(figures: readonly Figure[]): Promise<(contender: Contender) => boolean> {
  const names = NATIVE_YARDSTICKS.map(({ name }) => name);
  if (!figures.some(({ floors = [] }) => floors.some((name) => names.includes(name)))) return () => true;
  const built = await buildYardsticks();
  process.stdout.write(
    `${built.kind === 'ready' ? `Native yardsticks: ${built.toolchain}` : `! ${built.line}`}\n\n`,
  );
  return ({ name }) => built.kind === 'ready' || !names.includes(name);
}

/** What to leave out to be sooner. */
function longest({ figures }: Results): string {
  const byTime = figures.toSorted((a, b) => (b.tookMs ?? 0) - (a.tookMs ?? 0)).slice(0, LONGEST);
  return `longest: ${byTime.map(({ name, tookMs = 0 }) => `${name} ${Math.round(tookMs / 1000)} s`).join(', ')}`;
}

function exitCode({ effort, check }: Choices, { figures }: Results): number {
  const failures = figures
    .flatMap(({ contenders }) => contenders)
    .filter(({ status }) => status === 'failed');
  const broken = figures
    .flatMap(({ verdicts }) => verdicts)
    .filter(({ status }) => status !== 'kept' && status !== 'even');
  if (effort === 'smoke' && failures.length > 0) return 1;
  if (check && broken.length > 0) return 1;
  return 0;
}

async function main(argv: readonly string[]): Promise<number> {
  const choices = parseChoices(argv);
  if (choices.help) {
    process.stdout.write(USAGE);
    return 0;
  }
  if (choices.json !== undefined) await writable(choices.json);
  const results = await measure(choices);
  if (choices.json !== undefined) await writeJson(choices.json, results);
  process.stdout.write(`${Math.round(results.durationMs / 1000)} s; ${longest(results)}\n`);
  return exitCode(choices, results);
}

await runScript(main);
