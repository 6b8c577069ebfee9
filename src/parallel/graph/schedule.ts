/**
 * Which node starts next. Pure: it knows no pool, no clock and no result. Every node and every edge is visited a
 * bounded number of times over the whole run, whatever succeeds or fails.
 *
 * @module
 */
import type { Edges } from './edges.ts';
import { Ready } from './ready.ts';

/** Where a node is. From `DONE` on it has settled. */
export const WAITING = 0;
export const STARTED = 1;
export const DONE = 2;
export const FALLBACK = 3;
export const FAILED = 4;
export const SKIPPED = 5;

export class Schedule {
  readonly #edges: Edges;
  readonly #ready: Ready;
  /** Dependencies of each node that have not settled. */
  readonly #waitsFor: Int32Array;
  readonly states: Uint8Array;
  /** For a skipped node, one whose failure it is due to. */
  readonly blamed: Int32Array;
  /** Nodes that have not settled. */
  left: number;
  /** How many edges were looked at, ever. */
  visits = 0;

  constructor(edges: Edges, precedence: Int32Array) {
    const { nodes, beforeAt } = edges;
    this.#edges = edges;
    this.#ready = new Ready(precedence);
    this.#waitsFor = new Int32Array(nodes);
    this.states = new Uint8Array(nodes);
    this.blamed = new Int32Array(nodes).fill(-1);
    this.left = nodes;
    for (let node = 0; node < nodes; node++) {
      this.#waitsFor[node] = beforeAt[node + 1]! - beforeAt[node]!;
      if (this.#waitsFor[node] === 0) this.#ready.add(node);
    }
  }

  /** Comparisons made to find the most urgent node. */
  get comparisons(): number {
    return this.#ready.comparisons;
  }

  /** The most urgent of the nodes that can start, which has then started; -1 when there is none now. */
  next(): number {
    const node = this.#ready.take();
    if (node !== -1) this.states[node] = STARTED;
    return node;
  }

  /** A started node has a result: its dependents may be ready. */
  succeed(node: number, state: typeof DONE | typeof FALLBACK = DONE): void {
    const { after, afterAt } = this.#edges;
    this.#settle(node, state);
    for (let i = afterAt[node]!; i < afterAt[node + 1]!; i++) {
      this.visits++;
      const next = after[i]!;
      // A skipped one never gets there: what it was skipped for does not succeed.
      if (--this.#waitsFor[next]! === 0) this.#ready.add(next);
    }
  }

  /** A started node has none: what depends on it, directly or not, is skipped, and returned. */
  fail(node: number): readonly number[] {
    const { after, afterAt } = this.#edges;
    this.#settle(node, FAILED);
    const skipped: number[] = [];
    for (let at = -1; at < skipped.length; at++) {
      const from = at === -1 ? node : skipped[at]!;
      for (let i = afterAt[from]!; i < afterAt[from + 1]!; i++) {
        this.visits++;
        const next = after[i]!;
        if (this.states[next] !== WAITING) continue;
        this.#settle(next, SKIPPED);
        this.blamed[next] = node;
        skipped.push(next);
      }
    }
    return skipped;
  }

  /** Nothing starts any more. */
  stop(): void {
    this.#ready.clear();
  }

  #settle(node: number, state: number): void {
    this.states[node] = state;
    this.left--;
  }
}
