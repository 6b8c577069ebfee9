import * as L from '../../dist/src/memory/layout.js';
import type { Handle, HandleKind } from '../../dist/src/memory/queues/index.js';
import { attachCore } from '../../dist/src/memory/shared-memory.js';

const SLOTS = {
  ThiefDeque: L.DQ_SLOTS,
  RingConsumer: L.MC_SLOTS,
  SpscProducer: L.SC_SLOTS,
  SpscConsumer: L.SC_SLOTS,
} as const;

/** Lets the indices of an empty queue begin elsewhere, and shows its memory. */
export function restart(handle: Handle<HandleKind & keyof typeof SLOTS>, start: number) {
  const { memory, module, address, kind } = handle;
  const core = attachCore(module, memory);
  const i32 = new Int32Array(memory.buffer);
  const mask = i32[(address + 4) >> 2]!;
  if (kind === 'ThiefDeque') core.dequeInit(address, mask, start);
  else if (kind === 'RingConsumer') core.ringInit(address, mask, start);
  else core.spscInit(address, mask, start);
  const bytes = (): Uint8Array =>
    new Uint8Array(memory.buffer).slice(address, address + SLOTS[kind] + 4 * mask + 4);
  return { i32, address, bytes };
}
