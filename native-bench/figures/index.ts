import { burstMemory } from './burst-memory.ts';
import { burstRate } from './burst-rate.ts';
import { busy10, busy100 } from './busy.ts';
import { bytesCopied, bytesReturned, bytesTransferred, bytesTransferred16m } from './bytes.ts';
import type { Figure } from './figure.ts';
import { idle } from './idle.ts';
import { objects1k } from './objects.ts';
import { payloadSweep } from './payload-sweep.ts';
import { recordsReturned, recordsSent } from './records.ts';
import { roundTrip, roundTripAsync } from './round-trip.ts';
import { startUp } from './start-up.ts';
import { throughput } from './throughput.ts';

/** In the order they are run and printed. */
export const FIGURES: readonly Figure[] = [
  throughput,
  burstRate,
  burstMemory,
  roundTrip,
  roundTripAsync,
  objects1k,
  bytesCopied,
  bytesReturned,
  bytesTransferred,
  recordsSent,
  recordsReturned,
  payloadSweep,
  bytesTransferred16m,
  busy10,
  busy100,
  startUp,
  idle,
];
