/**
 * The coordinator's side of the control plane of one worker: Comlink, with the ends Comlink lacks. A call to a worker
 * that ends, or does not answer in time, rejects; nothing here holds the process beyond a call's deadline.
 *
 * @module
 */
import type { Endpoint, Remote } from 'comlink';
import type { ControlReply, WorkerControl } from '../../../workers/control.ts';
import { restoreError } from '../../codec/carried-error.ts';
import { MillraceError } from '../../errors.ts';
import type { Timer } from '../threads/timers.ts';

type Method = keyof WorkerControl;
type Exposed = Record<Method, (...args: unknown[]) => Promise<ControlReply>>;

export interface ControlClientOptions {
  readonly worker: number;
  readonly post: (message: unknown) => void;
  /** How long a call may take, ms. */
  readonly deadline: number;
  readonly timer: Timer;
  /** Called after each call was sent. */
  readonly nudge: () => void;
}

export class ControlClient {
  readonly #options: ControlClientOptions;
  readonly #pending = new Set<(error: Error) => void>();
  readonly #endpoint: Endpoint;
  /** One proxy for the thread's life: Comlink ends the connection when the last one is collected, calls or not. */
  #root: Promise<{ readonly proxy: Remote<Exposed>; readonly release: () => void }> | undefined;
  #listener: ((event: { data: unknown }) => void) | undefined;
  #ended: Error | undefined;

  constructor(options: ControlClientOptions) {
    this.#options = options;
    this.#endpoint = {
      postMessage: (message) => {
        if (this.#ended === undefined) options.post(message);
      },
      addEventListener: (_type, listener) => {
        this.#listener = listener as (event: { data: unknown }) => void;
      },
      removeEventListener: () => {},
    };
  }

  /**
   * Calls one method of the worker's `WorkerControl`. The process stays alive until it settles. The worker answers
   * when its event loop next turns; a method that takes longer than the deadline goes on, its result is dropped.
   *
   * @throws {MillraceError} `ERR_CONTROL`: the worker has ended, ends before it answers (`cause` says how), or does
   * not answer within the deadline. What the method itself throws comes as it is.
   * @example
   * ```ts
   * const { usedHeapSize } = await thread.control.call('heap');
   * ```
   */
  call<M extends Method>(
    method: M,
    ...args: Parameters<WorkerControl[M]>
  ): Promise<Awaited<ReturnType<WorkerControl[M]>>> {
    const { worker, deadline, timer, nudge } = this.#options;
    const failed = (why: string, cause?: unknown): Error =>
      new MillraceError(
        'ERR_CONTROL',
        `Worker ${worker} ${why} (control call \`${method}\`).`,
        cause === undefined ? {} : { cause },
      );
    if (this.#ended !== undefined) return Promise.reject(failed('has ended', this.#ended));

    return new Promise((resolve, reject) => {
      const settle = (): void => {
        this.#pending.delete(onEnd);
        cancel();
      };
      const fail = (error: unknown): void => {
        settle();
        reject(error);
      };
      const onEnd = (cause: Error): void => fail(failed('ended before it answered', cause));
      const cancel = timer(deadline, () => fail(failed(`did not answer in ${deadline} ms`)));
      this.#pending.add(onEnd);
      this.#connect()
        .then(({ proxy }) => {
          const reply = (proxy as unknown as Exposed)[method](...args);
          nudge();
          return reply;
        })
        .then(
          (reply) => {
            settle();
            if (reply.ok) resolve(reply.value as Awaited<ReturnType<WorkerControl[M]>>);
            else reject(restoreError(reply.error));
          },
          (error: unknown) => fail(failed('could not be asked', error)),
        );
    });
  }

  /** A message of the control port that is not a report. */
  receive(message: unknown): void {
    this.#listener?.({ data: message });
  }

  /** The worker is gone: every call that waits, and every later one, rejects with `cause`. */
  end(cause: Error): void {
    this.#ended ??= cause;
    for (const reject of [...this.#pending]) reject(cause);
    // Comlink would send a release when the proxy is collected; released here it goes nowhere.
    this.#root?.then(({ release }) => release()).catch(() => {});
    this.#root = undefined;
  }

  #connect(): Promise<{ readonly proxy: Remote<Exposed>; readonly release: () => void }> {
    this.#root ??= import('comlink').then(({ wrap, releaseProxy }) => {
      const proxy = wrap<Exposed>(this.#endpoint);
      return { proxy, release: () => proxy[releaseProxy]() };
    });
    return this.#root;
  }
}
