/**
 * What a worker's code needs to read and write shared memory: the core, the views, and where its own structures are.
 *
 * @module
 */
import { MillraceError } from '../src/errors.ts';
import * as L from '../src/memory/layout.ts';
import {
  attachCore,
  type Core,
  SharedMemory,
  type WasmMemory,
  type WasmModule,
} from '../src/memory/shared-memory.ts';

export class WorkerView {
  readonly core: Core;
  readonly memory: SharedMemory;
  /** Address of this worker's block. */
  readonly block: number;
  /** Address of the task records, and of their cold parts. */
  readonly tasks: number;
  readonly cold: number;
  /** Address of the result byte ring. */
  readonly results: number;
  /** Word indices that are used often. */
  readonly parkAt: number;
  readonly commandAt: number;
  readonly currentAt: number;

  constructor(memory: object, module: object, block: number) {
    this.memory = SharedMemory.attach(memory as WasmMemory);
    this.core = attachCore(module as WasmModule, memory as WasmMemory);
    this.block = block;
    const { i32 } = this.memory;
    const version = i32[(L.HEADER + L.H_VERSION) >> 2];
    if (version !== L.VERSION) {
      throw new MillraceError(
        'ERR_VERSION_MISMATCH',
        `This worker is of another Millrace version (layout ${L.VERSION.toString(16)}, the pool's is ${(version ?? 0).toString(16)}). Let \`workerUrl\` point into the package the pool comes from.`,
      );
    }
    this.tasks = i32[(L.HEADER + L.H_TASKS) >> 2]!;
    this.cold = i32[(L.HEADER + L.H_COLD) >> 2]!;
    this.results = block + i32[(L.HEADER + L.H_RESULTS) >> 2]!;
    this.parkAt = (block + L.W_PARK) >> 2;
    this.commandAt = (block + L.W_COMMAND) >> 2;
    this.currentAt = (block + L.W_CURRENT) >> 2;
  }

  /** Word index of a task record. */
  record(slot: number): number {
    return (this.tasks + slot * L.TASK_BYTES) >> 2;
  }

  /** Byte address of the cold part of a task record. */
  coldOf(slot: number): number {
    return this.cold + slot * L.COLD_BYTES;
  }

  /** Bytes at `address`, seen through views that reach that far. */
  bytesUpTo(address: number): Uint8Array {
    if (address > this.memory.u8.length) this.memory.refresh();
    return this.memory.u8;
  }
}
