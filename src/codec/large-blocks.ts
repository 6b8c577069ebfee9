/**
 * Keeps the C library from giving every large block back to the system.
 *
 * Fresh memory costs one page fault for every 4 KiB: for a copy of a large byte array, several times what copying
 * costs. glibc takes fresh memory in two ways, and both are kept from happening again and again:
 *
 * - An allocation above a threshold, 128 KiB at first, is a mapping of its own, given back when it is freed. Freeing a
 *   larger block raises the threshold to its size. So one block of the largest size that counts, never touched, is
 *   allocated and freed.
 * - The free memory at the end of a heap (each thread has its own) is given back, and so is a heap that has become
 *   empty. So a small block is allocated after a large free area and never freed: what lies before it is not the end.
 *
 * The price is that a thread keeps what it has once used of that area, up to 40 MiB. Other C libraries have other ways;
 * there nothing is gained, and address space is taken for a moment. `docs/decisions/large-blocks.md` has the figures.
 *
 * @module
 */
import { Buffer } from 'node:buffer';
import { MessageChannel } from 'node:worker_threads';

/** glibc's first threshold: from here on it matters. */
export const LARGE_BYTES: number = 131_072;
/** A chunk of exactly the largest threshold glibc adapts to, `DEFAULT_MMAP_THRESHOLD_MAX`, header and rounding included. */
const THRESHOLD_BYTES = 32 * 1024 * 1024 - 64;
/** Two of these are enough for what a garbage collection leaves to be freed at once, and fit into one heap of 64 MiB. */
const AREA_BYTES = 20 * 1024 * 1024;
const LAST_BYTES = LARGE_BYTES;

type Kept = 'nothing' | 'threshold' | 'area';

let kept: Kept = 'nothing';
/** Never read; it must not be freed. */
export const last: Buffer[] = [];

/** Raises the threshold. Call before copying large byte arrays; it does something the first time only. */
export function keepLargeBlocks(): void {
  if (kept !== 'nothing') return;
  kept = 'threshold';
  free([Buffer.allocUnsafeSlow(THRESHOLD_BYTES)]);
}

/** For a worker thread: raises the threshold and keeps an area. It is done when the event loop has turned. */
export function keepLargeArea(): void {
  if (kept === 'area') return;
  kept = 'area';
  free([Buffer.allocUnsafeSlow(THRESHOLD_BYTES)], () => {
    const area = [Buffer.allocUnsafeSlow(AREA_BYTES), Buffer.allocUnsafeSlow(AREA_BYTES)];
    last[0] = Buffer.allocUnsafeSlow(LAST_BYTES);
    free(area);
  });
}

/**
 * Subtle: freeing must not wait for a garbage collection. A message that nobody receives is freed with the port that
 * was to receive it, when that is closed: to close only the sender leaves both to the collector.
 */
function free(blocks: readonly Buffer[], then?: () => void): void {
  const { port1, port2 } = new MessageChannel();
  const buffers = blocks.map((block) => block.buffer as ArrayBuffer);
  port1.postMessage(buffers, buffers);
  if (then !== undefined) port2.once('close', then);
  port2.close();
  port1.close();
}
