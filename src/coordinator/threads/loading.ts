/**
 * Keeps a thread from being ended while Node loads its entry.
 *
 * Piscina loads the entry with `require`. Node aborts the whole process (`v8::Module::IsGraphAsync must be used
 * on an instantiated module`, seen with 20.20) when a thread is terminated while `require` instantiates an ES module:
 * `ModuleWrap::InstantiateSync` goes on after a termination as if the module were there. So the entry says when it has
 * been loaded, and whoever wants to end the thread waits until then. No code of the user runs before.
 *
 * @module
 */

/** `process.exit` waits so long for entries that are being loaded, ms. */
const EXIT_MS = 500;

const LOADING = 0;
const LOADED = 1;

/** Of all threads of this process. */
const entries = new Set<Int32Array>();

function atExit(): void {
  const end = performance.now() + EXIT_MS;
  for (const word of entries) Atomics.wait(word, 0, LOADING, Math.max(0, end - performance.now()));
}

export class Loading {
  /** Shared with the thread, whose entry sets it to 1 and notifies. */
  readonly word: Int32Array = new Int32Array(new SharedArrayBuffer(4));

  /** The thread is about to be spawned. Call `over` when it is known to be past its entry, or gone. */
  begin(): void {
    if (entries.size === 0) process.on('exit', atExit);
    entries.add(this.word);
  }

  over(): void {
    if (!entries.delete(this.word)) return;
    if (entries.size === 0) process.off('exit', atExit);
  }

  /** The entry has been loaded and cannot say so itself: the word did not reach it. */
  loadedUntold(): void {
    Atomics.store(this.word, 0, LOADED);
    Atomics.notify(this.word, 0);
    this.over();
  }

  /** Calls `loaded` as soon as the entry has been loaded: at once, if it has. */
  whenLoaded(loaded: () => void): void {
    const wait = Atomics.waitAsync(this.word, 0, LOADING);
    if (wait.async) void wait.value.then(loaded);
    else loaded();
  }
}
