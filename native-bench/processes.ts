/**
 * Measured processes, seen from the script: one request at a time, each with a limit, and every way to fail is a reason.
 *
 * @module
 */

import { type ChildProcess, fork } from 'node:child_process';
import type { Sample } from './figures/figure.ts';
import type { Reply, Request } from './session.ts';

const STDERR_KEPT = 2_000;

/** A contender did not deliver; the message says how. */
export class ContenderFailure extends Error {}

export class MeasuredProcess {
  readonly #child: ChildProcess;
  #stderr = '';
  #ended: string | undefined;
  #fail: ((failure: ContenderFailure) => void) | undefined;

  constructor(session: string) {
    this.#child = fork(session, [], {
      execArgv: ['--expose-gc'],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-STDERR_KEPT);
    });
    this.#child.on('error', (error) => this.#end(`could not be started: ${error.message}`));
    this.#child.on('close', (code, signal) => {
      const how = signal === null ? `exit code ${code}` : `signal ${signal}`;
      this.#end(`its process ended with ${how}${firstLine(this.#stderr)}`);
    });
  }

  /** Resolves to the sample, if the request has one. Rejects with a `ContenderFailure`; then the process is dead. */
  async request(request: Request, limitMs: number): Promise<Sample | undefined> {
    const reply = await this.#exchange(request, limitMs);
    if (reply.kind === 'done') return reply.sample;
    await this.kill();
    throw new ContenderFailure(reply.reason);
  }

  get alive(): boolean {
    return this.#ended === undefined;
  }

  async kill(): Promise<void> {
    if (this.#ended !== undefined) return;
    const closed = new Promise((resolve) => this.#child.once('close', resolve));
    this.#child.kill('SIGKILL');
    await closed;
  }

  #exchange(request: Request, limitMs: number): Promise<Reply> {
    return new Promise((resolve, reject) => {
      if (this.#ended !== undefined) {
        reject(new ContenderFailure(this.#ended));
        return;
      }
      const timer = setTimeout(() => {
        settle();
        const failure = new ContenderFailure(
          `hung or too slow: no answer to "${request.kind}" in ${limitMs / 1000} s`,
        );
        void this.kill().then(() => reject(failure));
      }, limitMs);
      const settle = (): void => {
        clearTimeout(timer);
        this.#fail = undefined;
        this.#child.off('message', receive);
      };
      const receive = (reply: Reply): void => {
        settle();
        resolve(reply);
      };
      this.#fail = (failure) => {
        settle();
        reject(failure);
      };
      this.#child.on('message', receive);
      this.#child.send(request, (error) => {
        if (error !== null) this.#end(`could not be reached: ${error.message}`);
      });
    });
  }

  #end(reason: string): void {
    this.#ended ??= reason;
    this.#fail?.(new ContenderFailure(this.#ended));
  }
}

/** The line of a crash report that says what happened. */
function firstLine(stderr: string): string {
  const lines = stderr.split('\n').map((line) => line.trim());
  const telling = lines.find((line) => /error|fatal/i.test(line)) ?? lines.find((line) => line !== '');
  return telling === undefined ? '' : `: ${telling}`;
}
