/**
 * Arguments that only a port can carry: cloned at submission, so that what is transferred is detached now and later
 * changes are not seen, and held until a worker can take them.
 *
 * @module
 */
import { MessageChannel, receiveMessageOnPort } from 'node:worker_threads';
import { Encoder, pathOfUncloneable } from '../codec/index.ts';
import { MillraceError, SerializeError } from '../errors.ts';
import type { PortArguments } from './handle.ts';

/**
 * @param transfer as `checkTransfer` lets it pass
 * @throws MillraceError `ERR_TRANSFER` for what cannot be moved; SerializeError for a value that cannot be cloned
 */
export function portArguments(args: readonly unknown[], transfer: readonly object[]): PortArguments {
  try {
    encoder ??= new Encoder();
    const carrying = encoder.encodeCarrying(args, 'args', transfer);
    if (carrying !== undefined) {
      const { bytes, carried } = carrying;
      const beside = cloned({ carried, transfer }, transfer as readonly ArrayBuffer[]);
      // Buffers that move are in the bytes, and detached by now.
      const moving = beside.transfer.filter((item) => !(item instanceof ArrayBuffer));
      return { bytes, carried: beside.carried, transfer: moving };
    }
    // The list is cloned along with the arguments: its copies are the very objects inside theirs.
    return cloned({ args, transfer }, transfer as readonly ArrayBuffer[]);
  } catch (cause) {
    throw portError(cause, args, transfer);
  }
}

/** What it means that arguments could not be posted. */
export function portError(cause: unknown, args: readonly unknown[], transfer: readonly object[]): Error {
  const path = pathOfUncloneable(args, 'args', transfer);
  const why = cause instanceof Error ? cause.message : String(cause);
  if (path !== 'args' || transfer.length === 0)
    return new SerializeError('ERR_SERIALIZE', path, `Cannot send \`${path}\` to a worker: ${why}`, {
      cause,
    });
  const text = `The transfer list cannot be transferred: ${why.replace(/\.$/, '')}. Nothing was detached.`;
  return new MillraceError('ERR_TRANSFER', text, { cause });
}

/** What it means that arguments which were cloned at submission could not be posted when their turn came. */
export function lateError(cause: unknown, transfer: readonly object[]): Error {
  const why = (cause instanceof Error ? cause.message : String(cause)).replace(/\.$/, '');
  if (transfer.length === 0) {
    const text = `Cannot send the arguments to a worker: ${why}.`;
    return new SerializeError('ERR_SERIALIZE', 'args', text, { cause });
  }
  const text = `What the task was given could not be moved on when its turn came: ${why}. Was the other end of a port closed meanwhile? The task has not run.`;
  return new MillraceError('ERR_TRANSFER', text, { cause });
}

/** Bytes and primitives, of which only buffers move: cloning them runs no code of the user's. */
export function isBytesOnly(args: readonly unknown[], transfer: readonly object[]): boolean {
  for (const item of transfer) if (!(item instanceof ArrayBuffer)) return false;
  for (const arg of args) {
    if (typeof arg === 'object' && arg !== null && !ArrayBuffer.isView(arg) && !(arg instanceof ArrayBuffer))
      return false;
    if (typeof arg === 'function') return false;
  }
  return true;
}

let encoder: Encoder | undefined;

/** Its messages are received in the turn they were posted in, so it is always empty. */
let channel: MessageChannel | undefined;

// What `structuredClone` of Node 20 does, without its new channel for every call: a fifth of the time.
function cloned<T>(value: T, transfer: readonly ArrayBuffer[]): T {
  channel ??= new MessageChannel();
  channel.port1.postMessage(value, transfer);
  return receiveMessageOnPort(channel.port2)!.message as T;
}
