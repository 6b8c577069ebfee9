/**
 * Arguments that only a port can carry: cloned at submission, so that what is transferred is detached now and later
 * changes are not seen, and held until a worker can take them.
 *
 * @module
 */
import { MessageChannel, receiveMessageOnPort } from 'node:worker_threads';
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
    return cloned({ args, transfer }, transfer as readonly ArrayBuffer[]);
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

/** Its messages are received in the turn they were posted in, so it is always empty. */
let channel: MessageChannel | undefined;

// What `structuredClone` of Node 20 does, without its new channel for every call: a fifth of the time.
function cloned<T>(value: T, transfer: readonly ArrayBuffer[]): T {
  channel ??= new MessageChannel();
  channel.port1.postMessage(value, transfer);
  return receiveMessageOnPort(channel.port2)!.message as T;
}
