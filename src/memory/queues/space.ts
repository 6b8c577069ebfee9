/**
 * A space: one piece of shared memory in which queues are made.
 *
 * @module
 */
import { randomUUID } from 'node:crypto';
import { checkKeys, expected, MillraceError } from '../../errors.ts';
import { compileCore } from '../compile.ts';
import * as L from '../layout.ts';
import {
  attachCore,
  type Core,
  outOfAddressSpace,
  PAGE,
  SharedMemory,
  type WasmModule,
} from '../shared-memory.ts';
import { EventCount } from './event-count.ts';
import { type HandleKind, mark, type Place, PREFIX } from './handle.ts';
import { capacityOf, type QueueOptions } from './items.ts';
import { OwnerDeque } from './owner-deque.ts';
import { RingProducer } from './ring.ts';
import { SpscConsumer, SpscProducer } from './spsc.ts';

export interface SpaceOptions {
  /** Most bytes of shared memory, 131072 to 4294967296. Default 64 MiB. It is taken as queues are made. */
  readonly maxBytes?: number;
}

/** The two ends of a ring with one producer and one consumer. Each may be handed over to another thread. */
export interface SpscPair {
  readonly producer: SpscProducer;
  readonly consumer: SpscConsumer;
}

/**
 * Makes the shared memory that queues lie in. It is freed when no thread refers to it any more; a single queue is
 * not freed before that.
 *
 * @throws InvalidArgumentError for a wrong `maxBytes`.
 * @throws MillraceError `ERR_NO_MEMORY` when the address space cannot be had, `ERR_UNSUPPORTED` when this engine has
 * no shared WebAssembly memory.
 *
 * @example
 * ```ts
 * import { createSpace } from 'millrace/queues';
 *
 * const space = createSpace({ maxBytes: 1 << 20 });
 * const deque = space.deque({ capacity: 256 });
 * const ready = space.eventCount();
 * deque.push(7);
 * ready.notify(1);
 * console.log(deque.pop(), space.used < space.maxBytes); // 7 true
 * ```
 */
export function createSpace(options: SpaceOptions = {}): Space {
  checkKeys('options', options, ['maxBytes']);
  const { maxBytes = 64 * 1024 * 1024 } = options;
  if (!(Number.isInteger(maxBytes) && maxBytes >= 2 * PAGE && maxBytes <= 2 ** 32)) {
    throw expected('maxBytes', `an integer from ${2 * PAGE} to ${2 ** 32}`, maxBytes);
  }
  const module = compileCore();
  return new Space(module, SharedMemory.create(maxBytes, 'maxBytes'));
}

/** Where queues are made, by the thread that called {@link createSpace} alone. Other threads get handles. */
export class Space {
  readonly #id: string = randomUUID();
  readonly #module: WasmModule;
  readonly #memory: SharedMemory;
  readonly #core: Core;

  /** Use {@link createSpace}. */
  constructor(module: WasmModule, memory: SharedMemory) {
    this.#module = module;
    this.#memory = memory;
    this.#core = attachCore(module, memory.memory);
    // Address 0 means none.
    memory.reserve(L.LINE);
  }

  /** Most bytes it may take. */
  get maxBytes(): number {
    return this.#memory.limit;
  }

  /** Bytes taken by queues so far. */
  get used(): number {
    return this.#memory.used;
  }

  /**
   * A work-stealing deque; the caller owns it.
   *
   * @throws InvalidArgumentError for a wrong `capacity`, MillraceError `ERR_NO_MEMORY` when the space is full.
   */
  deque(options: QueueOptions = {}): OwnerDeque {
    const capacity = capacityOf(options);
    const place = this.#place('OwnerDeque', L.DQ_SLOTS + capacity * 4);
    this.#core.dequeInit(place.address, capacity - 1, 0);
    return new OwnerDeque(place);
  }

  /**
   * A ring with one producer, which is the caller, and any number of consumers.
   *
   * @throws InvalidArgumentError for a wrong `capacity`, MillraceError `ERR_NO_MEMORY` when the space is full.
   */
  ring(options: QueueOptions = {}): RingProducer {
    const capacity = capacityOf(options);
    const place = this.#place('RingProducer', L.MC_SLOTS + capacity * 4);
    this.#core.ringInit(place.address, capacity - 1, 0);
    return new RingProducer(place);
  }

  /**
   * A ring with one producer and one consumer: the cheapest queue. The caller has both ends.
   *
   * @throws InvalidArgumentError for a wrong `capacity`, MillraceError `ERR_NO_MEMORY` when the space is full.
   */
  spsc(options: QueueOptions = {}): SpscPair {
    const capacity = capacityOf(options);
    const place = this.#place('SpscProducer', L.SC_SLOTS + capacity * 4);
    this.#core.spscInit(place.address, capacity - 1, 0);
    return { producer: new SpscProducer(place), consumer: new SpscConsumer(place) };
  }

  /**
   * Something to sleep on until a condition may have become true.
   *
   * @throws MillraceError `ERR_NO_MEMORY` when the space is full.
   */
  eventCount(): EventCount {
    return new EventCount(this.#place('EventCount', L.EV_BYTES));
  }

  #place(kind: HandleKind, bytes: number): Place {
    const at = this.#memory.reserve(PREFIX + bytes);
    if (at === 0) {
      throw new MillraceError(
        'ERR_NO_MEMORY',
        this.#memory.isCutShort
          ? outOfAddressSpace('maxBytes', this.maxBytes)
          : `The space has no room for ${PREFIX + bytes} bytes more: ${this.used} of \`maxBytes\` (${this.maxBytes}) are taken. Raise it, or ask for less capacity.`,
      );
    }
    const address = at + PREFIX;
    const { memory, i32 } = this.#memory;
    mark(i32, address, kind);
    return { space: this.#id, memory, module: this.#module, core: this.#core, address, i32 };
  }
}
