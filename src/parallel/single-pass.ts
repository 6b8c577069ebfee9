/**
 * A scan that reads memory once: a run of blocks is summed, and scanned while it is still in the core's cache.
 *
 * After D. Merrill, M. Garland, "Single-pass Parallel Prefix Scan with Decoupled Look-back" (NVIDIA, 2016), without the
 * waiting: a thread may have lost its core, or be behind on other tasks.
 *
 * Every thread that takes part claims runs in ascending order (`NEXT`), sums the blocks of one, and marks it. Whoever
 * comes by *folds*: turns the sums of the runs that are next in line into what comes before their blocks, one run after
 * the other, and counts them (`FOLDED`). A run that is folded can be scanned. One that is not, because an earlier one is
 * not summed yet, is kept for later, and left to the caller if its turn does not come while there is something to claim.
 *
 * 1. One thread folds at a time (`FOLDING`), run after run, so a run is folded once, and the sums are combined in one
 *    order, whoever does it: the bits depend on the array and the length of blocks alone.
 * 2. The sums of a run are written before its mark, and what comes before its blocks before `FOLDED`; both are atomic.
 * 3. Nobody waits: who finds somebody folding goes on. So nothing says that all is folded or scanned when the last
 *    thread ends; the caller sees to what is left, after it has joined all others.
 *
 * @module
 */
import { type Forker, forker, type Handle, now } from '../../workers/fork/forker.ts';
import { task } from '../../workers/task.ts';
import { parallelRanges } from './for.ts';
import { LANES, SCAN_EXCLUSIVE, SCAN_INCLUSIVE, SUM_LANES, scanLaneOf } from './lanes.ts';
import { type Callable, FOLD, loops } from './loops.ts';
import { joinAll } from './splitting.ts';
import { create, kindOf, type SharedView, type View } from './views.ts';

/** Elements of a run, about: as doubles, 400 KB, which stay in a core's own cache. */
const RUN = 50_176;
/** Runs for each worker, if the array is long enough, to even out what they take. */
const RUNS_EACH = 16;

/** So many elements take longer than `WORTH_MS` whatever is done with them. */
const LONG = 1 << 19;
/**
 * An invitation costs the caller 0.03 to 0.1 ms: the fork, waking a thread, what it takes of the caches. With less than
 * this left to do, ms, it is quicker alone.
 */
const WORTH_MS = 0.15;

/** Words of a pass: the next run to claim, how many are folded, whether somebody folds. */
const NEXT = 0;
const FOLDED = 1;
const FOLDING = 2;
/** Then a mark for each run. */
const MARKS = 3;
const SUMMED = 1;
const DONE = 2;

/** A scan of one array, as every thread that takes part has it. */
interface Pass {
  readonly runs: number;
  /** Blocks in all, and in a run. */
  readonly blocks: number;
  readonly run: number;
  /** Elements in a block. */
  readonly block: number;
  readonly combine: Callable;
  readonly exclusive: boolean;
  readonly view: View;
  readonly out: View;
  /** What comes before each lane of each block, once folded; until then the sums of the lane before it. */
  readonly carries: View;
  readonly words: Int32Array;
}

/**
 * Scans `view` into `out` on all workers that have nothing else to do.
 *
 * @param by - the number of the function that combines
 * @param carries - `LANES` for each block, and one: the first is the identity
 * @param atOnce - whether the others are invited before it is known how long it takes
 */
export function scanOnce(
  by: number,
  exclusive: boolean,
  block: number,
  view: SharedView,
  out: View,
  carries: SharedView,
  atOnce: boolean,
): void {
  const f = forker();
  const blocks = Math.ceil(view.length / block);
  const run = Math.max(1, Math.min(Math.floor(RUN / block), Math.floor(blocks / (RUNS_EACH * f.workers))));
  const runs = Math.ceil(blocks / run);
  const words = create('Int32Array', MARKS + runs);
  const invitation: Invitation = [by, exclusive ? 1 : 0, block, run, view, out, carries, words];
  const others = new Others(f, Math.min(f.workers, runs) - 1, invitation);
  if (atOnce || view.length >= LONG) others.invite();
  const pass = passOf(...invitation);
  claimRuns(pass, others);
  joinAll(f, others.invited);
  if (!words.includes(SUMMED, MARKS)) return;
  fold(pass);
  parallelRanges(0, runs, scanLeft, { args: invitation });
}

/** The other workers, invited by the caller once what is left is worth it. */
class Others {
  readonly invited: Handle<void>[] = [];
  readonly #f: Forker;
  readonly #count: number;
  readonly #invitation: Invitation;
  readonly #began = now();

  constructor(f: Forker, count: number, invitation: Invitation) {
    this.#f = f;
    this.#count = count;
    this.#invitation = invitation;
  }

  /** After each run until they are invited: all so far were the caller's own. */
  afterRun(done: number, runs: number): void {
    if (this.invited.length > 0 || this.#count === 0) return;
    if (((now() - this.#began) / done) * (runs - done) > WORTH_MS) this.invite();
  }

  invite(): void {
    for (let i = 0; i < this.#count; i++) this.invited.push(this.#f.fork(takePart, ...this.#invitation));
  }
}

/** What a thread needs to take part. */
type Invitation = [
  by: number,
  exclusive: number,
  block: number,
  run: number,
  view: View,
  out: View,
  carries: View,
  words: Int32Array,
];

const takePart = task(function takePart(...invitation: Invitation): void {
  claimRuns(passOf(...invitation));
});

function passOf(...[by, exclusive, block, run, view, out, carries, words]: Invitation): Pass {
  return {
    runs: words.length - MARKS,
    blocks: whole(Math.ceil(view.length / block)),
    run: whole(run),
    block: whole(block),
    combine: forker().functionAt(by) as Callable,
    exclusive: exclusive === 1,
    view,
    out,
    carries,
    words,
  };
}

/** Numbers that came through a record are doubles: as integers they keep the loops on integers. */
function whole(number: number): number {
  return (number | 0) === number ? number | 0 : number;
}

function claimRuns(pass: Pass, others?: Others): void {
  const { words, runs } = pass;
  /** Summed here, and not yet scanned. */
  const kept: number[] = [];
  try {
    for (;;) {
      const run = Atomics.add(words, NEXT, 1);
      if (run >= runs) return;
      sumRun(pass, run);
      Atomics.store(words, MARKS + run, SUMMED);
      kept.push(run);
      fold(pass);
      const folded = Atomics.load(words, FOLDED);
      while (kept.length > 0 && kept[0]! < folded) scanRun(pass, kept.shift()!);
      others?.afterRun(run + 1, runs);
    }
  } catch (error) {
    // Nobody needs the rest now.
    Atomics.store(words, NEXT, runs);
    throw error;
  }
}

const scanLeft = task(function scanLeft(from: number, to: number, ...invitation: Invitation): void {
  const pass = passOf(...invitation);
  for (let at = from; at < to; at++) {
    if (pass.words[MARKS + at] !== DONE) scanRun(pass, at);
  }
});

function fold(pass: Pass): void {
  const { words, runs } = pass;
  if (Atomics.compareExchange(words, FOLDING, 0, 1) !== 0) return;
  let at = Atomics.load(words, FOLDED);
  while (at < runs && Atomics.load(words, MARKS + at) !== 0) {
    eachBlock(pass, at, (b, lo, hi) => carry(b, lo, hi, pass));
    at++;
    Atomics.store(words, FOLDED, at);
  }
  Atomics.store(words, FOLDING, 0);
}

/** From the sums of a block's lanes to what comes before each, and before the next block. */
function carry(b: number, lo: number, hi: number, { carries, combine }: Pass): void {
  const values = carries as Record<number, unknown>;
  const end = LANES * (b + 1);
  let at = LANES * b;
  if (scanLaneOf(lo, hi) === 0) {
    for (; at < end - 1; at++) values[at + 1] = values[at];
  }
  for (; at < end; at++) values[at + 1] = combine(values[at], values[at + 1]);
}

function sumRun(pass: Pass, at: number): void {
  const { view, carries, combine } = pass;
  const f = forker();
  const single = loops.of(FOLD, kindOf(view), 0, combine);
  const lanes = loops.of(SUM_LANES, kindOf(view), 0, combine);
  eachBlock(pass, at, (b, lo, hi) => {
    const lane = scanLaneOf(lo, hi);
    const sums = LANES * b + 1;
    if (lane !== 0) lanes(lane, lo, hi, view as never, carries as never, sums);
    else (carries as Record<number, unknown>)[sums + LANES - 1] = single(view[lo], lo + 1, hi, view as never);
    f.stopIfAsked();
  });
}

function scanRun(pass: Pass, at: number): void {
  const { exclusive, view, out, carries, combine } = pass;
  const f = forker();
  const template = exclusive ? SCAN_EXCLUSIVE : SCAN_INCLUSIVE;
  const loop = loops.of(template, `${kindOf(view)} ${kindOf(out)}`, 0, combine);
  eachBlock(pass, at, (b, lo, hi) => {
    loop(scanLaneOf(lo, hi), lo, hi, view as never, out as never, carries as never, LANES * b);
    f.stopIfAsked();
  });
  Atomics.store(pass.words, MARKS + at, DONE);
}

/** The blocks of a run, with their elements. */
function eachBlock(
  { run, blocks, block, view }: Pass,
  at: number,
  visit: (b: number, lo: number, hi: number) => void,
): void {
  const end = Math.min((at + 1) * run, blocks);
  for (let b = at * run; b < end; b++) {
    const lo = b * block;
    visit(b, lo, Math.min(lo + block, view.length));
  }
}
