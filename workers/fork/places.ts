/**
 * What stands on the stack of children, at the place of each.
 *
 * @module
 */

/** Arguments that have a place of their own on the stack: `2 ** ARGUMENT_SHIFT`. */
export const ARGUMENT_SHIFT = 3;
export const INLINE_ARGUMENTS: number = 1 << ARGUMENT_SHIFT;
/** Below a function's number: how many arguments, or where they are. */
export const META_SHIFT = 4;
export const COUNT_MASK = 15;
/** In the record alone, since they were cloned into it: the child is published. */
export const IN_RECORD = 14;
/** As an array, in the first slot. */
export const AS_LIST = 15;
/** Instead of a function's number: the place is left over, its child is over. */
export const GONE = -1;
/** Its child has run, before it was joined; the end is in the first slot. */
export const EARLY = -2;

export const NOT_TORN = -1;

/** Under this, handles are 0 at turns where all is looked at. */
export const LONG_TURN = 255;
/** How a child ended that its own thread ran before it was joined. */
export type Early =
  | { readonly end: 'value'; readonly value: unknown }
  | { readonly end: 'error'; readonly error: unknown };

/** As V8 makes it. */
export function stackOverflow(): RangeError {
  return new RangeError('Maximum call stack size exceeded');
}

/** The stack overflowed before it ran. */
export const OVERFLOWED: Early = {
  end: 'error',
  error: stackOverflow(),
};
