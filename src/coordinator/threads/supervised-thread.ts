/**
 * The life of one worker thread: ports, reports, deadlines, and the fence at its exit. What started the thread is
 * behind `Launch`.
 *
 * @module
 */
import { MessageChannel, type MessagePort, receiveMessageOnPort, type Worker } from 'node:worker_threads';
import { isTypeScript } from '../../../workers/modules/typescript-files.ts';
import type { WorkerReport, WorkerStart } from '../../../workers/start.ts';
import { restoreError } from '../../codec/carried-error.ts';
import { MillraceError } from '../../errors.ts';
import { ControlClient } from '../control/client.ts';
import { exitError, exitOfError, startError, startFailure, type ThreadExit } from './exit.ts';
import { Listeners } from './listeners.ts';
import { Loading } from './loading.ts';
import type { ReadyReport, Thread, ThreadStart } from './supervisor.ts';
import type { Timers } from './timers.ts';

/** A thread as its launcher hands it over. */
export interface Launched {
  readonly worker: Worker;
  readonly terminate: () => void;
}

/**
 * Starts a thread, or throws. `onUndelivered` is called, later, if its entry has been loaded and did not get the start
 * data: they could not be sent, or it exports nothing that takes them. Also if the thread ended before that.
 */
export type Launch = (
  start: WorkerStart,
  transfer: readonly unknown[],
  onUndelivered: (error: unknown) => void,
) => Launched;

export interface Deadlines {
  /** How long a thread may take to become ready, ms. */
  readonly startup: number;
  /** How long a thread may take to end once told to, ms. */
  readonly kill: number;
  /** How long a control call may take, ms. */
  readonly control: number;
}

/** `wanted`: it is ended as soon as its entry has been loaded. */
type Termination = 'none' | 'wanted' | 'begun';

type State = 'starting' | 'ready' | 'ending' | 'gone';

const ignore = (): void => {};

export class SupervisedThread implements Thread {
  readonly worker: number;
  readonly threadId: number;
  readonly port: MessagePort;
  readonly control: ControlClient;
  readonly #start: ThreadStart;
  readonly #deadlines: Deadlines;
  readonly #timers: Timers;
  readonly #controlPort: MessagePort;
  readonly #launched: Launched | undefined;
  #state: State = 'starting';
  #exit: ThreadExit | undefined;
  #termination: Termination = 'none';
  readonly #loading = new Loading();
  #cancelTimer: () => void = ignore;
  readonly #readyListeners = new Listeners<ReadyReport>();
  readonly #startFailureListeners = new Listeners<Error>();
  readonly #dataListeners = new Listeners<unknown>();
  readonly #strayListeners = new Listeners<Error>();
  readonly #beganListeners = new Listeners<number>();
  readonly #leavingListeners = new Listeners<void>();
  readonly #stuckListeners = new Listeners<void>();
  readonly #exitListeners = new Listeners<ThreadExit>();
  readonly #release: () => void;

  /** @param strip a port that answers for TypeScript sources, if the thread needs one; closed with the thread */
  constructor(
    start: ThreadStart,
    launch: Launch,
    deadlines: Deadlines,
    timers: Timers,
    strip: { readonly port: MessagePort; readonly close: () => void } | undefined,
  ) {
    this.worker = start.worker;
    this.#start = start;
    this.#deadlines = deadlines;
    this.#timers = timers;
    const data = new MessageChannel();
    const control = new MessageChannel();
    this.port = data.port1;
    this.#controlPort = control.port1;
    this.control = new ControlClient({
      worker: start.worker,
      post: (message) => control.port1.postMessage(message),
      deadline: deadlines.control,
      timer: timers.awaited,
      nudge: start.nudge ?? ignore,
    });
    this.#release = () => {
      data.port1.close();
      control.port1.close();
      strip?.close();
    };
    const { nudge: _nudge, transfer = [], ...sent } = start;
    const own = { taskPort: data.port2, controlPort: control.port2, loading: this.#loading.word };
    this.#loading.begin();
    try {
      this.#launched = launch(
        {
          ...sent,
          ...own,
          typescript: start.modules.some(isTypeScript),
          ...(strip && { stripPort: strip.port }),
        },
        [...transfer, data.port2, control.port2, ...(strip ? [strip.port] : [])],
        (error) => this.#undelivered(error),
      );
    } catch (error) {
      this.#loading.over();
      this.threadId = -1;
      data.port2.close();
      control.port2.close();
      const exit: ThreadExit = { reason: 'not-started', error: startError(start.worker, error) };
      // In a turn of its own, as any other end: nobody has subscribed yet.
      setImmediate(() => this.#gone(exit));
      return;
    }
    const { worker } = this.#launched;
    this.threadId = worker.threadId;
    worker.on('error', (error) => this.#ends(exitOfError(error)));
    worker.on('exit', (code) => this.#gone({ reason: 'exited', code }));
    this.#arm(deadlines.startup, () => this.#startupExpired());
    // A 'message' listener holds the process until the port is unref'd: listen first.
    data.port1.on('message', (message) => this.#dataListeners.call(message));
    control.port1.on('message', (message) => this.#onControl(message));
    data.port1.unref();
    control.port1.unref();
  }

  onReady(listener: (report: ReadyReport) => void): void {
    this.#readyListeners.add(listener);
  }

  onStartFailure(listener: (error: Error) => void): void {
    this.#startFailureListeners.add(listener);
  }

  onData(listener: (message: unknown) => void): void {
    this.#dataListeners.add(listener);
  }

  onStray(listener: (error: Error) => void): void {
    this.#strayListeners.add(listener);
  }

  onBegan(listener: (heapUsed: number) => void): void {
    this.#beganListeners.add(listener);
  }

  onLeaving(listener: () => void): void {
    this.#leavingListeners.add(listener);
  }

  onStuck(listener: () => void): void {
    this.#stuckListeners.add(listener);
  }

  onExit(listener: (exit: ThreadExit) => void): void {
    this.#exitListeners.add(listener);
  }

  requestKill(): void {
    this.#ends({ reason: 'killed' });
    this.#terminate();
  }

  ref(): void {
    this.#launched?.worker.ref();
  }

  unref(): void {
    this.#launched?.worker.unref();
  }

  #onControl(message: unknown): void {
    this.#loading.over();
    const report = message as WorkerReport;
    switch (report.report) {
      case 'ready':
        if (this.#state !== 'starting') return;
        this.#state = 'ready';
        this.#cancelTimer();
        this.#readyListeners.call({ functions: report.functions, registered: report.registered ?? [] });
        return;
      case 'failed':
        this.#ends({ reason: 'not-started', error: restoreError(report.error) });
        return;
      case 'stray':
        this.#strayListeners.call(restoreError(report.error));
        return;
      case 'began':
        if (this.#state === 'ready') this.#beganListeners.call(report.heapUsed);
        return;
      case 'leaving':
        if (this.#state === 'ready') this.#leavingListeners.call();
        return;
      case 'returned':
        this.#ends({ reason: 'returned' });
        return;
      case 'threw':
        this.#ends({ reason: 'threw', error: restoreError(report.error) });
        return;
      default:
        this.control.receive(message);
    }
  }

  /** The thread is going to end, or has to: the first cause counts, and a deadline for the end starts. */
  #ends(exit: ThreadExit): void {
    if (this.#state === 'gone' || this.#exit !== undefined) return;
    const began = this.#state === 'ready' && exit.reason !== 'not-started';
    this.#state = 'ending';
    if (began || exit.reason === 'killed') {
      this.#exit = exit;
    } else {
      const error = startFailure(this.worker, this.#start.modules, exit);
      const unexplained = exit.reason === 'exited';
      this.#exit = { reason: 'not-started', error, ...(unexplained && { unexplained }) };
      this.#startFailureListeners.call(error);
    }
    if (this.#termination === 'none') this.#arm(this.#deadlines.kill, () => this.#terminate());
  }

  #terminate(): void {
    if (this.#state === 'gone' || this.#termination !== 'none') return;
    this.#termination = 'wanted';
    // An entry that does not even load is ended all the same.
    this.#arm(this.#deadlines.kill, () => this.#terminateNow());
    this.#loading.whenLoaded(() => this.#terminateNow());
  }

  #terminateNow(): void {
    if (this.#state === 'gone' || this.#termination === 'begun') return;
    this.#termination = 'begun';
    this.#arm(this.#deadlines.kill, () => {
      // Piscina holds the process for a thread that is ending; this one may never end.
      this.unref();
      this.#stuckListeners.call();
    });
    this.#launched?.terminate();
  }

  #startupExpired(): void {
    const { modules } = this.#start;
    const what =
      modules.length === 0 ? 'did not become ready' : `did not finish loading ${modules.join(', ')}`;
    const text = `Worker ${this.worker} ${what} in ${this.#deadlines.startup} ms. Does a top-level \`await\` never end?`;
    this.#ends({ reason: 'not-started', error: new MillraceError('ERR_MODULE_LOAD', text) });
    this.#terminate();
  }

  #undelivered(error: unknown): void {
    // Terminated while its entry may still have been loading: that is why, and nothing is known of the entry.
    if (this.#termination === 'begun') return;
    this.#loading.loadedUntold();
    if (this.#state !== 'starting') return;
    this.#ends({ reason: 'not-started', error: startError(this.worker, error) });
    this.#terminate();
  }

  /** The fence. Node delivers what came by the thread's own port before `exit`; what is in ours is taken out here. */
  #gone(exit: ThreadExit): void {
    if (this.#state === 'gone') return;
    drain(this.#controlPort, (message) => this.#onControl(message));
    drain(this.port, (message) => this.#dataListeners.call(message));
    this.#ends(exit);
    this.#state = 'gone';
    this.#loading.over();
    this.#cancelTimer();
    this.control.end(exitError(this.worker, this.#exit!));
    this.#release();
    this.#exitListeners.call(this.#exit!);
  }

  #arm(ms: number, callback: () => void): void {
    this.#cancelTimer();
    this.#cancelTimer = this.#timers.background(ms, callback);
  }
}

function drain(port: MessagePort, deliver: (message: unknown) => void): void {
  for (;;) {
    let received: { readonly message: unknown } | undefined;
    try {
      received = receiveMessageOnPort(port);
    } catch {
      // This one message cannot be read; the thread that sent it is gone, so there is nobody to tell.
      continue;
    }
    if (received === undefined) return;
    deliver(received.message);
  }
}
