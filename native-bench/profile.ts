/**
 * Load, stress, volume and endurance: `tsx native-bench/profile.ts --help`.
 *
 * Exit code 0 (clean), 1 (a leak, a lost task, a wrong result, or the profile did not come to its end), 2 (bad arguments).
 *
 * @module
 */
import { build } from './build.ts';
import { writable, writeJson } from './files.ts';
import { describeMachine } from './machine.ts';
import { type ProfileChoices, parseProfileChoices, USAGE } from './profiles/arguments.ts';
import { judgeLeaks } from './profiles/leaks.ts';
import { observe, profileProgram } from './profiles/observe.ts';
import { clean, PROFILE_SCHEMA, type ProfileReport, reportText } from './profiles/report.ts';
import { runScript } from './script.ts';
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
  if (choices.json !== undefined) await writable(choices.json);
  const report = await measure(choices);
  if (choices.json !== undefined) await writeJson(choices.json, report);
  process.stdout.write(reportText(report));
  return clean(report) ? 0 : 1;
}

await runScript(main);
