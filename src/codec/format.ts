/**
 * The bytes of one message. Everything is little-endian int32 words in the machine's own order: both ends are
 * threads of one process. `README.md` draws the layout; writer and reader take every number from here.
 *
 * @module
 */
import { MillraceError } from '../errors.ts';

/** First word of every message; the low byte is the format's version. */
export const MAGIC: number = 0x4d524301;

/** Words of the header, by index. */
export const HEADER = {
  magic: 0,
  /** Bytes of the whole message, blobs included. */
  bytes: 1,
  /** Word index of the shape table; the values end here. */
  shapesAt: 2,
  shapeCount: 3,
  /** Word index of the buffer table. */
  buffersAt: 4,
  bufferCount: 5,
  /** Byte offset of the text all short strings are parts of, and its length in characters. */
  textAt: 6,
  textLength: 7,
  /** Composites whose body comes after the root value. */
  laterCount: 8,
  /** 1 when some object is referred to twice (or later), so that the reader must number them. */
  numbered: 9,
  /** 1 when the text takes two bytes a character. */
  textWide: 10,
} as const;
/** Even, so that the first double of a message is aligned. */
export const HEADER_WORDS: number = 12;

/** Low five bits of a value's first word; the other 27 are its payload. 0 is no tag, so zeroed memory is corrupt. */
export const TAG_BITS: number = 5;
export const TAG_MASK: number = 31;
export const T_INT: number = 1;
export const T_DOUBLE: number = 2;
export const T_SHORT: number = 3;
export const T_LATIN1: number = 4;
export const T_UTF16: number = 5;
export const T_CONST: number = 6;
export const T_OBJECT: number = 7;
export const T_OBJECT_TAIL: number = 8;
export const T_ARRAY: number = 9;
export const T_REF: number = 10;
export const T_VIEW: number = 11;
export const T_BUFFER: number = 12;
export const T_DATE: number = 13;
export const T_REGEXP: number = 14;
export const T_MAP: number = 15;
export const T_SET: number = 16;
export const T_BIGINT64: number = 17;
export const T_BIGINT_HEX: number = 18;
export const T_BOXED: number = 19;
export const T_ERROR: number = 20;
export const T_LATER: number = 21;
export const T_SPARSE: number = 22;
export const T_END: number = 23;
export const T_THROWN: number = 24;
/** Shared memory, which is not in the message: the payload is what kind of view, the next word which buffer. */
export const T_SHARED: number = 25;

/** Whole words of the constants. */
export const UNDEFINED: number = T_CONST | (0 << TAG_BITS);
export const NULL: number = T_CONST | (1 << TAG_BITS);
export const TRUE: number = T_CONST | (2 << TAG_BITS);
export const FALSE: number = T_CONST | (3 << TAG_BITS);
export const HOLE: number = T_CONST | (4 << TAG_BITS);

/** Integers of this size fit in a word's payload. */
export const MAX_INT: number = 2 ** 26 - 1;
export const MIN_INT: number = -(2 ** 26);

/** Longest string that becomes a part of the common text. Longer ones lie by themselves behind the words. */
export const SHORT_STRING: number = 4_096;
/** Characters of all short strings of a message; further ones are written as long ones. */
export const MAX_TEXT: number = 2 ** 24;
/** Beyond this many nested composites, bodies are written one after the other instead of inside each other. */
export const MAX_DEPTH: number = 128;
/** This many holes in a row, and the rest of an array is written as pairs of index and value. */
export const HOLE_RUN: number = 32;

/** Kinds of a `T_LATER`: what to make before its body is known. Errors add `class << 3`. */
export const LATER = { object: 0, array: 1, map: 2, set: 3, error: 4 } as const;

/** Flags in the second word of a `T_ERROR`. */
export const ERROR_FLAGS = {
  nameOwn: 1,
  nameEnumerable: 2,
  messageEnumerable: 4,
  cause: 8,
  causeEnumerable: 16,
  errors: 32,
  errorsEnumerable: 64,
} as const;

/** Words of one entry of the buffer table: kind, blob offset, blob bytes, unused, first byte (a double). */
export const BUFFER_ENTRY_WORDS: number = 6;
export const BUFFER_RAW: number = 1;
/** A resizable buffer with all its views, as `node:v8` writes them. */
export const BUFFER_RESIZABLE: number = 2;
/** Not in the message but beside it; the blob offset is its number there. */
export const BUFFER_BESIDE: number = 3;

/** Limits of errors on their way back. Errors inside ordinary values are not cut. */
export const ERROR_LIMITS = {
  /** Characters of a message, a stack, a name. */
  text: 65_536,
  /** Characters of a message once `bytes` is spent; stacks are then left out. */
  shortText: 1_024,
  /** Bytes after which texts are cut short. */
  bytes: 1_048_576,
  /** Bytes one own property or thrown value may take. */
  property: 262_144,
  /** Own properties of one error. */
  properties: 256,
  /** Errors in one tree of causes and aggregates; further ones become their text. */
  errors: 1_000,
  /** Characters of the text that stands for what cannot be sent. */
  standIn: 256,
} as const;

/** Longest message: word and byte offsets stay positive int32. Longer values go by port. */
export const MAX_BYTES: number = 0x7fff_0000;

/** Array kinds of a `T_VIEW`, by index. The last two may be missing on a runtime. */
export const VIEW_KINDS = [
  'Int8Array',
  'Uint8Array',
  'Uint8ClampedArray',
  'Int16Array',
  'Uint16Array',
  'Int32Array',
  'Uint32Array',
  'Float32Array',
  'Float64Array',
  'BigInt64Array',
  'BigUint64Array',
  'DataView',
  'Float16Array',
] as const;
export const KIND_DATA_VIEW: number = 11;
/** In a `T_SHARED`: the buffer itself; or, added to a kind, the view is as long as the buffer, whatever that becomes. */
export const KIND_SHARED_BUFFER: number = 31;
export const TRACKING: number = 32;
/** In a `T_SHARED`: anything else that travels beside the message. */
export const KIND_CARRIED: number = 30;
/** A view on a resizable buffer; its group knows what it is. */
export const KIND_IN_GROUP: number = 31;

/** What is said of bytes that no encoder can have written. */
export function corrupt(what: string): MillraceError {
  return new MillraceError(
    'ERR_CORRUPT',
    `A message between threads is damaged: ${what}. The memory it lay in was overwritten; report this with the task that ran.`,
  );
}
