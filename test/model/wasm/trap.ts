/** What a thread can trap on. */
export type TrapReason =
  | 'unreachable'
  | 'divide by zero'
  | 'integer overflow'
  | 'invalid conversion to integer'
  | 'out of bounds memory access'
  | 'unaligned atomic'
  | 'call stack exhausted'
  | 'imported function called';

/** A WebAssembly trap. */
export class Trap extends Error {
  readonly reason: TrapReason;

  constructor(reason: TrapReason, detail = '') {
    super(`trap: ${reason}${detail === '' ? '' : ` (${detail})`}`);
    this.name = 'Trap';
    this.reason = reason;
  }
}
