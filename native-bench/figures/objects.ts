import type { Figure } from './figure.ts';
import { object1k } from './inputs.ts';
import { payloadFigure } from './payload.ts';

export const objects1k: Figure = payloadFigure({
  name: 'object-1k',
  title: '1 KB objects',
  what: 'an object of about 1 KB of JSON, sent and returned',
  task: 'echo',
  batch: { full: 4_000, quick: 1_000, smoke: 20 },
  make: object1k,
  expected: (input) => input,
});
