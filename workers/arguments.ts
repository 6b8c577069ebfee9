/**
 * The arguments of a claimed task that are not in its record: from bytes in the arena, or from the port.
 *
 * @module
 */
import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import { Decoder } from '../src/codec/index.ts';
import { keepLargeArea, LARGE_BYTES } from '../src/codec/large-blocks.ts';
import { MillraceError } from '../src/errors.ts';
import * as L from '../src/memory/layout.ts';
import type { WorkerView } from './view.ts';

/** Posted before the task is put into this worker's inbox. */
export interface PortTask {
  /** Generation and slot. */
  readonly reference: number;
  readonly args?: readonly unknown[];
  /** Something was moved with them that may go on after the task: a stream, a port. */
  readonly moved?: boolean;
  /** The arguments as the codec wrote them, when shared memory had no room for them. */
  readonly bytes?: Uint8Array;
}

export class ArgumentReader {
  readonly #view: WorkerView;
  readonly #port: MessagePort;
  readonly #decoder = new Decoder();
  readonly #onMoved: () => void;

  /** `onMoved` is called when arguments bring something along that may go on after the task. */
  constructor(view: WorkerView, port: MessagePort, onMoved: () => void) {
    this.#view = view;
    this.#port = port;
    this.#onMoved = onMoved;
  }

  /**
   * Arguments outside the record. Undefined: this thread is being ended and cannot read them any more.
   *
   * @throws what the decoder or the port says
   */
  read(slot: number, at: number, meta: number): readonly unknown[] | undefined {
    const { i32 } = this.#view.memory;
    if ((meta & L.META_PORT) !== 0) return this.#fromPort((i32[at]! & ~L.SLOT_MASK) | slot);
    const address = i32[at + (L.T_PAYLOAD >> 2)]!;
    const length = i32[at + (L.T_LENGTH >> 2)]!;
    if (length >= LARGE_BYTES) keepLargeArea();
    return this.#decoder.decode(this.#view.bytesUpTo(address + length), address, length) as unknown[];
  }

  #fromPort(reference: number): readonly unknown[] | undefined {
    for (;;) {
      const received = receiveMessageOnPort(this.#port) as { message: PortTask | undefined } | undefined;
      if (received === undefined) {
        throw new MillraceError('ERR_SERIALIZE', 'The arguments did not arrive through the worker port.');
      }
      const { message } = received;
      // Subtle: Node has told this thread to end, so it delivers nothing; JavaScript goes on for some steps more.
      if (message === undefined) return undefined;
      if (message.reference === reference) {
        const { args, bytes } = message;
        if (message.moved === true) this.#onMoved();
        return args ?? (this.#decoder.decode(bytes!, 0, bytes!.length) as unknown[]);
      }
      // Messages come in the order of the inbox; one before ours is of a task that was cancelled there.
    }
  }
}
