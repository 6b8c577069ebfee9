import { expect, it } from 'vitest';
import { LONGEST } from '../../.ci/longest-first.ts';
import { files } from './tree.ts';

it.each(LONGEST)('test/…/%s.test.ts, which is to run early, is one file', (name) => {
  expect(files('test').filter((file) => file.endsWith(`/${name}.test.ts`))).toHaveLength(1);
});
