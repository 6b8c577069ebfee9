/** Solves whole problems by the plain program, on a thread of its own, when the word in the gate changes. */
import { parentPort, workerData } from 'node:worker_threads';
import { SEQUENTIAL } from './forkjoin.mjs';

const gate = new Int32Array(workerData);
const now = () => performance.timeOrigin + performance.now();

parentPort.on('message', ({ program, numbers, round }) => {
  const { prepare, solve, read } = SEQUENTIAL[program];
  const input = prepare(numbers);
  globalThis.gc?.();
  parentPort.postMessage('prepared');
  Atomics.wait(gate, 0, round - 1);
  const from = now();
  const found = solve(input);
  const to = now();
  parentPort.postMessage({ from, to, answer: read === undefined ? found : read(input) });
});
