import { checksum } from '../tasks/functions.mjs';
import type { Figure } from './figure.ts';
import { bytes1m, bytes16m } from './inputs.ts';
import { payloadFigure } from './payload.ts';

const BATCH = { full: 200, quick: 60, smoke: 4 };

export const bytesCopied: Figure = payloadFigure({
  name: 'bytes-copied',
  title: '1 MB byte arrays, copied in',
  what: 'a Uint8Array of 1 MiB copied to the worker, a checksum returned',
  task: 'checksum',
  batch: BATCH,
  make: bytes1m,
  expected: checksum,
});

export const bytesReturned: Figure = payloadFigure({
  name: 'bytes-returned',
  title: '1 MB byte arrays, copied in and out',
  what: 'a Uint8Array of 1 MiB copied to the worker and back',
  task: 'echo',
  batch: BATCH,
  make: bytes1m,
  expected: (input) => input,
});

export const bytesTransferred: Figure = payloadFigure({
  name: 'bytes-transferred',
  title: '1 MB byte arrays, transferred in',
  what: 'a Uint8Array of 1 MiB transferred to the worker, a checksum returned',
  task: 'checksum',
  batch: BATCH,
  make: bytes1m,
  expected: checksum,
  transfer: (input) => [input.buffer],
});

export const bytesTransferred16m: Figure = payloadFigure({
  name: 'bytes-transferred-16m',
  title: '16 MB byte arrays, transferred in',
  what: 'a Uint8Array of 16 MiB transferred to the worker, a checksum returned',
  task: 'checksum',
  batch: { full: 16, quick: 8, smoke: 2 },
  // Shown beside those of 1 MB, whose promise it is.
  claims: [],
  make: bytes16m,
  expected: checksum,
  transfer: (input) => [input.buffer],
});
