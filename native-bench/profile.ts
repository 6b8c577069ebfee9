/**
 * Load, stress, volume and endurance: `tsx native-bench/profile.ts --help`.
 *
 * Exit code 0 (clean), 1 (a leak, a lost task, a wrong result, or the profile did not come to its end), 2 (bad arguments).
 *
 * @module
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { MillraceError } from '../src/errors.ts';
import { build } from './build.ts';
import { describeMachine } from './machine.ts';
import { type ProfileChoices, parseProfileChoices, USAGE } from './profiles/arguments.ts';
import { judgeLeaks } from './profiles/leaks.ts';
import { observe, profileProgram } from './profiles/observe.ts';
import { clean, PROFILE_SCHEMA, type ProfileReport, reportText } from './profiles/report.ts';
import { findLeak } from './statistics/leak.ts';
import { machineLines } from './tables.ts';

async function measure(choices: ProfileChoices): Promise<ProfileReport> {
  const { profile, minutes, workers, seed, volume } = choices;
  const machine = describeMachine(workers);
  const startedAt = new Date().toISOString();
  process.stdout.write(`# ${profile.title} (${profile.name}, ${minutes} minutes, ${workers} workers)\n`);
  process.stdout.write(`${machineLines(machine, {})}\n\n`);
  const request = { profile: profile.name, durationMs: minutes * 60_000, workers, seed, volume };
  const observations = await observe(profileProgram(await build()), request);
  return {
    schema: PROFILE_SCHEMA,
    profile: profile.name,
    startedAt,
    workers,
    volume,
    seed,
    machine,
    ...observations,
    verdicts: judgeLeaks(observations.columns, findLeak),
  };
}

async function main(argv: readonly string[]): Promise<number> {
  const choices = parseProfileChoices(argv);
  if (choices.kind === 'help') {
    process.stdout.write(USAGE);
    return 0;
  }
  const report = await measure(choices);
  if (choices.json !== undefined) {
    const file = resolve(choices.json);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, `${JSON.stringify(report, null, 2)}\n`);
  }
  process.stdout.write(reportText(report));
  return clean(report) ? 0 : 1;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = error instanceof MillraceError ? 2 : 1;
}
