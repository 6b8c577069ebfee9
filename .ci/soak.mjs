/**
 * Runs tests over and over, every other round beside busy processes, and stops at the first failure:
 * what can race has to be seen not to.
 *
 *     npm run soak                                     the process tests, 50 times
 *     npm run soak -- --times 200 test/faults          part of them
 *     npm run soak -- --minutes 30 --project model     another project, for a time
 *     npm run soak -- --node 20 --node 26 test/fork    under these versions of Node, with the build of this one
 *
 * @module
 */
import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { main, runBin, StageError } from './command.mjs';
import { environment, nodes } from './nodes.mjs';
import { prepare } from './prepare.mjs';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    times: { type: 'string' },
    minutes: { type: 'string' },
    node: { type: 'string', multiple: true, default: [process.versions.node.split('.')[0]] },
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
  const under = await nodes(values.node);
  await prepare();
  let round = 0;
  while (round < times && Date.now() < end) {
    round++;
    const crowded = round % 2 === 0;
    for (const { node, full } of under) {
      const of = Number.isFinite(times) ? ` of ${times}` : '';
      const which = `Round ${round}${of}, Node ${full}${crowded ? ', beside busy processes' : ''}`;
      console.log(`\n── ${which}`);
      const busy = crowded ? Array.from({ length: availableParallelism() }, startBusy) : [];
      try {
        const args = ['run', '--project', values.project, ...positionals];
        const code = await runBin('vitest', 'vitest', args, { node, env: environment(node) });
        if (code !== 0) throw new StageError(`${which}: failed.`);
      } finally {
        for (const child of busy) child.kill('SIGKILL');
      }
    }
  }
  console.log(`\n${round} rounds under Node ${under.map(({ full }) => full).join(', ')}, all passed.`);
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
