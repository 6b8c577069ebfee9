/**
 * `npm test`: prepares the folder, then runs every check in turn, and stops at the first that fails.
 * Each stage is an npm script of the same name, so it can be run alone.
 *
 *     npm test                    everything
 *     npm test -- --matrix 24,26  the process tests under these versions of Node too
 *
 * @module
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { main, npm } from './command.mjs';
import { build, install } from './prepare.mjs';

const { values: options } = parseArgs({ options: { matrix: { type: 'string' } } });

/** `vitest` stages write a report that is counted; the others only pass or fail. */
const STAGES = [
  { name: 'install', body: () => install() },
  { name: 'build', body: () => build() },
  { name: 'lint' },
  { name: 'types' },
  { name: 'test:unit', vitest: true },
  { name: 'test:model', vitest: true },
  { name: 'test:process', vitest: true },
  ...(options.matrix ? [{ name: 'test:matrix', args: options.matrix.split(',') }] : []),
  { name: 'test:snippets', vitest: true },
  { name: 'test:package' },
  { name: 'test:docs', vitest: true },
  { name: 'test:bench' },
];

await main(async () => {
  const reports = mkdtempSync(join(tmpdir(), 'millrace-test-'));
  const results = [];
  try {
    for (const stage of STAGES) {
      console.log(`\n── ${stage.name} ${'─'.repeat(Math.max(0, 76 - stage.name.length))}`);
      results.push(await runStage(stage, reports));
      if (!results.at(-1).ok) break;
    }
  } finally {
    rmSync(reports, { recursive: true, force: true });
  }
  summarise(results);
  return results.every((result) => result.ok) ? 0 : 1;
});

async function runStage(stage, reports) {
  const started = performance.now();
  const report = join(reports, `${stage.name.replace(':', '-')}.json`);
  let ok = true;
  try {
    if (stage.body) await stage.body();
    else ok = (await npm(['run', '--silent', stage.name, '--', ...argumentsOf(stage, report)])) === 0;
  } catch (error) {
    console.error(error.message);
    ok = false;
  }
  const counts = { passed: 0, failed: 0, skipped: 0 };
  if (stage.vitest) Object.assign(counts, count(report));
  // A stage that fails without a failed test (a file that does not load, a stage without tests) still counts.
  if (!ok && counts.failed === 0) counts.failed = 1;
  if (counts.failed > 0) ok = false;
  return { name: stage.name, ok, ...counts, seconds: (performance.now() - started) / 1000 };
}

function argumentsOf(stage, report) {
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  return [...(stage.args ?? []), ...(stage.vitest ? reporters : [])];
}

/** A stage that was to write a report and did not has failed, whatever its exit code said. */
function count(report) {
  try {
    const { numPassedTests, numFailedTests, numPendingTests, numTodoTests, success } = JSON.parse(
      readFileSync(report, 'utf8'),
    );
    const failed = success ? numFailedTests : Math.max(1, numFailedTests);
    return { passed: numPassedTests, failed, skipped: numPendingTests + numTodoTests };
  } catch (cause) {
    console.error(`The test runner left no report: ${cause.message}`);
    return { failed: 1 };
  }
}

function summarise(results) {
  const failed = results.find((result) => !result.ok);
  const left = STAGES.slice(results.length).map((stage) => stage.name);
  const row = (...cells) => cells.map((cell, i) => (i ? cell.padStart(9) : cell.padEnd(16))).join('');
  console.log(`\n${row('stage', 'result', 'passed', 'failed', 'skipped', 'seconds')}`);
  for (const { name, ok, passed, failed: lost, skipped, seconds } of results) {
    const counts = passed + lost + skipped > 0 ? [passed, lost, skipped].map(String) : ['', '', ''];
    console.log(row(name, ok ? 'ok' : 'FAILED', ...counts, seconds.toFixed(1)));
  }
  const total = results.reduce((sum, result) => sum + result.seconds, 0);
  console.log(row('total', '', '', '', '', total.toFixed(1)));
  if (failed)
    console.log(`\nStopped: ${failed.name} failed.${left.length ? ` Not run: ${left.join(', ')}.` : ''}`);
  const sum = (key) => results.reduce((n, result) => n + result[key], 0);
  console.log(`\n${sum('passed')} passed, ${sum('failed')} failed`);
}
