/**
 * Everything that needs the codec: half the modules of a worker, loaded while the task modules load and the thread
 * reports ready.
 *
 * @module
 */
import type { MessagePort } from 'node:worker_threads';
import { ArgumentReader } from './arguments.ts';
import { Publisher } from './publish.ts';
import type { WorkerView } from './view.ts';

export class Payloads {
  readonly arguments: ArgumentReader;
  readonly publisher: Publisher;

  constructor(view: WorkerView, port: MessagePort, onMoved: () => void) {
    this.arguments = new ArgumentReader(view, port, onMoved);
    this.publisher = new Publisher(view, port, onMoved);
  }
}
