/**
 * The other thread of `wake.ts`. It is told by messages what to do, and does it `count` times:
 *
 * - `sleep`: waits on word 0 until it is notified, and writes the time of its awakening.
 * - `ring`: waits on word 1 until it is asked, lets the main thread fall asleep, writes the time, and notifies word 2.
 * - `post`: as `ring`, but posts a message.
 */
import { parentPort, workerData } from 'node:worker_threads';

const { words, times, restMs } = workerData;
const [SLEEP, ASKED, BELL, NEVER] = [0, 1, 2, 4];
const READY = 3;

const rest = () => Atomics.wait(words, NEVER, 0, restMs);

function sleep(count) {
  for (let round = 1; round <= count; round++) {
    Atomics.store(words, READY, round);
    Atomics.wait(words, SLEEP, round - 1);
    times[0] = process.hrtime.bigint();
    Atomics.store(words, READY, -round);
    Atomics.notify(words, READY);
  }
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
  if (what === 'sleep') sleep(count);
  else if (what === 'post') answer(count, (round) => parentPort.postMessage(round));
  else {
    answer(count, (round) => {
      Atomics.store(words, BELL, round);
      Atomics.notify(words, BELL);
    });
  }
});
