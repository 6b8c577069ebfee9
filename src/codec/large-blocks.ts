/**
 * Keeps the C library from giving every large block back to the system.
 *
 * glibc serves an allocation above its threshold by a mapping of its own, 128 KiB at first, so each large byte array
 * costs one page fault for every 4 KiB of it: measured, ten times what copying it costs. Freeing such a block raises
 * the threshold to its size (32 MiB at most) and the amount of free memory kept at the end of a heap to twice that. One
 * block that is never touched is therefore allocated and freed, once, before the first large value; it costs address
 * space for a moment, and the process keeps up to 64 MiB of freed memory a heap from then on. Other C libraries have no
 * such threshold; there nothing changes. `docs/decisions/large-blocks.md` has the figures.
 *
 * @module
 */
import { Buffer } from 'node:buffer';
import { MessageChannel } from 'node:worker_threads';

/** glibc's first threshold: from here on it matters. */
export const LARGE_BYTES: number = 131_072;
/** Just under glibc's `DEFAULT_MMAP_THRESHOLD_MAX` with its header. */
const BLOCK_BYTES = 31 * 1024 * 1024;

let done = false;

/** Call before copying large byte arrays; it does something the first time only. */
export function keepLargeBlocks(): void {
  if (done) return;
  done = true;
  // Subtle: freeing must not wait for a garbage collection. A message that nobody receives is freed with its port.
  const block = Buffer.allocUnsafeSlow(BLOCK_BYTES).buffer;
  const { port1 } = new MessageChannel();
  port1.postMessage(block, [block]);
  port1.close();
}
