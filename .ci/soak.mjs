/**
 * Runs tests over and over, every other round beside busy processes, and stops at the first failure:
 * what can race has to be seen not to.
 *
 *     npm run soak                                     the process tests, 50 times
 *     npm run soak -- --times 200 test/faults          part of them
 *     npm run soak -- --minutes 30 --project model     another project, for a time
 *
 * @module
 */
import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { main, runBin, StageError } from './command.mjs';
import { prepare } from './prepare.mjs';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    times: { type: 'string' },
    minutes: { type: 'string' },
    project: { type: 'string', default: 'process' },
  },
});

/** Ends by itself when its parent is gone. */
const BUSY =
  'const p = process.ppid; for (;;) { for (let i = 0; i < 1e7; i++); if (process.ppid !== p) process.exit(); }';

await main(async () => {
  const minutes = positive('minutes', values.minutes);
  const times = positive('times', values.times) ?? (minutes ? Number.POSITIVE_INFINITY : 50);
  const end = minutes ? Date.now() + minutes * 60_000 : Number.POSITIVE_INFINITY;
  await prepare();
  let round = 0;
  while (round < times && Date.now() < end) {
    round++;
    const crowded = round % 2 === 0;
    const of = Number.isFinite(times) ? ` of ${times}` : '';
    console.log(`\n── round ${round}${of}${crowded ? ', beside busy processes' : ''}`);
    const busy = crowded ? Array.from({ length: availableParallelism() }, startBusy) : [];
    try {
      const code = await runBin('vitest', 'vitest', ['run', '--project', values.project, ...positionals]);
      if (code !== 0)
        throw new StageError(`Round ${round} failed${crowded ? ', beside busy processes' : ''}.`);
    } finally {
      for (const child of busy) child.kill('SIGKILL');
    }
  }
  console.log(`\n${round} rounds, all passed.`);
});

function startBusy() {
  return spawn(process.execPath, ['-e', BUSY], { stdio: 'ignore' });
}

function positive(name, text) {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (value > 0) return value;
  throw new StageError(`Expected \`--${name}\` to be a number above 0, got \`${text}\`.`);
}
