/**
 * The figures of a pool, read from the words the workers keep.
 *
 * @module
 */
import * as L from '../memory/layout.ts';
import { hasBit } from '../memory/shared-memory.ts';
import type { Engine } from './engine.ts';
import type { PoolStats, WorkerStats } from './options.ts';
import type { Resolved } from './validate.ts';

export function poolStats(engine: Engine, options: Resolved): PoolStats {
  const { ledger, plant } = engine;
  const workers = Array.from({ length: options.workers }, (_, worker) => workerStats(engine, worker));
  const steals = workers.reduce((sum, worker) => sum + worker.steals, 0);
  return {
    workers,
    pending: ledger.pending,
    waiting: Math.max(0, ledger.pending - engine.window.started),
    submitted: ledger.submitted,
    completed: ledger.completed,
    failed: ledger.failed,
    cancelled: ledger.cancelled,
    steals,
    crashes: engine.crashes,
    memory: {
      bytes: plant.memory.u8.length,
      limit: plant.memory.limit,
      payloadBytes: engine.intake.arena.live,
      records: engine.window.held,
    },
  };
}

function workerStats({ plant, crew }: Engine, worker: number): WorkerStats {
  const { state, block, restarts, tally } = crew.state(worker);
  const at = plant.blocks[block ?? worker]!;
  const { i32, f64 } = plant.memory;
  const isParked = hasBit(i32, L.H_PARKED, block ?? 0);
  const size =
    Atomics.load(i32, (at + L.W_DEQUE + L.DQ_BOTTOM) >> 2) -
    Atomics.load(i32, (at + L.W_DEQUE + L.DQ_TOP) >> 2);
  return {
    worker,
    state: state === 'running' ? (isParked ? 'idle' : 'busy') : state === 'between' ? 'starting' : state,
    ...tally,
    heapUsed: f64[(at + L.W_HEAP) >> 3]!,
    restarts,
    queued: Math.max(0, size | 0),
  };
}
