/**
 * What an earlier run has left in its output: which items are done, of which inputs, and where the last full line ends.
 *
 * @module
 */

import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { CommandFailure, reason, systemCode } from '../exit.ts';

const PAGE = 4096;
const NOTHING = -1;

/** The items an output holds, as an index and a 48-bit hash of the input each: 8 bytes an item. */
export class DoneItems {
  readonly #pages = new Map<number, Float64Array>();
  #count = 0;
  #failed = 0;
  #last = -1;
  /** Bytes of the file that are full lines. */
  bytes = 0;

  get count(): number {
    return this.#count;
  }

  /** Of those, with an `error`. */
  get failed(): number {
    return this.#failed;
  }

  /** The highest index, or -1. */
  get last(): number {
    return this.#last;
  }

  has(index: number): boolean {
    return this.#at(index) !== NOTHING;
  }

  isOf(index: number, input: unknown): boolean {
    return this.#at(index) === hash(input);
  }

  /** `false` if the index was there already. */
  add(index: number, input: unknown, failed: boolean): boolean {
    if (this.has(index)) return false;
    const number = Math.floor(index / PAGE);
    let page = this.#pages.get(number);
    if (!page) this.#pages.set(number, (page = new Float64Array(PAGE).fill(NOTHING)));
    page[index % PAGE] = hash(input);
    this.#count += 1;
    if (failed) this.#failed += 1;
    if (index > this.#last) this.#last = index;
    return true;
  }

  #at(index: number): number {
    return this.#pages.get(Math.floor(index / PAGE))?.[index % PAGE] ?? NOTHING;
  }
}

function hash(input: unknown): number {
  return createHash('sha256').update(JSON.stringify(input)).digest().readUIntBE(0, 6);
}

/** Reads an output back; a file that is not there has nothing done. A torn last line does not count. */
export async function readDone(name: string, path: string): Promise<DoneItems> {
  const done = new DoneItems();
  try {
    const file = await open(path, 'r');
    if (!(await file.stat()).isFile()) {
      await file.close();
      throw new CommandFailure(`cannot resume ${name}: it is not a regular file`);
    }
    let line = 0;
    let rest: Buffer[] = [];
    for await (const chunk of file.createReadStream({ highWaterMark: 1 << 18 }) as AsyncIterable<Buffer>) {
      let from = 0;
      for (let to = chunk.indexOf(10); to >= 0; to = chunk.indexOf(10, from)) {
        const whole = Buffer.concat([...rest, chunk.subarray(from, to)]);
        rest = [];
        from = to + 1;
        take(done, name, ++line, whole);
        done.bytes += whole.length + 1;
      }
      if (from < chunk.length) rest.push(chunk.subarray(from));
    }
  } catch (error) {
    if (error instanceof CommandFailure) throw error;
    if (systemCode(error) !== 'ENOENT') {
      throw new CommandFailure(`cannot read ${name}: ${reason(error)}`, { cause: error });
    }
  }
  return done;
}

function take(done: DoneItems, name: string, line: number, bytes: Buffer): void {
  let record: { index?: unknown; input?: unknown; error?: unknown } | null;
  try {
    record = JSON.parse(bytes.toString()) as typeof record;
  } catch {
    record = null;
  }
  if (
    typeof record !== 'object' ||
    record === null ||
    !Number.isSafeInteger(record.index) ||
    (record.index as number) < 0 ||
    !('input' in record) ||
    !('result' in record || 'error' in record)
  ) {
    throw new CommandFailure(`cannot resume ${name}: line ${line} is not a record of millrace map`);
  }
  if (!done.add(record.index as number, record.input, 'error' in record)) {
    throw new CommandFailure(`cannot resume ${name}: line ${line} has item ${record.index} a second time`);
  }
}
