/**
 * What of a task does not fit into its record, or comes with what does not: encoded arguments, source text, and results
 * that go back as bytes in this worker's byte ring or through its port.
 *
 * Half the modules of a worker. A thread is ready, and runs tasks of plain numbers, without them.
 *
 * @module
 */
import type { MessagePort } from 'node:worker_threads';
import { keepLargeArea, LARGE_BYTES } from '../src/codec/bytes.ts';
import { Decoder } from '../src/codec/decoder.ts';
import { Encoder, encodeError, NEEDS_PORT } from '../src/codec/encoder.ts';
import { pathOfUncloneable } from '../src/codec/path.ts';
// biome-ignore lint/suspicious/noShadowRestrictedNames: it is that, as it was before any task ran
import { Atomics, BytesOf } from '../src/codec/primordials.ts';
import { SerializeError } from '../src/errors.ts';
import * as L from '../src/memory/layout.ts';
import { runSource } from './source.ts';
import { Transferred } from './transfer.ts';
import type { WorkerView } from './view.ts';

/** A result, or encoded bytes of one, that travels through the port; posted before the task's state changes. */
export interface PortResult {
  readonly slot: number;
  /** The state word of the attempt, so that a result of another attempt is recognised. */
  readonly state: number;
  readonly bytes?: Uint8Array;
  /** Byte arrays of the result too large to be copied twice; they move. */
  readonly beside?: readonly ArrayBuffer[];
  /** What the bytes refer to and only a port can carry. */
  readonly carried?: readonly object[];
  readonly value?: unknown;
}

/**
 * From this size on a byte array is copied by the worker and moved to the coordinator: the coordinator would have to
 * copy it out of shared memory, and there is only one of it.
 */
const BESIDE_BYTES = 65_536;

export class Payloads {
  readonly #decoder = new Decoder();
  readonly publisher: Publisher;
  /** Function number 0. It gets its source as an argument, and text is always encoded. */
  readonly runSource: typeof runSource = runSource;

  constructor(view: WorkerView, port: MessagePort, onMoved: () => void) {
    this.publisher = new Publisher(view, port, onMoved);
  }

  /** Encoded arguments; `carried` is what they refer to and came through the port. */
  decode(bytes: Uint8Array, at: number, length: number, carried?: readonly object[]): unknown {
    if (length >= LARGE_BYTES) keepLargeArea();
    return this.#decoder.decode(bytes, at, length, undefined, carried);
  }
}

/** Writes results, not the state: the state is the publication. */
class Publisher {
  readonly #view: WorkerView;
  readonly #port: MessagePort;
  readonly #encoder = new Encoder();
  readonly #onMoved: () => void;

  /** `onMoved` is called when a result takes something along that may go on after the task. */
  constructor(view: WorkerView, port: MessagePort, onMoved: () => void) {
    this.#view = view;
    this.#port = port;
    this.#onMoved = onMoved;
  }

  /** Writes what a task threw. */
  failure(slot: number, state: number, error: unknown): number {
    this.#bytes(slot, state, encodeError(this.#encoder, error));
    return L.FAILED;
  }

  /** Writes a result that does not fit into the record; the state to publish: `DONE`, or `FAILED` when it cannot be sent. */
  result(slot: number, state: number, value: unknown): number {
    try {
      if (value instanceof Transferred) {
        this.#throughPort(slot, state, value.value, value.list);
        if (value.list.some((item) => !(item instanceof ArrayBuffer))) this.#onMoved();
        return L.DONE;
      }
      const length = this.#encoder.encode(value, 'result');
      if (length === NEEDS_PORT) this.#throughPort(slot, state, value, []);
      else this.#bytes(slot, state, length);
      return L.DONE;
    } catch (error) {
      if (error instanceof SerializeError) return this.failure(slot, state, error);
      return this.failure(slot, state, refused(value, error));
    }
  }

  #throughPort(slot: number, state: number, value: unknown, list: readonly object[]): void {
    const carrying = this.#encoder.encodeCarrying(value, 'result', list);
    if (carrying === undefined) this.#post({ slot, state, value }, list);
    else this.#post({ slot, state, ...carrying }, [carrying.bytes.buffer, ...list]);
  }

  #bytes(slot: number, state: number, encoded: number): void {
    let length = encoded;
    if (length >= BESIDE_BYTES) {
      keepLargeArea();
      const { bytes, beside } = this.#encoder.putBeside(BESIDE_BYTES);
      length = bytes;
      if (beside.length > 0) {
        this.#besideMessage(slot, state, length, beside);
        return;
      }
    }
    const address = this.#reserve(slot, length);
    if (address === 0) {
      this.#besideMessage(slot, state, length, []);
      return;
    }
    this.#encoder.copyTo(this.#view.memory.u8, address);
    const { i32 } = this.#view.memory;
    const at = this.#view.record(slot);
    i32[at + (L.T_RESULT_KIND >> 2)] = L.RESULT_BYTES;
    i32[at + (L.T_RESULT >> 2)] = address;
    i32[at + (L.T_RESULT_LENGTH >> 2)] = length;
  }

  #besideMessage(slot: number, state: number, length: number, beside: readonly ArrayBuffer[]): void {
    const bytes = new BytesOf(length);
    this.#encoder.copyTo(bytes, 0);
    this.#post({ slot, state, bytes, beside }, [bytes.buffer, ...beside]);
  }

  #post(message: PortResult, transfer: readonly object[]): void {
    this.#port.postMessage(message, transfer as readonly ArrayBuffer[]);
    this.#view.memory.i32[this.#view.record(message.slot) + (L.T_RESULT_KIND >> 2)] = L.RESULT_PORT;
  }

  // Room in the byte ring, in one piece; 0 when the coordinator has not freed enough. Positions grow without end and
  // are compared by signed difference.
  #reserve(slot: number, length: number): number {
    const { results } = this.#view;
    const { i32 } = this.#view.memory;
    const size = i32[(results + L.RB_MASK) >> 2]! + 1;
    const bytes = (length + 7) & ~7;
    if (bytes > size >> 1) return 0;
    let tail = i32[(results + L.RB_TAIL) >> 2]!;
    const offset = tail & (size - 1);
    if (offset + bytes > size) tail = (tail + size - offset) | 0;
    const end = (tail + bytes) | 0;
    if (((end - Atomics.load(i32, (results + L.RB_HEAD) >> 2)) | 0) > size) return 0;
    i32[(results + L.RB_TAIL) >> 2] = end;
    i32[(this.#view.coldOf(slot) + L.C_RESULT_END) >> 2] = end;
    return results + L.RB_BYTES + (tail & (size - 1));
  }
}

/** The port refused what the codec left to it; which part, it does not say. */
function refused(result: unknown, cause: unknown): SerializeError {
  const moves = result instanceof Transferred;
  const path = pathOfUncloneable(moves ? result.value : result, 'result', moves ? result.list : []);
  const why = cause instanceof Error ? cause.message : String(cause);
  const message = `Cannot send \`${path}\` back from the worker: ${why}`;
  return new SerializeError('ERR_RESULT_SERIALIZE', path, message, { cause });
}
