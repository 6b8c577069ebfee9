export function add(a: number, b: number): number;
export function addAsync(a: number, b: number): Promise<number>;
export function echo<T>(value: T): T;
export function checksum(bytes: Uint8Array): number;
export function summarize(records: readonly { readonly value: number; readonly name: string }[]): {
  count: number;
  total: number;
  letters: number;
};
export function crunch(rounds: number): number;
export function crunchWhere(rounds: number): {
  readonly threadId: number;
  readonly ms: number;
  readonly value: number;
};
export function spin(ms: number): number;
export function fail(message: string): never;
export function later<T>(value: T): Promise<T>;
export function hold(gate: SharedArrayBuffer): boolean;
export function meet(gate: SharedArrayBuffer, parties: number): boolean;
