export type Step =
  | { readonly does: 'fork'; readonly child: number; readonly seed: number; readonly size: number }
  | { readonly does: 'call'; readonly seed: number; readonly size: number }
  | { readonly does: 'join'; readonly child: number; readonly caught: boolean }
  | { readonly does: 'join all'; readonly children: readonly number[] }
  | { readonly does: 'throw'; readonly kind: number };

export interface Plan {
  readonly work: number;
  readonly shape: number;
  readonly steps: readonly Step[];
}

export function planOf(seed: number, size: number): Plan;
export function shaped(value: number, shape: number): unknown;
export function thrown(value: number, kind: number): Error;
export function withResult(before: number, result: unknown): number;
export function withError(before: number, error: unknown): number;
export function errorText(error: unknown): string;
export function worked(rounds: number): number;
