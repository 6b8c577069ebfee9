/**
 * The other thread of `wake.ts`. It is told by messages what to do:
 *
 * - `sleep`: waits on word 0 until it is notified, and writes the time of its awakening; until it is told to stop.
 * - `ring`: waits on word 1 until it is asked, lets the main thread fall asleep, writes the time, and notifies word 2;
 *   `count` times.
 * - `post`: as `ring`, but posts a message.
 */
import { parentPort, workerData } from 'node:worker_threads';

const { words, times, restMs } = workerData;
const [SLEEP, ASKED, BELL, READY, NEVER, STOP] = [0, 1, 2, 3, 4, 5];
const STOPPED = 0x7fffffff;

const rest = () => Atomics.wait(words, NEVER, 0, restMs);

function say(value) {
  Atomics.store(words, READY, value);
  Atomics.notify(words, READY);
}

function sleep() {
  for (let round = 1; ; round++) {
    say(round);
    Atomics.wait(words, SLEEP, round - 1);
    times[0] = process.hrtime.bigint();
    if (Atomics.load(words, STOP) === 1) break;
    say(-round);
  }
  say(STOPPED);
}

function answer(count, tell) {
  for (let round = 1; round <= count; round++) {
    Atomics.wait(words, ASKED, round - 1);
    rest();
    times[0] = process.hrtime.bigint();
    tell(round);
  }
}

parentPort.on('message', ({ what, count }) => {
  if (what === 'sleep') sleep();
  else if (what === 'post') answer(count, (round) => parentPort.postMessage(round));
  else {
    answer(count, (round) => {
      Atomics.store(words, BELL, round);
      Atomics.notify(words, BELL);
    });
  }
});
