/**
 * The nodes that could start, the most urgent one first: a binary heap of ranks. The order of all nodes is known
 * before the first one starts, so a rank is one small integer and a comparison is one of integers.
 *
 * @module
 */
export class Ready {
  /** Node numbers by rank, and ranks by node number. */
  readonly #nodes: Int32Array;
  readonly #ranks: Int32Array;
  readonly #heap: number[] = [];
  /** How many comparisons were made, ever. */
  comparisons = 0;

  /** @param precedence - all nodes, the first to start first */
  constructor(precedence: Int32Array) {
    this.#nodes = precedence;
    this.#ranks = new Int32Array(precedence.length);
    for (let rank = 0; rank < precedence.length; rank++) this.#ranks[precedence[rank]!] = rank;
  }

  get size(): number {
    return this.#heap.length;
  }

  add(node: number): void {
    const heap = this.#heap;
    const rank = this.#ranks[node]!;
    let at = heap.length;
    heap.push(rank);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      this.comparisons++;
      if (heap[parent]! < rank) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = rank;
  }

  /** The most urgent node, which is taken out; -1 when there is none. */
  take(): number {
    const heap = this.#heap;
    const top = heap[0];
    if (top === undefined) return -1;
    const last = heap.pop()!;
    if (heap.length > 0) this.#sinkFromTop(last);
    return this.#nodes[top]!;
  }

  clear(): void {
    this.#heap.length = 0;
  }

  #sinkFromTop(rank: number): void {
    const heap = this.#heap;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length) {
        this.comparisons++;
        if (heap[child + 1]! < heap[child]!) child++;
      }
      this.comparisons++;
      if (rank < heap[child]!) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = rank;
  }
}
