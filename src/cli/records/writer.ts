/**
 * Appends whole lines to a target, several at once when the target is slow, and tells when there is room again.
 *
 * @module
 */

/** Where lines go. `write` either takes the whole chunk, or fails and leaves no half line behind. */
export interface LineTarget {
  write(chunk: Buffer): Promise<void>;
  /** After the last write: `complete` when the run has come to its end, so that no record at all is a result, too. */
  end(run: 'complete' | 'partial'): Promise<void>;
}

export interface WriterEvents {
  /** Something was written: `pendingBytes` is lower. */
  onRoom(): void;
  /** The target failed; nothing more will be written. */
  onFailure(error: Error): void;
}

/** Most that is handed to the target in one go. */
const CHUNK_CHARS = 1 << 20;

export class RecordWriter {
  readonly #target: LineTarget;
  readonly #events: WriterEvents;
  #lines: string[] = [];
  #chars = 0;
  #inWrite = 0;
  #writing: Promise<void> | undefined;
  #failure: Error | undefined;
  #written = 0;

  constructor(target: LineTarget, events: WriterEvents) {
    this.#target = target;
    this.#events = events;
  }

  /** Lines the target has taken; after a failure, those of the last chunk are not counted. */
  get written(): number {
    return this.#written;
  }

  /** Characters accepted and not yet written. */
  get pending(): number {
    return this.#chars + this.#inWrite;
  }

  /** Queues one line, newline included. */
  push(line: string): void {
    if (this.#failure) return;
    this.#lines.push(line);
    this.#chars += line.length;
    this.#writing ??= this.#drain();
  }

  /** Waits until everything is written. Failures go to `onFailure`. */
  async flush(): Promise<void> {
    while (this.#writing) await this.#writing;
  }

  /** After `flush`: ends the target. Failures go to `onFailure`. */
  async end(run: 'complete' | 'partial'): Promise<void> {
    await this.flush();
    if (this.#failure) return;
    try {
      await this.#target.end(run);
    } catch (error) {
      this.#fail(error as Error);
    }
  }

  async #drain(): Promise<void> {
    // A turn later, so that all lines of this turn go out in one write.
    await null;
    while (this.#lines.length > 0 && !this.#failure) {
      const { chunk, count } = this.#take();
      this.#inWrite = chunk.length;
      try {
        await this.#target.write(Buffer.from(chunk));
        this.#written += count;
      } catch (error) {
        this.#fail(error as Error);
      }
      this.#inWrite = 0;
      this.#events.onRoom();
    }
    this.#writing = undefined;
  }

  #take(): { readonly chunk: string; readonly count: number } {
    let count = 0;
    let chars = 0;
    while (count < this.#lines.length && (count === 0 || chars < CHUNK_CHARS))
      chars += this.#lines[count++]!.length;
    this.#chars -= chars;
    return { chunk: this.#lines.splice(0, count).join(''), count };
  }

  #fail(error: Error): void {
    this.#failure = error;
    this.#lines = [];
    this.#chars = 0;
    this.#events.onFailure(error);
  }
}
