/**
 * Everything that needs the codec. Imported by each worker as it starts, but not waited for: a thread is ready, and
 * runs tasks of plain numbers, some milliseconds before these modules are there.
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
