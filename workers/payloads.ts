/**
 * What needs the codec or comes with what it decodes: half the modules of a worker. A thread is ready, and runs tasks of plain
 * numbers, without them.
 *
 * @module
 */
import type { MessagePort } from 'node:worker_threads';
import { Decoder } from '../src/codec/index.ts';
import { Publisher } from './publish.ts';
import { runSource } from './source.ts';
import type { WorkerView } from './view.ts';

export class Payloads {
  readonly decoder: Decoder = new Decoder();
  readonly publisher: Publisher;
  /** Function number 0. It gets its source as an argument, and text is always encoded. */
  readonly runSource: typeof runSource = runSource;

  constructor(view: WorkerView, port: MessagePort, onMoved: () => void) {
    this.publisher = new Publisher(view, port, onMoved);
  }
}
