import { summarize } from '../tasks/functions.mjs';
import type { Figure } from './figure.ts';
import { records10k } from './inputs.ts';
import { payloadFigure } from './payload.ts';

const BATCH = { full: 40, quick: 8, smoke: 2 };

export const recordsSent: Figure = payloadFigure({
  name: 'records-10k',
  title: '10,000-record arrays, sent',
  what: 'an array of 10,000 objects sent, a summary returned',
  task: 'summarize',
  batch: BATCH,
  make: records10k,
  expected: summarize,
});

export const recordsReturned: Figure = payloadFigure({
  name: 'records-10k-returned',
  title: '10,000-record arrays, sent and returned',
  what: 'an array of 10,000 objects sent and returned',
  task: 'echo',
  batch: BATCH,
  make: records10k,
  expected: (input) => input,
});
