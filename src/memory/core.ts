/**
 * The wasm core as TypeScript sees it: compiled once, instantiated by each thread over the same memory.
 * What each function does, and who may call it, stands in `core/*.ts`; why it is right, in the READMEs beside this file.
 *
 * @module
 */
import { Wasm, type WasmMemory, type WasmModule } from './wasm.ts';

/** Addresses are byte offsets into the shared memory; items are int32 other than 0 and -1. */
export interface Core {
  dequeInit(deque: number, mask: number, start: number): void;
  dequePush(deque: number, item: number): number;
  dequePop(deque: number): number;
  dequeSteal(deque: number): number;
  dequeSize(deque: number): number;
  dequeSpill(deque: number, ring: number): number;
  ringInit(ring: number, mask: number, start: number): void;
  ringRoom(ring: number): number;
  ringStage(ring: number, item: number): number;
  ringPublish(ring: number): void;
  ringPut(ring: number, item: number): number;
  ringTake(ring: number): number;
  ringClaim(ring: number, deque: number, most: number): number;
  ringSize(ring: number): number;
  spscInit(ring: number, mask: number, start: number): void;
  spscPut(ring: number, item: number): number;
  spscTake(ring: number): number;
  spscSize(ring: number): number;
  eventPrepare(event: number): number;
  eventLeave(event: number): void;
  eventNotify(event: number, count: number): number;
  anyShared(): number;
  anyWork(block: number): number;
  wakeOne(): number;
  wakeSome(most: number): number;
  wakeWorker(block: number): void;
  wakeAll(): void;
  beginSearch(block: number): number;
  endSearch(block: number): void;
  park(block: number): number;
  ping(block: number): void;
  unpark(block: number): void;
  spin(block: number, rounds: number): number;
  forget(block: number): void;
  arm(): number;
  begin(block: number, slot: number): number;
  suspend(slot: number, running: number): number;
  finish(block: number, slot: number, from: number, to: number): number;
  handBack(block: number, slot: number): void;
  inject(level: number, ref: number): number;
  injectQuiet(level: number, ref: number): number;
  publish(level: number): void;
  reissue(level: number, ref: number): number;
  injectTo(block: number, ref: number): number;
  cancel(ref: number): number;
  next(block: number): number;
  finishNext(block: number, slot: number, from: number, to: number): number;
  offer(block: number, ref: number): number;
  adopt(block: number): void;
  graceBegin(): number;
  graceOver(epoch: number): number;
}

/** One thread's instance over the shared memory. */
export function attachCore(module: WasmModule, memory: WasmMemory): Core {
  return new Wasm!.Instance(module, { env: { memory } }).exports as unknown as Core;
}
