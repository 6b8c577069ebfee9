/**
 * A task module, as the compiler sees one. Never run.
 *
 * @module
 */
import { task, transfer } from 'millrace/worker';

export const add = (a: number, b: number): number => a + b;
export const greet = (name: string, times?: number): string => name.repeat(times ?? 1);
export async function later<T extends object>(value: T): Promise<T> {
  return value;
}
export const nothing = (): void => {};
export const rest = (...all: readonly string[]): number => all.length;
export const marked = task((bytes: Uint8Array): Uint8Array => transfer(bytes, [bytes.buffer]), {
  priority: 'low',
});
export const nested = async (): Promise<{ readonly list: readonly number[] }> => ({ list: [] });
export const limit = 5;
export class Shape {
  side = 1;
}
