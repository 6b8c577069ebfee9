/**
 * Values to words. One walk, in the order structured clone takes, every property read once.
 *
 * @module
 */
import { BufferTable } from './bytes.ts';
import { brandOf, type Class, classOfInstance, describe } from './classify.ts';
import {
  Identity,
  type Indexed,
  writeArray,
  writeInstance,
  writeMap,
  writePlain,
  writeSet,
} from './composites.ts';
import { classOfError, writeError } from './errors.ts';
import {
  ERROR_LIMITS,
  FALSE,
  HEADER_WORDS,
  LATER,
  MAX_DEPTH,
  MAX_INT,
  MIN_INT,
  NULL,
  T_DOUBLE,
  T_INT,
  T_LATER,
  T_REF,
  TAG_BITS,
  TRUE,
  UNDEFINED,
} from './format.ts';
import {
  WordBuffer,
  writeBigInt,
  writeBoxed,
  writeBuffer,
  writeDate,
  writeRegExp,
  writeView,
} from './leaves.ts';
import { Failure, NEEDS_PORT_SIGNAL, uncloneable } from './path.ts';
import { getPrototypeOf, isArray, isProxy, ObjectPrototype } from './primordials.ts';
import { ShapeTree } from './shapes.ts';
import { writeCarried, writeShared } from './shared.ts';

type Composite = (typeof LATER)[keyof typeof LATER];

/** Where the writer stood, to go back there when a part turns out not to be sendable and may be left out. */
interface Mark {
  readonly at: number;
  readonly text: string;
  readonly longs: number;
  readonly size: number;
  readonly seen: number;
  readonly buffers: number;
  readonly shared: number;
  readonly later: number;
  readonly depth: number;
}

export class Writer extends WordBuffer {
  readonly tree: ShapeTree = new ShapeTree();
  readonly buffers: BufferTable = new BufferTable();
  readonly #identity: Identity = new Identity();
  readonly #shared: Identity = new Identity();
  /** Whether shared memory may be referred to; whoever carries the message carries it beside. */
  #sharing = false;
  /** Whether anything that needs a port may be referred to likewise, if it is copied there or is in this list of what moves. */
  #moving: readonly object[] | undefined;
  /** Somebody gave `Object.prototype` enumerable keys: `for in` would list them. */
  #inherits = false;
  #later: object[] = [];
  #laterKinds: Composite[] = [];
  /** How many composites are open. */
  depth = 0;
  #guards = 0;
  /** Some composite is referred to by number. */
  numbered = false;
  /** How many errors this message holds. */
  errors = 0;
  /** Whether errors are cut to `ERROR_LIMITS`. */
  limited = false;

  begin(limited: boolean, sharing: boolean, moving?: readonly object[]): void {
    this.#sharing = sharing;
    this.#moving = moving;
    this.at = HEADER_WORDS;
    this.text = '';
    if (this.longs.length > 0) this.longs = [];
    this.longBytes = 0;
    this.tree.begin();
    this.#inherits = inheritsKeys();
    this.depth = 0;
    this.#guards = 0;
    this.numbered = false;
    this.errors = 0;
    this.limited = limited;
  }

  /** Lets go of the user's objects. */
  release(): void {
    // New lists: setting `length` is a call into C++, and most are empty anyway.
    if (this.#later.length > 0) {
      this.#later = [];
      this.#laterKinds = [];
    }
    this.#identity.clear();
    this.buffers.clear();
    this.#moving = undefined;
    if (this.#shared.count > 0) this.#shared.clear();
  }

  /** Shared memory and what else is carried beside, by the numbers this message refers to it by. */
  get shared(): readonly object[] {
    return this.#shared.objects;
  }

  sharedNumber(buffer: object): number {
    const known = this.#shared.numberOf(buffer);
    if (known >= 0) return known;
    this.#shared.add(buffer);
    return this.#shared.count - 1;
  }

  /** Gives an object its number, before anything inside it is written. */
  number(value: object): void {
    this.#identity.add(value);
  }

  get laterCount(): number {
    return this.#later.length;
  }

  write(value: unknown): void {
    if (this.at + 8 > this.capacity) this.grow(8);
    switch (typeof value) {
      case 'string':
        this.writeString(value);
        return;
      case 'number':
        if ((value | 0) === value && value <= MAX_INT && value >= MIN_INT && (value !== 0 || 1 / value > 0)) {
          this.words[this.at++] = (value << TAG_BITS) | T_INT;
        } else {
          this.words[this.at++] = T_DOUBLE;
          this.putDouble(value);
        }
        return;
      case 'object':
        if (value === null) this.words[this.at++] = NULL;
        else this.#object(value);
        return;
      case 'boolean':
        this.words[this.at++] = value ? TRUE : FALSE;
        return;
      case 'undefined':
        this.words[this.at++] = UNDEFINED;
        return;
      case 'bigint':
        writeBigInt(this, value);
        return;
      default:
        throw uncloneable(typeof value === 'function' ? 'a function' : 'a symbol');
    }
  }

  /** The arguments of one call. Keys other than indices are none of the function's business. */
  writeArgs(args: unknown[]): void {
    this.#identity.add(args);
    writeArray(this, args, false);
  }

  /** An error at the root of a message, also one that is an Error by its prototype only. */
  writeRootError(error: object): void {
    this.errors = 1;
    this.#composite(error, LATER.error);
  }

  /**
   * Writes what `read` gives, or, when it cannot be sent or is larger than `limit` bytes, what `standIn` makes of it.
   * Nothing is thrown.
   */
  writeGuarded(read: () => unknown, limit: number, standIn: (value: unknown) => string): void {
    const mark: Mark = {
      at: this.at,
      text: this.text,
      longs: this.longs.length,
      size: this.size,
      seen: this.#identity.count,
      buffers: this.buffers.entries.length,
      shared: this.#shared.count,
      later: this.#later.length,
      depth: this.depth,
    };
    let value: unknown;
    this.#guards++;
    try {
      value = read();
      this.write(value);
      if (this.#sizeSince(mark) > limit) throw new Failure('it is too large', undefined);
    } catch {
      this.#goBack(mark);
      this.writeString(standIn(value));
    }
    this.#guards--;
  }

  /** Writes the bodies that nesting put off. */
  writeLater(): void {
    for (let i = 0; i < this.#later.length; i++) {
      this.depth = 0;
      this.#body(this.#later[i]!, this.#laterKinds[i]!);
    }
  }

  #object(value: object): void {
    const known = this.#identity.numberOf(value);
    if (known >= 0) {
      this.numbered = true;
      this.words[this.at++] = (known << TAG_BITS) | T_REF;
      return;
    }
    if (isProxy(value)) throw uncloneable('a Proxy');
    if (isArray(value)) {
      this.#identity.add(value);
      if (this.depth < MAX_DEPTH) writeArray(this, value, true);
      else this.#putOff(value, LATER.array);
      return;
    }
    const prototype = getPrototypeOf(value) as object | null;
    if (prototype === ObjectPrototype) {
      if (this.depth >= MAX_DEPTH) this.#kind(value, brandOf(value) ?? 'plain');
      else {
        this.#identity.add(value);
        this.#plain(value as Indexed);
      }
      return;
    }
    this.#kind(value, classOfInstance(value, prototype));
  }

  #kind(value: object, kind: Class): void {
    switch (kind) {
      case 'plain':
        this.#composite(value, LATER.object);
        return;
      case 'map':
        this.#composite(value, LATER.map);
        return;
      case 'set':
        this.#composite(value, LATER.set);
        return;
      case 'error':
        if (this.limited && this.errors >= ERROR_LIMITS.errors)
          throw new Failure('too many errors', undefined);
        this.errors++;
        this.#composite(value, LATER.error);
        return;
      case 'view':
        this.#identity.add(value);
        writeView(this, value as ArrayBufferView);
        return;
      case 'date':
        this.#identity.add(value);
        writeDate(this, value as Date);
        return;
      case 'regexp':
        this.#identity.add(value);
        writeRegExp(this, value as RegExp);
        return;
      case 'boxed':
        this.#identity.add(value);
        writeBoxed(this, value);
        return;
      case 'buffer':
        writeBuffer(this, value as ArrayBuffer);
        return;
      case 'port':
        if (this.#sharing && writeShared(this, value)) return;
        if (this.#moving === undefined) throw NEEDS_PORT_SIGNAL;
        writeCarried(this, value);
        return;
      case 'move':
        if (!isAmong(this.#moving, value)) throw NEEDS_PORT_SIGNAL;
        writeCarried(this, value);
        return;
      default:
        throw uncloneable(describe(value, kind) ?? 'an object that cannot be copied');
    }
  }

  #composite(value: object, kind: Composite): void {
    this.#identity.add(value);
    if (this.depth < MAX_DEPTH) this.#body(value, kind);
    else this.#putOff(value, kind);
  }

  #body(value: object, kind: Composite): void {
    if (this.at + 8 > this.capacity) this.grow(8);
    this.depth++;
    switch (kind) {
      case LATER.array:
        this.depth--;
        writeArray(this, value as unknown[], true);
        return;
      case LATER.map:
        writeMap(this, value as Map<unknown, unknown>);
        break;
      case LATER.set:
        writeSet(this, value as Set<unknown>);
        break;
      case LATER.error:
        writeError(this, value);
        break;
      default:
        writeInstance(this, value as Indexed);
    }
    this.depth--;
  }

  #putOff(value: object, kind: Composite): void {
    // What a guard must be able to take back has to fail inside the guard.
    if (this.#guards > 0 && kind !== LATER.error) throw new Failure('it is nested too deeply', undefined);
    this.numbered = true;
    const at = this.#later.length;
    this.#later[at] = value;
    this.#laterKinds[at] = kind;
    const detail = kind === LATER.error ? classOfError(value) << 3 : 0;
    this.words[this.at++] = ((kind | detail) << TAG_BITS) | T_LATER;
  }

  /** Its prototype is a plain object's; what it is inside is asked where no key says so. */
  #plain(value: Indexed): void {
    const head = this.at;
    let brand: Class | undefined;
    if (!this.#inherits) {
      if (writePlain(this, value)) return;
      brand = brandOf(value);
      if (brand === undefined) return;
      this.at = head;
    } else {
      brand = brandOf(value);
      if (brand === undefined) {
        this.depth++;
        writeInstance(this, value);
        this.depth--;
        return;
      }
    }
    // It gets its number again as what it is; nothing inside it has got one yet.
    this.#identity.truncate(this.#identity.count - 1);
    this.#kind(value, brand);
  }

  #goBack(mark: Mark): void {
    this.at = mark.at;
    this.text = mark.text;
    while (this.longs.length > mark.longs) {
      const { text, wide } = this.longs[this.longs.length - 1]!;
      this.longBytes -= wide ? text.length * 2 : text.length;
      this.longs.length--;
    }
    this.depth = mark.depth;
    this.#later.length = mark.later;
    this.#laterKinds.length = mark.later;
    this.buffers.truncate(mark.buffers);
    this.#shared.truncate(mark.shared);
    this.#identity.truncate(mark.seen);
  }

  #sizeSince(mark: Mark): number {
    let bytes = this.size - mark.size;
    const { entries } = this.buffers;
    for (let i = mark.buffers; i < entries.length; i++) bytes += entries[i]!.bytes;
    return bytes;
  }
}

function isAmong(list: readonly object[] | undefined, value: object): boolean {
  if (list !== undefined) for (let i = 0; i < list.length; i++) if (list[i] === value) return true;
  return false;
}

function inheritsKeys(): boolean {
  for (const _ in ObjectPrototype) return true;
  return false;
}
