/**
 * The bytes of a stream that its parser has not given back yet as records.
 *
 * @module
 */

/** Keeps no more than what the parser holds: a record and the chunks behind it. */
export class ReadBytes {
  readonly #chunks: Buffer[] = [];
  /** Where in the stream the first chunk starts. */
  #at = 0;

  add(chunk: Buffer): void {
    this.#chunks.push(chunk);
  }

  /** The bytes after those taken before, up to the position `end` of the stream. */
  takeTo(end: number): Buffer {
    const parts: Buffer[] = [];
    for (let chunk = this.#chunks[0]; chunk && this.#at < end; chunk = this.#chunks[0]) {
      const part = chunk.subarray(0, end - this.#at);
      parts.push(part);
      this.#at += part.length;
      if (part.length === chunk.length) this.#chunks.shift();
      else this.#chunks[0] = chunk.subarray(part.length);
    }
    return parts.length === 1 ? parts[0]! : Buffer.concat(parts);
  }
}
