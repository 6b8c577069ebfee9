/**
 * What the CPU spent, on this process's main thread and in all its threads.
 *
 * @module
 */

import { readFileSync } from 'node:fs';

/** On Linux the id of the main thread is the id of the process. */
const MAIN_THREAD = `/proc/self/task/${process.pid}/schedstat`;

/** Microseconds the main thread has run, or `null` where the system does not say (only Linux does). */
export function mainThreadMicros(): number | null {
  try {
    const [nanoseconds] = readFileSync(MAIN_THREAD, 'utf8').split(' ');
    return Number(nanoseconds) / 1000;
  } catch {
    return null;
  }
}

/** Microseconds all threads of this process have run. */
export function processMicros(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

export interface CpuSpent {
  readonly main: number | null;
  readonly process: number;
}

/** Starts a measurement; calling the result says what was spent since, in microseconds per one of `tasks`. */
export function cpuSince(): (tasks: number) => CpuSpent {
  const main = mainThreadMicros();
  const all = processMicros();
  return (tasks) => {
    const mainNow = mainThreadMicros();
    return {
      main: main === null || mainNow === null ? null : (mainNow - main) / tasks,
      process: (processMicros() - all) / tasks,
    };
  };
}
