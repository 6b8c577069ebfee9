/**
 * Memory instructions on the flat state: little-endian, of any width and alignment, over the words of the address
 * space. One call is one step of the machine.
 *
 * @module
 */

import { type AddressSpace, CONSTANT, SHARED } from '../address-space.ts';
import type { Futex } from '../futex.ts';
import { Violation } from '../violation.ts';
import { FE, OPCODES, slotsOf } from './opcodes.ts';
import { Trap } from './trap.ts';

/** What an access did: it is done, the thread is asleep, or (bulk instructions) there is more of it. */
export type Outcome = 'done' | 'asleep' | 'more';

const SIZE = 0x150;
const BYTES = new Uint8Array(SIZE);
const WIDE = new Uint8Array(SIZE);
const SIGNED = new Uint8Array(SIZE);
const ATOMIC = new Uint8Array(SIZE);
const KIND = new Uint8Array(SIZE);
const KINDS = ['none', 'load', 'store', 'rmw', 'cmpxchg', 'notify', 'wait', 'copy', 'fill'];
const LOAD = 1;
const STORE = 2;
const RMW = 3;
const CMPXCHG = 4;
const NOTIFY = 5;
const COPY = 7;
for (const { code, access, effect } of OPCODES.values()) {
  if (access === undefined || effect === undefined) continue;
  const value = effect.takes[1] ?? effect.gives[0]!;
  BYTES[code] = access.bytes;
  WIDE[code] = slotsOf(value) - 1;
  SIGNED[code] = access.signed ? 1 : 0;
  ATOMIC[code] = access.atomic ? 1 : 0;
  KIND[code] = KINDS.indexOf(access.kind);
}

/** Which threads (bit masks by state index) touched a shared word how. */
export interface Touches {
  readonly plainReads: Uint8Array;
  readonly plainWrites: Uint8Array;
  readonly atomicReads: Uint8Array;
  readonly atomicWrites: Uint8Array;
}

export class MemoryUnit {
  readonly touches: Touches;
  /** During setup nothing is a scheduling point and constant words may be written. */
  setup = false;
  readonly #s: Int32Array;
  readonly #space: AddressSpace;
  readonly #futex: Futex;
  readonly #bytes: number;
  #low = 0;
  #high = 0;

  constructor(s: Int32Array, space: AddressSpace, futex: Futex) {
    this.#s = s;
    this.#space = space;
    this.#futex = futex;
    this.#bytes = space.bytes;
    const mask = (): Uint8Array => new Uint8Array(space.total);
    this.touches = {
      plainReads: mask(),
      plainWrites: mask(),
      atomicReads: mask(),
      atomicWrites: mask(),
    };
  }

  /** The first byte the instruction touches, given the slot of its first operand. */
  addressOf(op: number, i: number, offset: number): number {
    const bulk = KIND[op]! >= COPY ? 0 : offset >>> 0;
    return (this.#s[i]! >>> 0) + bulk;
  }

  /**
   * Whether the access is a scheduling point. Traps and accesses outside of the regions or in another thread's
   * private words are thrown here, so before the thread is stopped.
   */
  shared(op: number, i: number, offset: number, thread: number): boolean {
    const kind = KIND[op]!;
    if (kind >= COPY) return this.#bulkShared(op, i, thread);
    const address = (this.#s[i]! >>> 0) + (offset >>> 0);
    const bytes = BYTES[op]!;
    if (ATOMIC[op] === 1 && (address & (bytes - 1)) !== 0) throw new Trap('unaligned atomic', `${address}`);
    if (address + bytes > this.#bytes) throw new Trap('out of bounds memory access', `${address}`);
    const writes = kind === STORE || kind === RMW || kind === CMPXCHG;
    const first = this.locate(address, thread, writes);
    if ((address & 3) + bytes <= 4) return first;
    return this.locate(address + bytes - 1, thread, writes) || first;
  }

  #bulkShared(op: number, i: number, thread: number): boolean {
    const s = this.#s;
    const length = s[i + 2]! >>> 0;
    const to = s[i]! >>> 0;
    const copies = KIND[op] === COPY;
    const from = copies ? s[i + 1]! >>> 0 : 0;
    if (to + length > this.#bytes || from + (copies ? length : 0) > this.#bytes) {
      throw new Trap('out of bounds memory access', `${to}, ${length} bytes`);
    }
    if (length === 0) return false;
    const end = copies && to > from ? length - 1 : 0;
    const writes = this.locate(to + end, thread, true);
    return (copies && this.locate(from + end, thread, false)) || writes;
  }

  /** Whether the word is shared; throws unless the thread may touch it. */
  locate(address: number, thread: number, writes: boolean): boolean {
    const at = this.#space.index[address >>> 2] ?? -1;
    if (at < 0) throw new Violation(`access to ${this.#space.label(address)}, outside of every region`);
    if (this.setup) return false;
    const owner = this.#space.owner[at]!;
    if (owner === SHARED) return true;
    if (owner === CONSTANT) {
      if (writes) throw new Violation(`write to ${this.#space.label(address)}, declared constant`);
    } else if (owner !== thread) {
      throw new Violation(`access to ${this.#space.label(address)}, private to another thread`);
    }
    return false;
  }

  /** Notes for the report how a word was touched. */
  touch(
    address: number,
    bytes: number,
    thread: number,
    atomic: boolean,
    reads: boolean,
    writes: boolean,
  ): void {
    if (this.setup) return;
    const { plainReads, plainWrites, atomicReads, atomicWrites } = this.touches;
    for (let w = address >>> 2; w <= (address + bytes - 1) >>> 2; w++) {
      const at = this.#space.index[w]!;
      if (reads) (atomic ? atomicReads : plainReads)[at]! |= 1 << thread;
      if (writes) (atomic ? atomicWrites : plainWrites)[at]! |= 1 << thread;
    }
  }

  /** Performs the access whose first operand is in slot `i`. {@link shared} has allowed it. */
  perform(op: number, i: number, offset: number, thread: number): Outcome {
    const s = this.#s;
    const kind = KIND[op]!;
    if (kind >= COPY) return this.#bulk(kind === COPY, i, thread);
    const address = (s[i]! >>> 0) + (offset >>> 0);
    const bytes = BYTES[op]!;
    const atomic = ATOMIC[op] === 1;
    const wide = WIDE[op] === 1;
    switch (kind) {
      case LOAD:
        this.#read(address, bytes);
        this.touch(address, bytes, thread, atomic, true, false);
        this.#result(op, i, bytes, wide);
        return 'done';
      case STORE:
        this.touch(address, bytes, thread, atomic, false, true);
        this.#write(address, bytes, s[i + 1]!, wide ? s[i + 2]! : 0);
        return 'done';
      case RMW:
        this.#read(address, bytes);
        this.touch(address, bytes, thread, atomic, true, true);
        this.#modify(Math.floor((op - FE - 0x1e) / 7), address, bytes, s[i + 1]!, wide ? s[i + 2]! : 0);
        this.#result(op, i, bytes, wide);
        return 'done';
      case CMPXCHG: {
        this.#read(address, bytes);
        this.touch(address, bytes, thread, atomic, true, true);
        // A narrow one compares with the low bits of what is expected.
        const low = bytes < 4 ? s[i + 1]! & (bytes === 1 ? 0xff : 0xffff) : s[i + 1]!;
        const high = wide && bytes === 8 ? s[i + 2]! : 0;
        const same = this.#low === low && this.#high === high;
        if (same) this.#write(address, bytes, s[i + (wide ? 3 : 2)]!, wide ? s[i + 4]! : 0);
        this.#result(op, i, bytes, wide);
        return 'done';
      }
      case NOTIFY:
        s[i] = this.#futex.notify(address, s[i + 1]! >>> 0);
        return 'done';
      default:
        return this.#wait(address, i, thread);
    }
  }

  #wait(address: number, i: number, thread: number): Outcome {
    const s = this.#s;
    this.#read(address, 4);
    this.touch(address, 4, thread, true, true, false);
    if (this.#low !== s[i + 1]) {
      s[i] = 1;
      return 'done';
    }
    const timed = s[i + 3]! >= 0;
    if (this.setup) {
      if (!timed) throw new Violation(`setup would sleep for ever on ${this.#space.label(address)}`);
      s[i] = 2;
      return 'done';
    }
    this.#futex.sleep(thread, address, timed);
    return 'asleep';
  }

  #read(address: number, bytes: number): void {
    const s = this.#s;
    const { index } = this.#space;
    if ((address & 3) === 0 && bytes >= 4) {
      this.#low = s[index[address >>> 2]!]!;
      this.#high = bytes === 8 ? s[index[(address + 4) >>> 2]!]! : 0;
      return;
    }
    this.#low = 0;
    this.#high = 0;
    for (let b = 0; b < bytes; b++) {
      const byte = (s[index[(address + b) >>> 2]!]! >>> (((address + b) & 3) * 8)) & 255;
      if (b < 4) this.#low |= byte << (b * 8);
      else this.#high |= byte << (b * 8 - 32);
    }
  }

  #write(address: number, bytes: number, low: number, high: number): void {
    const s = this.#s;
    const { index } = this.#space;
    if ((address & 3) === 0 && bytes >= 4) {
      s[index[address >>> 2]!] = low;
      if (bytes === 8) s[index[(address + 4) >>> 2]!] = high;
      return;
    }
    for (let b = 0; b < bytes; b++) {
      const byte = ((b < 4 ? low : high) >>> ((b & 3) * 8)) & 255;
      this.#setByte(address + b, byte);
    }
  }

  #setByte(address: number, byte: number): void {
    const at = this.#space.index[address >>> 2]!;
    const shift = (address & 3) * 8;
    this.#s[at] = (this.#s[at]! & ~(255 << shift)) | (byte << shift);
  }

  /** Puts the value read into slot `i`, extended to the type of the instruction. */
  #result(op: number, i: number, bytes: number, wide: boolean): void {
    const s = this.#s;
    let low = this.#low;
    if (SIGNED[op] === 1 && bytes < 4) low = bytes === 1 ? (low << 24) >> 24 : (low << 16) >> 16;
    s[i] = low;
    if (wide) s[i + 1] = bytes === 8 ? this.#high : SIGNED[op] === 1 ? low >> 31 : 0;
  }

  /** Writes `old <operation> operand`; the operations are `add sub and or xor xchg`. */
  #modify(operation: number, address: number, bytes: number, low: number, high: number): void {
    const oldLow = this.#low;
    const oldHigh = this.#high;
    let carry = 0;
    let newLow: number;
    switch (operation) {
      case 0:
        newLow = (oldLow + low) | 0;
        carry = newLow >>> 0 < oldLow >>> 0 ? 1 : 0;
        this.#write(address, bytes, newLow, (oldHigh + high + carry) | 0);
        return;
      case 1:
        carry = oldLow >>> 0 < low >>> 0 ? 1 : 0;
        this.#write(address, bytes, (oldLow - low) | 0, (oldHigh - high - carry) | 0);
        return;
      case 2:
        this.#write(address, bytes, oldLow & low, oldHigh & high);
        return;
      case 3:
        this.#write(address, bytes, oldLow | low, oldHigh | high);
        return;
      case 4:
        this.#write(address, bytes, oldLow ^ low, oldHigh ^ high);
        return;
      default:
        this.#write(address, bytes, low, high);
        return;
    }
  }

  /** One chunk of at most a word; the operands are moved on, so that the instruction can be taken up again. */
  #bulk(copies: boolean, i: number, thread: number): Outcome {
    const s = this.#s;
    const length = s[i + 2]! >>> 0;
    if (length === 0) return 'done';
    const to = s[i]! >>> 0;
    const from = s[i + 1]! >>> 0;
    const left = (address: number): number => 4 - (address & 3);
    const downwards = copies && to > from;
    let chunk = Math.min(length, left(to));
    if (downwards) chunk = Math.min(length, ((to + length - 1) & 3) + 1, ((from + length - 1) & 3) + 1);
    else if (copies) chunk = Math.min(chunk, left(from));
    const skip = downwards ? length - chunk : 0;
    if (copies) {
      this.#read(from + skip, chunk);
      this.touch(from + skip, chunk, thread, false, true, false);
      this.#write(to + skip, chunk, this.#low, 0);
    } else {
      this.#write(to, chunk, Math.imul(s[i + 1]! & 255, 0x01010101), 0);
    }
    this.touch(to + skip, chunk, thread, false, false, true);
    s[i + 2] = length - chunk;
    if (!downwards) {
      s[i] = to + chunk;
      if (copies) s[i + 1] = from + chunk;
    }
    return length === chunk ? 'done' : 'more';
  }
}
