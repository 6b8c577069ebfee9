/**
 * Values with nothing inside them, but for the bytes of a buffer. The writer has made room for eight words.
 *
 * @module
 */
import { describe } from './classify.ts';
import { NEEDS_PORT_SIGNAL, uncloneable } from './failure.ts';
import {
  KIND_IN_GROUP,
  T_BIGINT_HEX,
  T_BIGINT64,
  T_BOXED,
  T_BUFFER,
  T_DATE,
  T_REGEXP,
  T_VIEW,
  TAG_BITS,
} from './format.ts';
import {
  bigintText,
  dateTime,
  isBigIntObject,
  isBooleanObject,
  isNumberObject,
  isStringObject,
  regexpFlags,
  regexpSource,
  unboxBigInt,
  unboxBoolean,
  unboxNumber,
  unboxString,
} from './primordials.ts';
import type { Writer } from './writer.ts';

const BIGINT64_MAX = 2n ** 63n;

export function writeDate(writer: Writer, date: Date): void {
  writer.words[writer.at++] = T_DATE;
  writer.putDouble(dateTime(date));
}

export function writeRegExp(writer: Writer, expression: RegExp): void {
  writer.words[writer.at++] = T_REGEXP;
  writer.writeString(regexpSource(expression));
  writer.writeString(regexpFlags(expression));
}

export function writeBuffer(writer: Writer, buffer: ArrayBuffer): void {
  const refusal = describe(buffer, 'buffer');
  if (refusal !== undefined) throw uncloneable(refusal);
  writer.words[writer.at++] = (writer.buffers.addBuffer(buffer) << TAG_BITS) | T_BUFFER;
}

export function writeView(writer: Writer, view: ArrayBufferView): void {
  const refusal = describe(view, 'view');
  if (refusal !== undefined) throw uncloneable(refusal);
  const place = writer.buffers.addView(view);
  if (place === undefined) throw NEEDS_PORT_SIGNAL;
  const { resizable, views } = writer.buffers.entries[place.entry]!;
  writer.words[writer.at++] = ((resizable ? KIND_IN_GROUP : place.kind) << TAG_BITS) | T_VIEW;
  writer.words[writer.at++] = place.entry;
  writer.putDouble(resizable ? views.length - 1 : place.offset);
  writer.putDouble(place.bytes);
}

export function writeBigInt(writer: Writer, value: bigint): void {
  if (value >= -BIGINT64_MAX && value < BIGINT64_MAX) {
    writer.words[writer.at++] = T_BIGINT64;
    writer.putBigInt64(value);
  } else {
    writer.words[writer.at++] = ((value < 0n ? 1 : 0) << TAG_BITS) | T_BIGINT_HEX;
    writer.writeString(bigintText(value < 0n ? -value : value, 16));
  }
}

export function writeBoxed(writer: Writer, value: object): void {
  let primitive: unknown;
  if (isNumberObject(value)) primitive = unboxNumber(value);
  else if (isStringObject(value)) primitive = unboxString(value);
  else if (isBooleanObject(value)) primitive = unboxBoolean(value);
  else if (isBigIntObject(value)) primitive = unboxBigInt(value);
  else throw uncloneable('a boxed symbol');
  writer.words[writer.at++] = T_BOXED;
  writer.write(primitive);
}
