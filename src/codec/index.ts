/**
 * Values to bytes and back, and errors to bytes and back. See `README.md` beside this file.
 *
 * @module
 */
export { type DecodeErrorOptions, Decoder, decodeError, joinStacks } from './decoder.ts';
export { Encoder, encodeError, NEEDS_PORT } from './encoder.ts';
export { pathOfUncloneable } from './path.ts';
