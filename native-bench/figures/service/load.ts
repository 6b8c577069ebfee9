import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export interface Load {
  readonly url: string;
  /** What the routes must answer. */
  readonly cheapBody: string;
  readonly heavyBody: string;
  /** Groups of connections to the cheap route, started evenly over a second, and connections in each. */
  readonly groups: number;
  readonly connections: number;
  readonly heavyConnections: number;
  /** From the first heavy answer to the window in which answers count. */
  readonly settleMs: number;
  /** At least; longer when a route has not answered by then. */
  readonly windowMs: number;
}

export interface Report {
  /** Milliseconds from request to answer, of the cheap requests answered in the window. */
  readonly cheap: readonly number[];
  /** Heavy requests answered in the window. */
  readonly heavy: number;
  /** How long the window was. */
  readonly windowMs: number;
  /** The first few wrong answers and errors, of the whole time. */
  readonly problems: readonly string[];
}

const STDERR_KEPT = 2_000;

/** Puts the load on a service from another process. Rejects when anything went wrong, so that no error goes uncounted. */
export async function putUnder(load: Load): Promise<Report> {
  const child = fork(fileURLToPath(new URL('./load.mjs', import.meta.url)), [], {
    execArgv: [],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  let stderr = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-STDERR_KEPT);
  });
  const report = await new Promise<Report>((resolve, reject) => {
    child.once('message', (message) => resolve(message as Report));
    child.once('error', reject);
    child.once('close', (code) => {
      const why = stderr.split('\n').find((line) => /error/i.test(line)) ?? 'it wrote nothing';
      reject(new Error(`The load generator ended with ${code}: ${why.trim()}`));
    });
    child.send(load);
  });
  if (report.problems.length > 0) throw new Error(`Wrong answers: ${report.problems.join('; ')}`);
  return report;
}
