import { expect, it } from 'vitest';
import { anchorsOf, commandsOf, linksOf } from './markdown.ts';

it('finds links in prose, and none in code', () => {
  const text = [
    'See [a](b.md), ![c](<d.png> "title") and [e][f]; `[no](x.md)`.',
    '```ts',
    'const y = [1](2);',
    '```',
    '[f]: ../g.md#h',
  ].join('\n');
  expect(linksOf(text)).toEqual(['b.md', 'd.png', '../g.md#h']);
});

it('makes anchors as GitHub does', () => {
  const text = [
    '# A `code` title!',
    '## A_b c',
    '## A_b c',
    '```sh',
    '# not one',
    '```',
    '### [Link](x.md) — end #',
  ];
  expect(anchorsOf(text.join('\n'))).toEqual(['a-code-title', 'a_b-c', 'a_b-c-1', 'link--end']);
});

it('finds npm scripts', () => {
  expect(commandsOf('`npm start`, npm test; npm run test:unit -- x, npm install')).toEqual([
    'start',
    'test',
    'test:unit',
  ]);
});
