/** The worker's half of the bare `postMessage` program: `{ id, task, args }` in, `{ id, value }` or `{ id, error }` out. */
import { parentPort } from 'node:worker_threads';

export function serve(tasks) {
  parentPort.on('message', ({ id, task, args }) => {
    try {
      const value = tasks[task](...args);
      if (value instanceof Promise) {
        value.then(
          (settled) => parentPort.postMessage({ id, value: settled }),
          (error) => parentPort.postMessage({ id, error }),
        );
      } else {
        parentPort.postMessage({ id, value });
      }
    } catch (error) {
      parentPort.postMessage({ id, error });
    }
  });
}
