/**
 * Tasks that must go to one worker's inbox: those with an `affinity`, and those whose values only a port can carry.
 * They wait here, on the main thread, until that worker (for a port task: any worker) can soon take one, because
 * what has been posted to a thread is lost with it.
 *
 * @module
 */
import type { MessagePort } from 'node:worker_threads';
import type { PortTask } from '../../workers/view.ts';
import * as L from '../memory/layout.ts';
import { hasBit } from '../memory/shared-memory.ts';
import { type Handle, SETTLED } from './handle.ts';
import type { Intake } from './intake.ts';
import { lateError } from './port-arguments.ts';

/** Port tasks a worker may have in hand, at least: one to run and one to follow. Not counted are async ones that wait. */
const PORT_CREDIT = 2;
/** And at most, when they are so short that the coordinator could not keep up. What is posted dies with the thread. */
const MOST_PORT_CREDIT = 64;
/** What a worker should have in hand while the coordinator is asleep, crowded out or collecting garbage, ms. */
const AHEAD_MS = 5;
/** Affinity tasks in a worker's inbox. */
const INBOX_CREDIT = 512;

/** Where a worker number's tasks go at the moment. */
export interface Seat {
  readonly worker: number;
  /** Its block, and the port of its thread. */
  readonly block: number;
  readonly port: MessagePort;
}

/** How long the tasks of a worker take, by what it has counted since it was looked at, and when it last got on. */
class Pace {
  #executed = 0;
  #busy = 0;
  #credit = PORT_CREDIT;
  #gotOnAt = Number.NEGATIVE_INFINITY;

  /** It had nothing in hand, and is given a task. */
  begins(now: number): void {
    this.#gotOnAt = now;
  }

  credit(executed: number, busy: number, now: number): number {
    const tasks = (executed - this.#executed) | 0;
    const ms = busy - this.#busy;
    if (tasks !== 0) this.#gotOnAt = now;
    // The time of a turn is written down when it is over; a new thread counts from 0.
    if (tasks > 0 && ms > 0) this.#adapt(tasks, ms);
    if (tasks < 0 || ms > 0) {
      this.#executed = executed;
      this.#busy = busy;
    }
    // Nothing is put behind a task that takes long: it could not leave for a worker that is idle by then.
    return now - this.#gotOnAt > AHEAD_MS ? 1 : this.#credit;
  }

  // Shrinks at once, and grows by one for each task: where long ones come now and then, few are put behind them.
  #adapt(tasks: number, ms: number): void {
    const fits = Math.floor((AHEAD_MS * tasks) / ms);
    this.#credit = Math.max(PORT_CREDIT, Math.min(MOST_PORT_CREDIT, fits, this.#credit + tasks));
  }
}

export class Lines {
  readonly #intake: Intake;
  readonly #seats: () => readonly (Seat | undefined)[];
  readonly #now: () => number;
  readonly #refused: (handle: Handle, error: Error) => void;
  /** By worker number; the last entry is for any worker. */
  readonly #own: Handle[][];
  readonly #any: Handle[] = [];
  readonly #concurrency: number;
  /** By block: how long the tasks of its thread take. */
  readonly #paces: Pace[] = [];
  /** By block: what its thread was given and has not been seen to wait or end. */
  readonly #inHand: Set<Handle>[] = [];
  /** Async tasks among those it was given that wait for their promise. */
  readonly #asleep: Set<Handle>[] = [];
  #stalled = false;

  /** @param refused settles a task that cannot be posted any more; it stands in no line then, and has no record */
  constructor(
    intake: Intake,
    { workers, concurrency }: { readonly workers: number; readonly concurrency: number },
    seats: () => readonly (Seat | undefined)[],
    now: () => number,
    refused: (handle: Handle, error: Error) => void,
  ) {
    this.#intake = intake;
    this.#now = now;
    this.#refused = refused;
    this.#seats = seats;
    this.#concurrency = concurrency;
    this.#own = Array.from({ length: workers }, () => []);
  }

  get waiting(): number {
    return this.#any.length + this.#own.reduce((sum, line) => sum + line.length, 0);
  }

  add(handle: Handle): void {
    handle.where = { at: 'line' };
    const line = this.#lineOf(handle);
    line.push(handle);
    // What could not be sent before this one still cannot.
    if (line.length === 1) this.dispatch();
  }

  /** A task whose worker died before its code started: the first again. */
  addFirst(handle: Handle): void {
    handle.where = { at: 'line' };
    this.#lineOf(handle).unshift(handle);
  }

  /** A task of a line has left its worker. */
  returned(handle: Handle): void {
    if (handle.posted === undefined) return;
    this.#inHandOf(handle.posted).delete(handle);
    this.#asleepOf(handle.posted).delete(handle);
    handle.posted = undefined;
  }

  /** It waits in a line, and no worker that it may be given to has a thread. */
  isStranded(handle: Handle): boolean {
    if (handle.where.at !== 'line') return false;
    const seats = this.#seats();
    return handle.worker === undefined
      ? seats.every((seat) => seat === undefined)
      : seats[handle.worker] === undefined;
  }

  /** Takes out what only this worker may run. */
  clearOwn(worker: number): Handle[] {
    return this.#own[worker]!.splice(0).filter((handle) => !handle.settled);
  }

  /** Takes every task out, for a pool that ends. */
  clear(): Handle[] {
    const all = [...this.#own.flat(), ...this.#any].filter((handle) => !handle.settled);
    for (const line of this.#own) line.length = 0;
    this.#any.length = 0;
    return all;
  }

  /**
   * A worker can take no more until it has got on with what it was given, and no task's end says when: an async one may
   * begin to wait, an inbox may be full of tasks that were cancelled in it.
   */
  get stalled(): boolean {
    return this.#stalled;
  }

  /** Gives workers what they can take. Cheap when no line is waiting. */
  dispatch(): void {
    this.#stalled = false;
    const seats = this.#seats();
    for (let worker = 0; worker < this.#own.length; worker++) {
      const line = this.#own[worker]!;
      const seat = seats[worker];
      while (line.length > 0 && seat !== undefined && this.#mayTake(line[0]!, seat)) {
        if (!this.#send(line, seat)) break;
      }
    }
    while (this.#any.length > 0) {
      const best = this.#freest(this.#any[0]!, seats);
      if (best === undefined || !this.#send(this.#any, best)) return;
    }
  }

  /**
   * Posts arguments of which something moves to a worker that can take the task at once; to hold them here first would
   * move them twice, and save nothing, since what has moved is lost with a thread in any case. False: no worker can
   * take it, and nothing has been moved.
   *
   * @throws what `postMessage` does; nothing has been moved then, and the task has no record
   */
  postAtOnce(handle: Handle, args: readonly unknown[], transfer: readonly ArrayBuffer[]): boolean {
    if (this.#lineOf(handle).length > 0) return false;
    const seats = this.#seats();
    const own = handle.worker === undefined ? seats : [seats[handle.worker]];
    const seat = this.#freest(handle, own);
    if (seat === undefined || this.#isInboxFull(seat)) return false;
    const slot = this.#intake.place(handle);
    if (slot < 0) return false;
    const { window } = this.#intake;
    const message: PortTask = { reference: window.reference(slot), args, moved: false };
    try {
      seat.port.postMessage(message, transfer);
    } catch (error) {
      this.#intake.release(slot);
      handle.where = SETTLED;
      throw error;
    }
    handle.port = { args: [], transfer };
    this.#given(handle, seat, message.reference);
    return true;
  }

  #freest(handle: Handle, seats: readonly (Seat | undefined)[]): Seat | undefined {
    let best: Seat | undefined;
    for (const seat of seats) {
      if (seat !== undefined && this.#mayTake(handle, seat) && (!best || this.#isFreer(seat, best)))
        best = seat;
    }
    return best;
  }

  #mayTake(handle: Handle, seat: Seat): boolean {
    const { block } = seat;
    const isPort = (handle.meta & L.META_PORT) !== 0;
    const credit = isPort ? this.#portCredit(seat) : INBOX_CREDIT;
    const inHand = this.#inHandOf(block);
    if (inHand.size >= credit) this.#look(block);
    if (inHand.size >= credit) {
      this.#stalled = true;
      return false;
    }
    // What comes after as many async tasks as allowed would wait for their end, whoever else is idle.
    const most = Math.max(PORT_CREDIT, this.#concurrency);
    return !isPort || inHand.size + this.#asleepOf(block).size < most;
  }

  #isFreer(seat: Seat, than: Seat): boolean {
    const more = this.#ahead(seat) - this.#ahead(than);
    if (more !== 0) return more < 0;
    const asleep = this.#asleepOf(seat.block).size - this.#asleepOf(than.block).size;
    return asleep < 0 || (asleep === 0 && this.#doubt(seat) < this.#doubt(than));
  }

  // What it was given, and a task of no line that it runs: how long that takes nobody knows.
  #ahead({ block }: Seat): number {
    const { plant, handle } = this.#intake.window;
    const current = Atomics.load(plant.memory.i32, (plant.blocks[block]! + L.W_CURRENT) >> 2);
    const isOther = current !== 0 && handle[current - 1]?.posted !== block;
    return this.#inHandOf(block).size + (isOther ? 1 : 0);
  }

  // Whether it may have something to do after all: 0 it sleeps, or looks for a task; 1 it shows nothing, so it may have
  // claimed one this moment; 2 its event loop is alive, perhaps in a task's code; 3 such a one was called and has not come.
  #doubt({ block }: Seat): number {
    const { i32 } = this.#intake.window.plant.memory;
    const isParked = hasBit(i32, L.H_PARKED, block);
    if (hasBit(i32, L.H_LOOPING, block)) return isParked ? 2 : 3;
    return isParked || hasBit(i32, L.H_SEARCHING, block) ? 0 : 1;
  }

  // Which of the tasks in hand wait by now.
  #look(block: number): void {
    const { window } = this.#intake;
    const inHand = this.#inHandOf(block);
    for (const handle of inHand) {
      const { where } = handle;
      if (where.at !== 'slot' || (window.state(where.slot) & L.STATE_MASK) !== L.PENDING) continue;
      inHand.delete(handle);
      this.#asleepOf(block).add(handle);
    }
  }

  // Tasks cancelled in the inbox stay there until they are met, so it can be full beyond the credits.
  #isInboxFull({ block }: Seat): boolean {
    const { plant } = this.#intake.window;
    return plant.core.spscSize(plant.blocks[block]! + plant.shape.inbox) >= plant.sizes.inbox;
  }

  #given(handle: Handle, { block }: Seat, reference: number): void {
    const { plant } = this.#intake.window;
    handle.posted = block;
    const inHand = this.#inHandOf(block);
    if (inHand.size === 0) this.#paceOf(block).begins(this.#now());
    inHand.add(handle);
    plant.core.injectTo(plant.blocks[block]!, reference);
  }

  #inHandOf(block: number): Set<Handle> {
    this.#inHand[block] ??= new Set();
    return this.#inHand[block];
  }

  #asleepOf(block: number): Set<Handle> {
    this.#asleep[block] ??= new Set();
    return this.#asleep[block];
  }

  #full(): false {
    this.#stalled = true;
    return false;
  }

  #portCredit({ block }: Seat): number {
    const { plant } = this.#intake.window;
    const at = plant.blocks[block]!;
    const executed = plant.memory.i32[(at + L.W_EXECUTED) >> 2]!;
    const busy = plant.memory.f64[(at + L.W_BUSY) >> 3]!;
    return this.#paceOf(block).credit(executed, busy, this.#now());
  }

  #paceOf(block: number): Pace {
    this.#paces[block] ??= new Pace();
    return this.#paces[block];
  }

  #lineOf(handle: Handle): Handle[] {
    return handle.worker === undefined ? this.#any : this.#own[handle.worker]!;
  }

  // The first of the line to this worker. False: no record is free, try again when one is.
  #send(line: Handle[], seat: Seat): boolean {
    const handle = line[0]!;
    if (handle.over) {
      line.shift();
      return true;
    }
    const { window } = this.#intake;
    if (this.#isInboxFull(seat)) return this.#full();
    let slot = this.#intake.place(handle);
    if (slot < 0 && handle.bytes !== undefined && this.#intake.arena.live === 0) {
      // No task's end would make room for it.
      handle.throughPort();
      slot = this.#intake.place(handle);
    }
    if (slot < 0) return false;
    line.shift();
    const reference = window.reference(slot);
    if ((handle.meta & L.META_PORT) !== 0) {
      const { transfer = [], ...held } = handle.port ?? { bytes: handle.bytes! };
      const moved = transfer.some((item) => !(item instanceof ArrayBuffer));
      const message: PortTask = { reference, ...held, moved };
      try {
        seat.port.postMessage(message, transfer as readonly ArrayBuffer[]);
      } catch (error) {
        // What could be posted at submission may have changed since: a port closes with its peer.
        this.#intake.release(slot);
        handle.where = { at: 'line' };
        this.#refused(handle, lateError(error, transfer as readonly object[]));
        return true;
      }
    }
    this.#given(handle, seat, reference);
    return true;
  }
}
