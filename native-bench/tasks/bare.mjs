/** The least a worker can do: import the task module, run one task, say so, and then listen. */
import { parentPort } from 'node:worker_threads';
import { add } from './functions.mjs';

parentPort.postMessage(add(1, 2));
parentPort.on('message', () => {});
