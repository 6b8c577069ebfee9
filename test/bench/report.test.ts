import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseChoices } from '../../native-bench/arguments.ts';
import { commandLine } from '../../native-bench/bench/command-line.ts';
import { document } from '../../native-bench/report/blocks.ts';
import { report } from '../../native-bench/report/command.ts';
import { embed } from '../../native-bench/report/embed.ts';
import { page } from '../../native-bench/report/page/page.ts';
import type { Results } from '../../native-bench/results.ts';
import { elementsOf } from './markup-check.ts';
import { contender, curve, failed, latency, madeUp, ODD, rate, viewed } from './report-results.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'report-'));
});
afterAll(() => rm(folder, { recursive: true }));

const html = (results: Results): string => page(viewed(results));

async function file(name: string, content: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
}

const resultFile = (name: string, results: Results): Promise<string> => file(name, JSON.stringify(results));

/** Runs the command; what it said, and how it ended. */
async function run(...argv: string[]): Promise<{ code: number; out: string; err: string }> {
  let out = '';
  let err = '';
  const code = await report(argv, {
    stdout: (text) => void (out += text),
    stderr: (text) => void (err += text),
    suiteTitles: new Map(),
  });
  return { code, out, err };
}

function ids(source: string): string[] {
  return elementsOf(source).flatMap(({ attributes }) => attributes['id'] ?? []);
}

describe('the page', () => {
  it('is well-formed, with ids that are unique and links that lead somewhere', () => {
    const source = html(madeUp());
    const elements = elementsOf(source);
    const all = ids(source);
    expect(new Set(all).size).toBe(all.length);
    const targets = elements.flatMap(({ attributes: { href } }) => (href === undefined ? [] : [href]));
    expect(targets.length).toBeGreaterThan(0);
    for (const target of targets) expect(all.map((id) => `#${id}`)).toContain(target);
    for (const { attributes } of elements) {
      for (const id of attributes['aria-labelledby']?.split(' ') ?? []) expect(all).toContain(id);
    }
  });

  it('says in which order contenders took turns', () => {
    expect(html(madeUp())).toContain('<dd>fixed, each round begins with the next</dd>');
    const source = html({ ...madeUp(), seed: 77 });
    expect(source).toContain('<dd>drawn, seed 77</dd>');
    expect(source).toContain('each round in an order of its own');
  });

  it('judges by its own rule what a file of before judged by another, and says that one round decides nothing', () => {
    const figure = rate();
    const stale = figure.verdicts.map((verdict) => ({ ...verdict, status: 'even' as const }));
    expect(html(madeUp([{ ...figure, verdicts: stale }]))).toBe(html(madeUp([figure])));
    const once = {
      ...figure,
      contenders: figure.contenders.map((each) => ({ ...each, samples: each.samples.slice(0, 1) })),
    };
    const source = html(madeUp([once]));
    expect(source).toContain('<b>2</b><span class="status undecided">');
    expect(source).toContain('one round cannot carry a verdict');
  });

  it('loads nothing and runs nothing', () => {
    const source = html(madeUp());
    const names = new Set(elementsOf(source).map(({ name }) => name));
    for (const name of ['script', 'link', 'img', 'iframe', 'object', 'image', 'use'])
      expect(names).not.toContain(name);
    expect(source.replaceAll('http://www.w3.org/2000/svg', '')).not.toMatch(/https?:|url\(|@import|src=/);
  });

  it('escapes names and reasons, whatever is in them', () => {
    const hostile = rate(ODD, '"><img src=x>');
    const source = html(
      madeUp([{ ...hostile, contenders: [...hostile.contenders, failed('<b onclick="1">&', ODD)] }]),
    );
    const names = elementsOf(source).map(({ name }) => name);
    expect(names).not.toContain('script');
    expect(names).not.toContain('img');
    expect(source).toContain('&lt;b onclick=&quot;1&quot;&gt;&amp;');
    expect(source).toContain('&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt; &amp; &#39;2&#39;');
    expect(source).toContain(' red ');
  });

  it('shows a failed contender with its reason, in the table and in the plots', () => {
    const source = html(madeUp());
    expect(source).toMatch(/<th scope="row">broken-pool<\/th><td class="failed">failed<\/td>/);
    expect(source).toContain('<strong>broken-pool</strong> failed in round 1: hung: no answer in 3 s');
    expect(source).toContain('<strong>slow-pool</strong> was measured but did not close: still there');
    expect(source).toMatch(/<desc id="pool-throughput-rate-desc">[^<]*broken-pool: failed/);
    expect(source).toMatch(/<desc id="granularity-metg-curve-wide-desc">[^<]*broken-pool failed/);
    expect(source).toContain('Failed in a figure: broken-pool.');
  });

  it('names a failed mode whose family is shown by a better one', () => {
    const { metrics } = rate();
    const good = contender('piscina-a', metrics, [{ rate: 1 }], { family: 'piscina' });
    const bad = { ...failed('piscina-b', 'gone'), family: 'piscina' };
    const source = html(madeUp([{ ...rate(), contenders: [good, bad] }]));
    expect(source).toContain('piscina (best: a)');
    expect(source).toContain('<strong>piscina-b</strong> failed in round 1: gone');
  });

  it('marks a contender that has values of the rounds before it failed', () => {
    const { metrics } = rate();
    const partly = contender('partly', metrics, [{ rate: 5, mainCpu: 1 }], {
      status: 'failed',
      failure: { round: 1, reason: 'gone' },
    });
    const source = html(madeUp([{ ...rate(), contenders: [...rate().contenders, partly] }]));
    expect(source).toContain('<th scope="row">partly, failed</th><td>5</td>');
    expect(source).toContain('<strong>partly</strong> failed in round 1: gone');
  });

  it('compares a round only with itself, also where a value is missing', () => {
    const { metrics } = rate();
    const ours = contender('millrace', metrics, [{ rate: 10 }, { rate: 200 }, { rate: 30 }]);
    const theirs = contender('other', metrics, [{ rate: 5 }, { rate: null }, { rate: 10 }]);
    const [row] = viewed(madeUp([{ ...rate(), contenders: [theirs, ours] }])).suites[0]!.figures[0]!.rows;
    expect(row!.ratio).toEqual({ ratio: 2.5, low: 2, high: 3, rounds: 2 });
  });

  it('tells yardsticks from pools', () => {
    expect(html(madeUp())).toContain('raw-postmessage (yardstick)');
    expect(html(madeUp())).not.toContain('piscina (yardstick)');
  });

  it('names the command that measures each figure again, one that is understood', () => {
    const commands = [...html(madeUp()).matchAll(/<code>npm run bench -- ([^<]*)<\/code>/g)].map(([, argv]) =>
      commandLine(argv!.split(' ')),
    );
    expect(commands).toHaveLength(3);
    for (const [index, name] of ['throughput', 'round-trip', 'metg'].entries()) {
      const command = commands[index]!;
      if (command.kind !== 'run') throw new Error(`Expected a run, got ${command.kind}`);
      const { figures, effort, workers } = parseChoices(command.argv);
      expect([figures.map((figure) => figure.name), effort, workers]).toEqual([[name], 'full', 2]);
    }
    expect(html({ ...madeUp(), effort: 'quick' })).toContain(
      '<code>npm run bench -- --only metg --workers 2</code>',
    );
    expect(html({ ...madeUp(), effort: 'smoke' })).not.toContain('<code>npm run bench');
    expect(html(madeUp([rate('crashed', 'a;b')]))).not.toContain('<code>npm run bench');
    expect(document('report.md', viewed(madeUp()), undefined)).toContain(
      ' Again: `npm run bench -- --full --only throughput --workers 2`.',
    );
  });

  it('says where doubts are, and that a quick run is not for publication', () => {
    expect(html(madeUp())).toContain('<li>noisy: load average 1.50 on 2 cores before the start</li>');
    const quiet = { ...madeUp(), machine: { ...madeUp().machine, doubts: [] } };
    expect(html(quiet)).not.toContain('may be off');
    expect(html({ ...quiet, effort: 'quick' })).toContain('not for publication');
  });

  it('counts verdicts of every kind and shows medians, ranges and ratios', () => {
    const source = html(madeUp());
    expect(source.match(/<b>(\d+)<\/b><span class="status (\w+)"/g)).toHaveLength(5);
    expect(source).toContain('<b>3</b><span class="status kept">');
    expect(source).toContain('<b>1</b><span class="status missed">');
    expect(source).toContain('<td>1,000,000<span class="range">900,000–1,100,000</span></td>');
    // 1,000,000/60,000, 1,100,000/66,000, 900,000/57,000
    expect(source).toContain('<td>16.7<span class="range">15.8–16.7</span></td>');
  });

  it('stands without figures, and with figures that nobody has values for', () => {
    expect(() => elementsOf(html(madeUp([])))).not.toThrow();
    const none = { ...rate(), contenders: [failed('millrace', 'a'), failed('other', 'b')], verdicts: [] };
    const source = html(madeUp([none, { ...curve(), contenders: none.contenders }]));
    expect(() => elementsOf(source)).not.toThrow();
    expect(source).toContain('<strong>millrace</strong> failed in round 1: a');
  });

  it('keeps two figures of one name apart', () => {
    const all = ids(html(madeUp([rate(), rate()])));
    expect(new Set(all).size).toBe(all.length);
  });
});

describe('embedding', () => {
  const source = (name: string): string => `[${name}]`;
  const within = (text: string): string => embed(text, 'doc.md', source);

  it('replaces what stands between the markers, and nothing else', () => {
    const before =
      'a\n<!-- bench:x -->\nold\nolder\n<!-- /bench:x -->\nb  \n\n<!-- bench:y -->\n<!-- /bench:y -->';
    const after =
      'a\n<!-- bench:x -->\n\n[x]\n\n<!-- /bench:x -->\nb  \n\n<!-- bench:y -->\n\n[y]\n\n<!-- /bench:y -->';
    expect(within(before)).toBe(after);
    expect(within(after)).toBe(after);
  });

  it('keeps the line ends of the document', () => {
    expect(within('a\r\n<!-- bench:x -->\r\n<!-- /bench:x -->\r\n')).toBe(
      'a\r\n<!-- bench:x -->\r\n\r\n[x]\r\n\r\n<!-- /bench:x -->\r\n',
    );
  });

  it('leaves markers alone in fenced code and within a line', () => {
    const shown = '```md\n<!-- bench:z -->\n<!-- /bench:z -->\n```\nWrite `<!-- bench:z -->` first.\n';
    const real = '<!-- bench:x -->\n\n[x]\n\n<!-- /bench:x -->\n';
    expect(within(shown + real)).toBe(shown + real);
  });

  it.each([
    ['no marker', 'text', /doc\.md has no marker/],
    ['an open block', 'a\n<!-- bench:x -->\nb', /doc\.md:2: bench:x is not closed/],
    [
      'a block in a block',
      '<!-- bench:x -->\n<!-- bench:y -->\n<!-- /bench:y -->',
      /doc\.md:1: bench:x is not closed/,
    ],
    ['an end without a start', '\n<!-- /bench:x -->', /doc\.md:2: bench:x ends here but was not opened/],
    ['another end', '<!-- bench:x -->\n<!-- /bench:y -->', /doc\.md:2: bench:y ends here/],
  ])('refuses %s', (_, text, message) => {
    expect(() => within(text)).toThrow(message);
  });
});

describe('the command', () => {
  it('writes page, Markdown and plots, and prints Markdown when nothing is asked for', async () => {
    const results = await resultFile('all.json', madeUp());
    const out = join(folder, 'out');
    const argv = [
      '--html',
      join(out, 'a.html'),
      '--markdown',
      join(out, 'a.md'),
      '--svg-dir',
      join(out, 'plots & more'),
    ];
    expect(await run(results, ...argv)).toMatchObject({ code: 0, out: '' });
    expect(elementsOf(await readFile(join(out, 'a.html'), 'utf8')).length).toBeGreaterThan(100);
    const markdown = await readFile(join(out, 'a.md'), 'utf8');
    const links = [...markdown.matchAll(/^!\[.*\]\((.*)\)$/gm)].map(([, link]) => link);
    const files = await readdir(join(out, 'plots & more'));
    expect(files.map((name) => `plots%20%26%20more/${name}`).toSorted()).toEqual(links.toSorted());

    const printed = await run(results);
    expect(printed).toMatchObject({ code: 0, err: '' });
    expect(printed.out).toContain('| millrace');
    expect(printed.out).not.toContain('![');
  });

  it('embeds into copies of documents, once and for all', async () => {
    const results = await resultFile('embed.json', madeUp([rate(ODD), latency(), curve()]));
    const names = [
      'machine',
      'provenance',
      'summary',
      'claims',
      'overview:plots',
      'throughput',
      'round-trip:table',
      'metg:plots',
      'suite:pool',
    ];
    const empty = names.map((name) => `<!-- bench:${name} -->\n<!-- /bench:${name} -->\n`).join('text\n');
    const document = await file('doc.md', `# Mine\n${empty}end\n`);
    const argv = [results, '--embed', document, '--svg-dir', join(folder, 'svg')];
    expect(await run(...argv, '--check')).toMatchObject({ code: 1 });
    expect(await readFile(document, 'utf8')).toBe(`# Mine\n${empty}end\n`);

    expect((await run(...argv)).code).toBe(0);
    const once = await readFile(document, 'utf8');
    expect(once).toMatch(/^# Mine\n/);
    expect(once).toContain('failed in round 1: &lt;/td>&lt;script>');
    expect(once).toContain('| **missed** |');
    expect(once.match(/\*\*In doubt\*\*: noisy/g)).toHaveLength(4);
    expect(once).toContain(
      'A full run of 2026-01-02 (5 min 1 s) with 2 workers in each pool, on Example CPU &lt;2 GHz>',
    );
    expect(once).toContain('](svg/granularity-metg-curve-wide.svg)');
    expect(once.match(/^text$/gm)).toHaveLength(names.length - 1);
    expect((await run(...argv)).code).toBe(0);
    expect(await readFile(document, 'utf8')).toBe(once);
    expect(await run(...argv, '--check')).toEqual({ code: 0, out: '', err: '' });
  });

  it('finds a figure typed by hand and a plot that is not of these results', async () => {
    const results = await resultFile('check.json', madeUp());
    const document = await file(
      'check.md',
      '<!-- bench:summary -->\n<!-- /bench:summary -->\n<!-- bench:throughput:plots -->\n<!-- /bench:throughput:plots -->\n',
    );
    const plots = join(folder, 'check-svg');
    const argv = [results, '--embed', document, '--svg-dir', plots];
    expect((await run(...argv)).code).toBe(0);
    const made = (await readdir(plots)).toSorted();
    expect(made).toEqual(['pool-throughput-rate.svg', 'pool-throughput-ratio.svg']);
    const written = await readFile(document, 'utf8');
    await writeFile(document, written.replace('16.7', '20.1'));
    expect(await run(...argv, '--check')).toMatchObject({
      code: 1,
      err: expect.stringMatching(/check\.md is not what .*check\.json says, from line 5 on: run again/),
    });
    await writeFile(document, written);
    await rm(join(plots, 'pool-throughput-rate.svg'));
    expect(await run(...argv, '--check')).toMatchObject({
      code: 1,
      err: expect.stringMatching(/pool-throughput-rate\.svg is not there: run again/),
    });
    expect((await run(...argv)).code).toBe(0);
    await writeFile(join(plots, 'old.svg'), '<svg/>');
    expect(await run(...argv, '--check')).toMatchObject({
      code: 1,
      err: expect.stringMatching(/old\.svg is linked to by no document: delete it\n$/),
    });
  });

  it('writes no document when a marker of one of them is unknown', async () => {
    const results = await resultFile('unknown.json', madeUp());
    const good = '<!-- bench:machine -->\n<!-- /bench:machine -->\n';
    const first = await file('first.md', good);
    const second = await file('second.md', '<!-- bench:nothing -->\n<!-- /bench:nothing -->\n');
    const ended = await run(results, '--embed', first, '--embed', second);
    expect(ended).toMatchObject({ code: 2, out: '' });
    expect(ended.err).toMatch(/^.*bench:nothing.*throughput.*\n$/);
    expect(await readFile(first, 'utf8')).toBe(good);
    const plots = await file(
      'plots.md',
      '<!-- bench:throughput:plots -->\n<!-- /bench:throughput:plots -->\n',
    );
    expect((await run(results, '--embed', plots)).err).toMatch(/plots need --svg-dir/);
  });

  it('ends with 2 and one line for what cannot be used', async () => {
    const good = await resultFile('good.json', madeUp());
    const cut = await file('cut.json', JSON.stringify(madeUp()).slice(0, 500));
    const other = await file('other.json', '{"schema":"other/2"}');
    const empty = await file('empty.json', '{"schema":"millrace-bench/1"}');
    const nothing = await file('null.json', 'null');
    const cases: readonly [string[], RegExp][] = [
      [[], /a result file, got none/],
      [[good, good], /each figure in one run, got `throughput` in .*good\.json and .*good\.json/],
      [[join(folder, 'missing.json')], /missing\.json/],
      [[cut], /cut\.json/],
      [[other], /other\/2/],
      [[empty], /empty\.json/],
      [[nothing], /null\.json/],
      [[good, '--nope'], /--nope/],
      [[good, '--html'], /--html/],
      [[good, '--html='], /--html/],
      [[good, '--embed', '--check'], /--embed/],
      [[good, '--check'], /--embed FILE/],
      [[good, '--check', '--embed', 'a.md', '--html', 'a.html'], /without --html/],
      [[good, '--embed', join(folder, 'missing.md')], /missing\.md/],
      [[good, '--html', join(good, 'a.html')], /a\.html/],
    ];
    for (const [argv, message] of cases) {
      const ended = await run(...argv);
      expect(ended, argv.join(' ')).toMatchObject({ code: 2, out: '' });
      expect(ended.err, argv.join(' ')).toMatch(/^[^\n]+\n$/);
      expect(ended.err).toMatch(message);
    }
  });

  it('is a program', async () => {
    const program = join(import.meta.dirname, '../../native-bench/report.ts');
    const start = (...argv: string[]) =>
      promisify(execFile)(process.execPath, ['--import', 'tsx', program, ...argv]);
    await expect(start('--help')).resolves.toMatchObject({ stdout: expect.stringContaining('--embed FILE') });
    await expect(start(join(folder, 'missing.json'))).rejects.toMatchObject({ code: 2, stdout: '' });
  });
});
