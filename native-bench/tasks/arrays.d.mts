export function sharedDoubles(count: number): Float64Array<SharedArrayBuffer>;
export function ownDoubles(count: number): Float64Array<ArrayBuffer>;
export function fillUnsorted<A extends Float64Array>(values: A): A;
export function fillAddends<A extends Float64Array>(values: A): A;
export function orderChecksum(values: Float64Array | Uint8Array): number;
export function total(values: Float64Array): number;
export function addUp(values: Float64Array): void;
export function emptyLoop(count: number): void;

export interface Picture {
  readonly n: number;
  readonly bits: Uint8Array;
}
export function mandelbrotRow(y: number, n: number, bits: Uint8Array): void;
export function mandelbrot(picture: Picture): void;
