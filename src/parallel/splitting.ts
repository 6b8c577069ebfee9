/**
 * Lazy binary splitting (Tzannes, Caragea, Barua, Vishkin: Lazy Binary-Splitting, PPoPP 2010): a loop runs a small
 * chunk, asks whether a thief would find nothing here, and only then forks off half of what is left. With all
 * threads busy nothing is forked, so the cost of splitting does not depend on the number of indices. A loop of many
 * indices does not ask before its first chunks have shown that the rest is worth waking a thread.
 *
 * @module
 */
import { type Forker, type Handle, now } from '../../workers/fork/forker.ts';

/** A chunk is made longer below this, ms. */
const SHORT_MS = 0.01;
/** And shorter above this. */
const LONG_MS = 0.02;
/** Fewer indices than this for each worker may each be long: they are shared out before anything is known. */
const FEW = 256;
/** What a chunk takes beside its indices, ms, at most: so short ones say nothing. */
const OVERHEAD_MS = 0.001;
/** A fork that wakes a thread costs the caller 0.02 to 0.05 ms: with less than this to do, ms, a loop is quicker alone. */
const WORTH_MS = 0.06;

/** What runs a range of indices, in two ways. */
export interface Splittable<R> {
  /** Runs the indices here. Ranges come in order. */
  here(lo: number, hi: number): void;
  /** Forks a child for the indices, which starts with chunks of this length. */
  fork(lo: number, hi: number, chunk: number): Handle<R>;
}

/** How long chunks are. */
export interface Chunks {
  /** Fixed length of a chunk; 0: to be found out. */
  readonly grain: number;
  /** The length to start with. */
  readonly chunk: number;
}

/**
 * Runs part of the indices here and forks the rest. After each chunk it ends, by an error, if the task was asked to stop:
 * what it has forked is dropped with the call that called this.
 *
 * @returns the forked children, those of later indices first: joined from the end of the list they follow what ran
 *   here in the order of their indices, and in the reverse order of their forks
 */
export function splitLazily<R>(
  f: Forker,
  lo: number,
  hi: number,
  chunks: Chunks,
  work: Splittable<R>,
): Handle<R>[] {
  const forked: Handle<R>[] = [];
  let chunk = chunks.chunk;
  let worth = chunks.grain !== 0 || chunk > 1 || hi - lo < FEW * f.workers;
  // Cheap indices say nothing of those after them: so many at most run here before thieves are asked, whatever they take.
  const alone = Math.ceil((hi - lo) / (8 * f.workers));
  let last = chunks.grain === 0 ? now() : 0;
  while (lo < hi) {
    if (worth && hi - lo > chunk && f.workers > 1 && f.hungry()) {
      const middle = lo + Math.ceil((hi - lo) / 2);
      forked.push(work.fork(middle, hi, chunk));
      hi = middle;
    }
    const end = Math.min(lo + chunk, hi);
    // Numbers that came through a record are doubles: as integers they keep the loops on integers.
    if ((lo | 0) === lo && (end | 0) === end) work.here(lo | 0, end | 0);
    else work.here(lo, end);
    lo = end;
    f.stopIfAsked();
    if (chunks.grain === 0) {
      const time = now();
      worth ||= ((time - last - OVERHEAD_MS) / chunk) * (hi - lo) > WORTH_MS;
      chunk = worth ? tuned(chunk, time - last) : Math.min(alone, tuned(chunk, time - last));
      last = time;
    }
  }
  return forked;
}

/** The next chunk's length, after one of this length has taken so many ms. */
export function tuned(chunk: number, ms: number): number {
  if (ms < SHORT_MS) return chunk * (ms < SHORT_MS / 8 ? 8 : 2);
  if (ms > LONG_MS) return Math.max(1, Math.floor((chunk * (SHORT_MS + LONG_MS)) / 2 / ms));
  return chunk;
}

/** The chunks a call starts with. */
export function startOf(grain: number): Chunks {
  return { grain, chunk: grain === 0 ? 1 : grain };
}

/** Joins children that have no result, in the order of their indices. */
export function joinAll(f: Forker, forked: readonly Handle<void>[]): void {
  for (let k = forked.length - 1; k >= 0; k--) f.join(forked[k]!);
}
