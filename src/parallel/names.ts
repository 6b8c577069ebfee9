/**
 * The functions of a task module that an operation can call, by name, at compile time.
 *
 * @module
 */
import type { AnyFunction } from '../../workers/fork/forker.ts';

/** The names of the functions that take `P`, and further arguments, and return `R`. */
export type BodyName<M, P extends readonly unknown[], R = unknown> = {
  // biome-ignore lint/suspicious/noExplicitAny: further arguments are checked with `args`; it is never called through
  [K in keyof M]: M[K] extends (...args: [...P, ...any[]]) => infer S
    ? unknown extends S
      ? K
      : S extends R
        ? K
        : never
    : never;
}[keyof M] &
  string;

/** What a function takes after `P`. */
export type ExtraArgs<F, P extends readonly unknown[]> = F extends AnyFunction
  ? Drop<Parameters<F>, P>
  : never;

/** What a function returns. */
export type ResultOf<F> = F extends AnyFunction ? ReturnType<F> : never;

type Drop<Q extends readonly unknown[], P extends readonly unknown[]> = P extends readonly [
  unknown,
  ...infer Rest,
]
  ? Q extends readonly [unknown?, ...infer Left]
    ? Drop<Left, Rest>
    : []
  : Q;
