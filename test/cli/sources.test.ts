import { describe, expect, it } from 'vitest';
import { cli } from './fake-host.ts';

describe('a task module that is no file URL exits 2 with one line', () => {
  it.each([
    ['file://h/t.mjs#id', 'File URL host must be'],
    ['file:///%zz#id', 'URI malformed'],
    ['file:///a%2fb#id', 'File URL path must not include encoded / characters'],
    ['file://[#id', 'Invalid URL'],
  ])('%s', async (target, why) => {
    const { code, stderr } = await cli(['map', target, '--ndjson', '-']);
    expect(code).toBe(2);
    expect(stderr.text).toContain(why);
    expect(stderr.text).toMatch(/^millrace: [^\n]+\n$/);
  });
});

describe('an option that names one file', () => {
  it.each(['--ndjson', '--csv', '--out', '--summary'])('%s is refused the second time', async (option) => {
    const { code, stderr } = await cli(['map', 'x.js#f', option, 'a', option, 'b']);
    expect(code).toBe(2);
    expect(stderr.text).toContain(
      `'${option.replace('--out', '-o, --out')} <file>' argument 'b' is invalid. Give it once`,
    );
    expect(stderr.text).toMatch(/^millrace: [^\n]+\n$/);
  });
});
