/**
 * What a worker answers on its control port.
 *
 * @module
 */
import type { WorkerControl } from './control.ts';

/** @param drain resolves when nothing this thread has begun is unfinished */
export function controlOf(worker: { readonly pending: number }, drain: () => Promise<void>): WorkerControl {
  return {
    statistics: () => ({ asyncPending: worker.pending }),
    heap: async () => {
      // Taken when it is needed: each module that is imported at the start is paid for by every start.
      const { getHeapStatistics } = await import('node:v8');
      const h = getHeapStatistics();
      return {
        usedHeapSize: h.used_heap_size,
        totalHeapSize: h.total_heap_size,
        heapSizeLimit: h.heap_size_limit,
        externalMemory: h.external_memory,
      };
    },
    drain,
  };
}
