import type { Figure } from '../figure.ts';
import { type Batch, batchFigure, nsMetric } from './batch.ts';
import { type Layout, layout, type Memory, memory } from './library.ts';

const LIMIT = 2 ** 26;
const NORMAL = 2;

const LABELS = [
  { name: 'inject', label: 'publish at a level, take' },
  { name: 'claim', label: 'queue on the own deque, claim' },
  { name: 'life', label: 'publish, claim, finish, take the completion' },
] as const;

/** The coordinator's and a worker's calls of the wasm core, made by one thread with the memory of a real pool. */
function batches({ Plant, DEFAULT_SIZES }: Memory, L: Layout): readonly Batch[] {
  const plant = new Plant({ ...DEFAULT_SIZES, workers: 1 }, LIMIT);
  const { core, shape } = plant;
  const { i32 } = plant.memory;
  const block = plant.blocks[0]!;
  const header = (field: number): number => i32[(L.HEADER + field) >> 2]!;
  const ring = header(L.H_INJECTOR) + NORMAL * header(L.H_LEVEL_STRIDE);
  const slot = 5;
  const reference = (1 << L.SLOT_BITS) | slot;
  const state = (plant.tasks + slot * L.TASK_BYTES + L.T_STATE) >> 2;
  const queued = (1 << L.SLOT_BITS) | (L.NOBODY << L.OWNER_SHIFT) | L.QUEUED;
  const claimed = (1 << L.SLOT_BITS) | L.CLAIMED;

  const programs: readonly Batch['run'][] = [
    (calls) => {
      let total = 0;
      for (let i = 0; i < calls; i++) {
        core.inject(NORMAL, reference);
        total += core.ringTake(ring);
      }
      return total;
    },
    (calls) => {
      let total = 0;
      for (let i = 0; i < calls; i++) {
        Atomics.store(i32, state, queued);
        core.offer(block, reference);
        total += core.next(block);
      }
      return total;
    },
    (calls) => {
      let total = 0;
      for (let i = 0; i < calls; i++) {
        core.inject(NORMAL, reference);
        const taken = core.next(block) - 1;
        core.finish(block, taken, claimed, L.DONE);
        total += core.spscTake(block + shape.completions);
      }
      return total;
    },
  ];
  const item = [reference, slot + 1, reference];
  return LABELS.map(
    (label, i): Batch => ({ ...label, run: programs[i]!, wanted: (calls) => calls * item[i]! }),
  );
}

const [first, ...others] = LABELS.map(nsMetric);

export const taskLife: Figure = batchFigure({
  name: 'task-life',
  title: 'The life of a task in shared memory',
  does: 'calls of the wasm core over the memory of a pool with one worker, without the task itself, its arguments and its promise',
  metrics: [first!, ...others],
  async open() {
    return batches(await memory(), await layout());
  },
});
