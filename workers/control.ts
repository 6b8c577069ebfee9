/**
 * The worker's side of the control plane: Comlink on a port of its own. It never carries tasks, and it answers only
 * while the thread's event loop turns.
 *
 * Comlink is imported at the first call, so that starting a worker does not pay for it. It gets an endpoint made
 * here instead of the port: so it can neither close the port nor hold the thread, and every call is counted.
 *
 * @module
 */
import type { Endpoint } from 'comlink';
import { type CarriedError, carryError } from '../src/codec/carried-error.ts';

/** Heap of one thread, bytes. */
export interface HeapFigures {
  readonly usedHeapSize: number;
  readonly totalHeapSize: number;
  readonly heapSizeLimit: number;
  /** Memory outside the heap that the heap holds: `ArrayBuffer`s and the like. */
  readonly externalMemory: number;
}

/** What only the loop of a thread can answer. */
export interface LoopControl {
  /** Counters of the scheduler loop, by name. */
  statistics(): Readonly<Record<string, number>> | Promise<Readonly<Record<string, number>>>;
  /** Resolves when every task this thread has begun is finished. It takes no new one meanwhile. */
  drain(): void | Promise<void>;
}

/** What the coordinator can ask of a worker. */
export interface WorkerControl extends LoopControl {
  heap(): HeapFigures | Promise<HeapFigures>;
}

/** How an exposed method answers: Comlink's own errors lose `code` and `cause`. */
export type ControlReply =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly error: CarriedError };

/** The part of a `MessagePort` needed here. */
export interface ControlPort {
  postMessage(message: unknown, transfer?: readonly never[]): void;
}

/** Answers control calls of one port. */
export class ControlServer {
  readonly #port: ControlPort;
  readonly #waiting: unknown[] = [];
  #exposed: Record<string, unknown> | undefined;
  #listener: ((event: { data: unknown }) => void) | undefined;
  #pending = 0;

  constructor(port: ControlPort) {
    this.#port = port;
  }

  /** Calls received and not yet answered. */
  get pending(): number {
    return this.#pending;
  }

  /** Answers with `control` from now on; its own `heap`, if it has one, comes first. May be called once. */
  serve(control: LoopControl | WorkerControl): void {
    this.#exposed = exposable({ heap, ...control });
    if (this.#pending > 0) this.#listen();
  }

  /** A message of the control port. */
  receive(message: unknown): void {
    this.#pending += 1;
    if (this.#listener !== undefined) {
      this.#listener({ data: message });
      return;
    }
    this.#waiting.push(message);
    if (this.#exposed !== undefined && this.#waiting.length === 1) this.#listen();
  }

  #listen(): void {
    const endpoint: Endpoint = {
      postMessage: (message) => {
        this.#pending -= 1;
        this.#port.postMessage(message);
      },
      addEventListener: (_type, listener) => {
        this.#listener = listener as (event: { data: unknown }) => void;
      },
      removeEventListener: () => {},
    };
    import('comlink').then(
      ({ expose }) => {
        expose(this.#exposed, endpoint);
        for (const message of this.#waiting.splice(0)) this.#listener?.({ data: message });
      },
      (error: unknown) => {
        // Surfaces as a stray error of this thread; the callers' own deadlines end their calls.
        this.#pending = 0;
        throw error;
      },
    );
  }
}

async function heap(): Promise<HeapFigures> {
  const { getHeapStatistics } = await import('node:v8');
  const h = getHeapStatistics();
  return {
    usedHeapSize: h.used_heap_size,
    totalHeapSize: h.total_heap_size,
    heapSizeLimit: h.heap_size_limit,
    externalMemory: h.external_memory,
  };
}

/** Own methods only, on no prototype: a Comlink path walks properties, and must find nothing but these. */
function exposable(control: WorkerControl): Record<string, unknown> {
  const exposed: Record<string, unknown> = Object.create(null);
  for (const [name, method] of Object.entries(control)) {
    exposed[name] = async (...args: unknown[]): Promise<ControlReply> => {
      try {
        return { ok: true, value: await Reflect.apply(method, control, args) };
      } catch (error) {
        return { ok: false, error: carryError(error) };
      }
    };
  }
  return exposed;
}
