import { Decoder, decodeError, Encoder, encodeError, NEEDS_PORT } from '../../src/codec/index.ts';

export const encoder: Encoder = new Encoder();
export const decoder: Decoder = new Decoder();

/** Taken here: tests replace globals. */
const Bytes = Uint8Array;

/** Shared memory, as in a pool: what comes out of it must not depend on it afterwards. */
const memory = new Uint8Array(new SharedArrayBuffer(1 << 20));

export function roundTrip<T>(value: T, root: 'args' | 'result' = 'result'): T {
  const length = encoder.encode(value, root);
  if (length === NEEDS_PORT) throw new Error('needs a port');
  const room = length + 64 <= memory.length ? memory : new Bytes(new SharedArrayBuffer(length + 64));
  encoder.copyTo(room, 8);
  const back = decoder.decode(room, 8, length);
  room.fill(0xff, 0, length + 64);
  return back as T;
}

/** As a large result travels: byte arrays of at least `least` bytes beside the message, moved. */
export function roundTripBeside<T>(value: T, least: number): { readonly back: T; readonly moved: number } {
  if (encoder.encode(value, 'result') === NEEDS_PORT) throw new Error('needs a port');
  const { bytes, beside } = encoder.putBeside(least);
  const message = new Bytes(bytes);
  encoder.copyTo(message, 0);
  const moved = structuredClone(beside, { transfer: [...beside] });
  return { back: decoder.decode(message, 0, bytes, moved) as T, moved: moved.length };
}

export function bytesOf(value: unknown): Uint8Array {
  const bytes = new Bytes(encoder.encode(value, 'result'));
  encoder.copyTo(bytes, 0);
  return bytes;
}

export function roundTripError(thrown: unknown, submittedAt?: string): Error & Record<string, unknown> {
  const length = encodeError(encoder, thrown);
  const bytes = new Bytes(length);
  encoder.copyTo(bytes, 0);
  const options = submittedAt === undefined ? {} : { submittedAt };
  return decodeError(decoder, bytes, 0, length, options).error as Error & Record<string, unknown>;
}
