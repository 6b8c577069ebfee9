import { execFileSync, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { checkOut, commitOf } from '../../native-bench/compare/checkout.ts';
import {
  compareRevisionResults,
  compareRevisions,
  measureInTurns,
} from '../../native-bench/compare/revisions.ts';
import { comparedTable } from '../../native-bench/compare/table.ts';
import { idle } from '../../native-bench/figures/idle.ts';
import { throughput } from '../../native-bench/figures/throughput.ts';

const DEADLINE_MS = 60_000;

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(await realpath(tmpdir()), 'bench-revisions-'));
  // Revisions of comparisons that run beside this test are none of its leftovers.
  for (const name of ['TMPDIR', 'TEMP', 'TMP']) vi.stubEnv(name, directory);
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await rm(directory, { recursive: true, force: true });
});

/** A measured process that answers with `value`, an expression of the metric's name and the process. */
async function session(name: string, value: string): Promise<string> {
  const file = join(directory, `${name}.cjs`);
  await writeFile(
    file,
    `const log = require('node:fs').appendFileSync;
     process.on('message', ({ kind }) => {
       if (kind === 'sample') log(${JSON.stringify(join(directory, 'order'))}, '${name} ' + process.pid + '\\n');
       process.send(kind === 'sample' ? { kind: 'done', sample: ${value} } : { kind: 'done' });
     });`,
  );
  return file;
}

describe('two builds in turns', () => {
  const options = {
    figures: [throughput],
    effort: 'quick',
    workers: 2,
    rounds: 6,
    progress: () => {},
  } as const;
  const SAMPLE = (rate: number): string =>
    `{ rate: ${rate} + process.pid % 7, mainCpu: 1 + (process.pid % 7) / 1000, processCpu: null }`;

  it('are measured in each round, in a process each, and compared', { timeout: DEADLINE_MS }, async () => {
    const sessions = { base: await session('base', SAMPLE(1000)), head: await session('head', SAMPLE(900)) };
    const measured = await measureInTurns(sessions, options);
    const order = (await readFile(join(directory, 'order'), 'utf8')).trim().split('\n');
    const sides = order.map((line) => line.split(' ')[0]);
    expect(sides.slice(0, 4)).toEqual(['base', 'head', 'head', 'base']);
    expect(new Set(order).size).toBe(12);
    expect(measured.base.figures[0]?.contenders[0]).toMatchObject({
      status: 'measured',
      summary: { rate: { count: 6 }, mainCpu: { count: 6 } },
    });
    const compared = compareRevisionResults(measured, { names: { base: 'v1', head: 'v2' } });
    expect(compared.comparisons.map(({ metric, verdict }) => [metric.name, verdict])).toEqual([
      ['rate', 'slower'],
      ['mainCpu', 'same'],
    ]);
    expect(comparedTable(compared)).toContain('# millrace: v2 against v1');
  });

  it('tell when one of them fails, and go on with the other', { timeout: DEADLINE_MS }, async () => {
    const sessions = {
      base: await session('sound', SAMPLE(1000)),
      head: await session('broken', `(process.exit(3), {})`),
    };
    const { base, head } = await measureInTurns(sessions, {
      ...options,
      rounds: 2,
      figures: [throughput, idle],
    });
    expect(base.figures[0]?.contenders[0]).toMatchObject({
      status: 'measured',
      summary: { rate: { count: 2 } },
    });
    expect(head.figures[0]?.contenders[0]).toMatchObject({
      status: 'failed',
      failure: { round: 1, reason: 'its process ended with exit code 3' },
    });
    expect(() => compareRevisionResults({ base, head }, {})).toThrow(
      'There is no figure of millrace in both. throughput (head): millrace failed in round 1',
    );
  });
});

describe('a revision', () => {
  let repository: string;
  const git = (...argv: string[]): string =>
    execFileSync('git', ['-c', 'user.name=A', '-c', 'user.email=a@example.org', ...argv], {
      cwd: repository,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    }).trim();
  const commit = async (prepare: string): Promise<string> => {
    await writeFile(join(repository, '.ci', 'prepare.mjs'), prepare);
    git('add', '.');
    git('commit', '--quiet', '-m', 'a change');
    return git('rev-parse', 'HEAD');
  };
  let sound: string;
  let broken: string;

  beforeAll(async () => {
    repository = join(directory, 'repository');
    await mkdir(join(repository, '.ci'), { recursive: true });
    await mkdir(join(repository, 'node_modules'));
    git('init', '--quiet');
    await writeFile(join(repository, '.gitignore'), 'node_modules\nbuilt\n');
    await writeFile(join(repository, 'package-lock.json'), '{}');
    sound = await commit(
      `import { writeFileSync } from 'node:fs'; writeFileSync(new URL('../built', import.meta.url), 'yes');`,
    );
    broken = await commit(`console.error('The build of TypeScript failed.'); process.exit(1);`);
  });

  const isAlive = (pid: number): boolean => {
    try {
      process.kill(pid, 0);
      return true;
    } catch {
      return false;
    }
  };
  const leftovers = async (): Promise<string[]> =>
    (await readdir(directory)).filter((name) => name.startsWith('millrace-revision-'));

  it('is built in a folder of its own, which is removed', { timeout: DEADLINE_MS }, async () => {
    const checkout = await checkOut(repository, 'HEAD~1');
    expect(await leftovers()).toHaveLength(1);
    expect(checkout).toMatchObject({ revision: 'HEAD~1', commit: sound, sameDependencies: true });
    expect(await readFile(join(checkout.directory, 'built'), 'utf8')).toBe('yes');
    expect(existsSync(join(checkout.directory, 'node_modules'))).toBe(true);
    checkout.remove();
    expect(existsSync(checkout.directory)).toBe(false);
    expect(existsSync(join(repository, 'node_modules'))).toBe(true);
    expect(git('worktree', 'list').split('\n')).toHaveLength(1);
  });

  it('that does not build says why, and leaves nothing', { timeout: DEADLINE_MS }, async () => {
    await expect(checkOut(repository, broken)).rejects.toThrow(
      `Revision "${broken}" cannot be built: The build of TypeScript failed.`,
    );
    expect(await leftovers()).toEqual([]);
    expect(git('worktree', 'list').split('\n')).toHaveLength(1);
  });

  it('that is still being built when the script is ended goes away whole', {
    timeout: DEADLINE_MS,
  }, async () => {
    const place = join(directory, 'place');
    const endless = `setInterval(() => mkdirSync('dist', { recursive: true }), 1)`;
    await commit(
      `import { spawn } from 'node:child_process';
       import { writeFileSync } from 'node:fs';
       const program = "const { mkdirSync } = require('node:fs'); ${endless}";
       const compiler = spawn(process.execPath, ['-e', program], { stdio: 'inherit' });
       compiler.once('spawn', () => writeFileSync(${JSON.stringify(place)}, process.cwd() + ' ' + compiler.pid));`,
    );
    const script = join(directory, 'checkout.ts');
    await writeFile(
      script,
      `import { checkOut } from ${JSON.stringify(join(process.cwd(), 'native-bench/compare/checkout.ts'))};
       process.once('SIGTERM', () => process.exit(143));
       void checkOut(${JSON.stringify(repository)}, 'HEAD');`,
    );
    const ended = new Promise<number | null>((resolve) => {
      const child = spawn(process.execPath, ['--import', 'tsx', script], { stdio: 'ignore' });
      const waiting = setInterval(() => {
        if (!existsSync(place) || readFileSync(place, 'utf8') === '') return;
        clearInterval(waiting);
        child.kill('SIGTERM');
      }, 10);
      child.once('exit', (code) => {
        clearInterval(waiting);
        resolve(code);
      });
    });
    expect(await ended).toBe(143);
    const [tree, compiler] = readFileSync(place, 'utf8').split(' ');
    await expect.poll(() => isAlive(Number(compiler)), { timeout: 20_000 }).toBe(false);
    expect(existsSync(tree!)).toBe(false);
    expect(await leftovers()).toEqual([]);
    expect(git('worktree', 'list').split('\n')).toHaveLength(1);
    git('reset', '--quiet', '--hard', broken);
  });

  it('that is none is told apart from a place without revisions', async () => {
    expect(await commitOf(repository, 'HEAD')).toBe(broken);
    expect(await commitOf(repository, 'no-such')).toBeUndefined();
    expect(await commitOf(repository, '--all')).toBeUndefined();
    await expect(checkOut(repository, 'no-such')).rejects.toThrow('There is no revision "no-such" here');
    const bare = await mkdtemp(join(directory, 'bare-'));
    await writeFile(join(bare, '.git'), 'gitdir: nowhere');
    await expect(commitOf(bare, 'HEAD')).rejects.toThrow('git cannot look up revisions here');
  });

  it('is not built for a comparison that could not find anything', async () => {
    const options = {
      figures: [throughput],
      effort: 'quick',
      workers: 2,
      rounds: 4,
      alpha: 0.01,
      minEffect: 0.03,
      progress: () => {},
    } as const;
    await expect(compareRevisions('HEAD', 'HEAD', { ...options, repository })).rejects.toThrow(
      '4 rounds cannot show a difference among 3 comparisons at alpha 0.01; use --rounds 6 or more',
    );
  });
});
