/**
 * The values sent to workers, and what must come back. Each input differs from the others, so that answers mixed up
 * between tasks are noticed.
 *
 * @module
 */

/** About 1 KB as JSON: strings, numbers, a nested object, an array of objects. */
export function object1k(seed: number): Record<string, unknown> {
  return {
    id: seed,
    kind: 'order',
    active: seed % 2 === 0,
    price: seed + 0.25,
    created: '2026-01-01T00:00:00.000Z',
    owner: { name: `Customer ${seed}`, email: `customer-${seed}@example.org`, age: 20 + (seed % 60) },
    tags: ['priority', 'export', 'gift', 'fragile', `batch-${seed % 100}`],
    lines: Array.from({ length: 10 }, (_, line) => ({
      sku: `SKU-${seed}-${line}`,
      quantity: line + 1,
      price: line + 0.5,
    })),
    note: `Leave the parcel with the neighbour, number ${seed}. `.repeat(5),
  };
}

export const MEGABYTE: number = 1024 * 1024;

/** A byte array on a buffer of its own, so that it may be transferred. */
export function bytes1m(seed: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(MEGABYTE);
  for (let i = 0; i < MEGABYTE; i += 512) bytes[i] = seed + (i >> 9);
  bytes[MEGABYTE - 1] = seed;
  return bytes;
}

export function bytes16m(seed: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(16 * MEGABYTE).fill(seed + 1);
}

export interface Entry {
  readonly id: number;
  readonly name: string;
  readonly value: number;
  readonly active: boolean;
}

export const RECORDS = 10_000;

export function records10k(seed: number): Entry[] {
  return Array.from({ length: RECORDS }, (_, id) => ({
    id,
    name: `record ${seed}-${id}`,
    value: seed + id / 4,
    active: id % 3 === 0,
  }));
}
