/**
 * Shared memory in a message: which buffer, by number, and what view on it. The buffers themselves travel as whoever
 * carries the message sees fit.
 *
 * @module
 */
import { Serializer } from 'node:v8';
import { bufferOf, CONSTRUCTORS, ELEMENT_BYTES, kindOf } from './bytes.ts';
import {
  corrupt,
  KIND_CARRIED,
  KIND_DATA_VIEW,
  KIND_SHARED_BUFFER,
  T_SHARED,
  TAG_BITS,
  TRACKING,
} from './format.ts';
import {
  BytesOf,
  dataBytes,
  dataOffset,
  isSharedArrayBuffer,
  isView,
  sharedBytes,
  sharedGrowable,
  typedBytes,
  typedOffset,
} from './primordials.ts';
import type { Reader } from './reader.ts';
import type { Writer } from './writer.ts';

/** False: it is neither shared memory nor a view on it, or of a kind this format does not know. */
export function writeShared(writer: Writer, value: object): boolean {
  if (!isView(value)) {
    if (!isSharedArrayBuffer(value)) return false;
    writer.words[writer.at++] = (KIND_SHARED_BUFFER << TAG_BITS) | T_SHARED;
    writer.words[writer.at++] = writer.sharedNumber(value);
    return true;
  }
  const buffer = bufferOf(value);
  const kind = kindOf(value);
  if (!isSharedArrayBuffer(buffer) || kind === undefined) return false;
  const offset = kind === KIND_DATA_VIEW ? dataOffset(value) : typedOffset(value);
  const bytes = kind === KIND_DATA_VIEW ? dataBytes(value) : typedBytes(value);
  const place = isTracking(value, buffer, kind) ? kind + TRACKING : kind;
  writer.number(value);
  writer.words[writer.at++] = (place << TAG_BITS) | T_SHARED;
  writer.words[writer.at++] = writer.sharedNumber(buffer);
  writer.putDouble(offset);
  writer.putDouble(bytes);
  return true;
}

/** What only a message port can carry, by its number in the list. */
export function writeCarried(writer: Writer, value: object): void {
  writer.words[writer.at++] = (KIND_CARRIED << TAG_BITS) | T_SHARED;
  writer.words[writer.at++] = writer.sharedNumber(value);
}

/** `shared` is what came beside the message; `place` the payload of its word. */
export function readShared(reader: Reader, place: number, shared: readonly object[]): object {
  const buffer = shared[reader.word()];
  if (place === KIND_CARRIED) {
    if (buffer === undefined) throw corrupt('something that it refers to is missing');
    return buffer;
  }
  if (!isSharedArrayBuffer(buffer)) throw corrupt('shared memory that it refers to is missing');
  if (place === KIND_SHARED_BUFFER) return buffer;
  const kind = place & (TRACKING - 1);
  const Kind = CONSTRUCTORS[kind];
  const offset = reader.double();
  const bytes = reader.double();
  const size = ELEMENT_BYTES[kind]!;
  const fits =
    offset >= 0 &&
    bytes >= 0 &&
    offset % size === 0 &&
    bytes % size === 0 &&
    offset + bytes <= sharedBytes(buffer);
  if (Kind === undefined || !fits) throw corrupt('shared memory that it refers to does not fit a view');
  return reader.number(place < TRACKING ? new Kind(buffer, offset, bytes / size) : new Kind(buffer, offset));
}

/**
 * Whether a view has no length of its own, and grows with its buffer. The language does not tell, and nobody may let the
 * buffer grow to find out; but `node:v8` writes such a view in another way than one with a length.
 */
function isTracking(view: ArrayBufferView, buffer: SharedArrayBuffer, kind: number): boolean {
  if (!sharedGrowable(buffer)) return false;
  const offset = kind === KIND_DATA_VIEW ? dataOffset(view) : typedOffset(view);
  const bytes = kind === KIND_DATA_VIEW ? dataBytes(view) : typedBytes(view);
  const twin = new CONSTRUCTORS[kind]!(buffer, offset, bytes / ELEMENT_BYTES[kind]!);
  return !areEqual(writtenByV8(view), writtenByV8(twin));
}

type SharingSerializer = Serializer & { _getSharedArrayBufferId(buffer: unknown): number };

function writtenByV8(view: ArrayBufferView): Uint8Array {
  const serializer = new Serializer() as SharingSerializer;
  serializer._getSharedArrayBufferId = () => 0;
  serializer.writeValue(view);
  return new BytesOf(serializer.releaseBuffer());
}

function areEqual(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
