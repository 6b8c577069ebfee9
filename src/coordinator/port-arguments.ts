/**
 * Arguments that only a port can carry: cloned at submission, so that what is transferred is detached now and later
 * changes are not seen, and held until a worker can take them.
 *
 * @module
 */
import { pathOfUncloneable } from '../codec/index.ts';
import { MillraceError, SerializeError } from '../errors.ts';
import type { PortArguments } from './handle.ts';
import { checkTransfer } from './validate.ts';

/**
 * @throws MillraceError `ERR_TRANSFER` for a wrong list; SerializeError for a value that cannot be cloned
 */
export function portArguments(args: readonly unknown[], transfer: readonly object[]): PortArguments {
  checkTransfer(transfer);
  try {
    // The list is cloned along with the arguments: its copies are the very objects inside theirs.
    const clone = structuredClone({ args, transfer }, { transfer: transfer as ArrayBuffer[] });
    return clone;
  } catch (cause) {
    const path = pathOfUncloneable(args, 'args', transfer);
    const why = cause instanceof Error ? cause.message : String(cause);
    if (path === 'args' && transfer.length > 0) {
      throw new MillraceError(
        'ERR_TRANSFER',
        `The transfer list cannot be transferred: ${why}. Nothing was detached.`,
        { cause },
      );
    }
    throw new SerializeError('ERR_SERIALIZE', path, `Cannot send \`${path}\` to a worker: ${why}`, { cause });
  }
}
