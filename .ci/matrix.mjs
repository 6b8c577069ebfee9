/**
 * Runs the tests that start threads and processes under other versions of Node, with the build of this one.
 *
 *     npm run test:matrix             20, 22, 24 and 26
 *     npm run test:matrix -- 24 26    these
 *
 * @module
 */
import { main, runBin } from './command.mjs';
import { environment, nodes, VERSIONS } from './nodes.mjs';
import { prepare } from './prepare.mjs';

/** What hardly depends on the version of Node, and takes minutes: left out where CI has 20 minutes for everything. */
const SLOW_AND_ALIKE = ['test/command/**', 'test/forkjoin/**', 'test/process/**'];

await main(async () => {
  const versions = process.argv.length > 2 ? process.argv.slice(2) : VERSIONS;
  const binaries = await nodes(versions);
  await prepare();
  const results = [];
  for (const { version, node, full } of binaries) {
    console.log(`\nNode ${version}: ${full}`);
    results.push({ version, code: await test(node) });
  }
  console.log('');
  for (const { version, code } of results) console.log(`Node ${version}: ${code === 0 ? 'ok' : 'FAILED'}`);
  return results.every(({ code }) => code === 0) ? 0 : 1;
});

function test(node) {
  const left = process.env.CI === 'true' ? SLOW_AND_ALIKE.flatMap((files) => ['--exclude', files]) : [];
  return runBin('vitest', 'vitest', ['run', '--project', 'process', ...left], {
    node,
    env: environment(node),
  });
}
