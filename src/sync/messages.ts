/**
 * Messages of a channel: values as bytes, on their way in and out of the ring. Nothing that comes out refers to the
 * ring.
 *
 * @module
 */
import { Decoder, Encoder, NEEDS_PORT } from '../codec/index.ts';
import { InvalidArgumentError, SerializeError } from '../errors.ts';
import type { Copy } from './protocols/ring.ts';

/** Kinds of message; 0 is the ring's own. */
const NUMBER = 1;
const BYTES = 2;
const VALUE = 3;

/** A value ready to be copied in. It is the sender's own copy, so the wait for room may take any time. */
export interface Message {
  readonly kind: number;
  readonly bytes: number;
  readonly number: number;
  readonly data: Uint8Array | undefined;
}

let encoder: Encoder | undefined;
let decoder: Decoder | undefined;

/** @throws SerializeError for what cannot be sent, InvalidArgumentError for `undefined`. */
export function messageOf(value: unknown): Message {
  if (typeof value === 'number') return { kind: NUMBER, bytes: 8, number: value, data: undefined };
  if (value === undefined) {
    throw new InvalidArgumentError(
      'Expected `value` to be anything but undefined: `receive` returns it when the channel is closed. Send null.',
    );
  }
  if (isBytes(value)) return { kind: BYTES, bytes: value.length, number: 0, data: value.slice() };
  encoder ??= new Encoder();
  const bytes = encoder.encode([value], 'args');
  if (bytes === NEEDS_PORT) {
    throw new SerializeError(
      'ERR_SERIALIZE',
      'args[0]',
      'Cannot send `args[0]` through a channel: some part of it (a SharedArrayBuffer, a port, a stream) can only be ' +
        'posted. Pass it as an argument of a task instead.',
    );
  }
  const data = new Uint8Array(bytes);
  encoder.copyTo(data, 0);
  return { kind: VALUE, bytes, number: 0, data };
}

/** Bytes as such: any other class, or further properties, are for the codec. */
function isBytes(value: unknown): value is Uint8Array {
  return value instanceof Uint8Array && Object.getPrototypeOf(value) === Uint8Array.prototype;
}

/** How one channel copies messages in and out of the ring that begins at `offset`. */
export class Porter {
  readonly #u8: Uint8Array;
  readonly #f64: Float64Array;
  #kind = 0;
  #number = 0;
  #data: Uint8Array | undefined;

  constructor(memory: SharedArrayBuffer, offset: number, capacity: number) {
    this.#u8 = new Uint8Array(memory, offset, capacity);
    this.#f64 = new Float64Array(memory, offset, capacity >> 3);
  }

  /** Copies the message in. */
  in(message: Message): Copy {
    return (at) => {
      if (message.data === undefined) this.#f64[at >> 3] = message.number;
      else this.#u8.set(message.data, at);
    };
  }

  /** Copies a message out, for `value`. */
  readonly out: Copy = (at, bytes, kind) => {
    this.#kind = kind;
    if (kind === NUMBER) this.#number = this.#f64[at >> 3]!;
    else this.#data = this.#u8.slice(at, at + bytes);
  };

  /** The value copied out last. */
  value(): unknown {
    if (this.#kind === NUMBER) return this.#number;
    // The slice of a view on shared memory has memory of its own.
    const data = this.#data!;
    this.#data = undefined;
    if (this.#kind === BYTES) return data;
    decoder ??= new Decoder();
    return (decoder.decode(data, 0, data.length) as readonly unknown[])[0];
  }
}
