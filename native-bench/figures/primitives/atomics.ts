import type { Figure } from '../figure.ts';
import { type Batch, batchFigure, nsMetric } from './batch.ts';

const WORDS = 1024;
const LAST = WORDS - 1;

const LABELS = [
  { name: 'plainLoad', label: 'plain load' },
  { name: 'plainStore', label: 'plain store' },
  { name: 'load', label: 'Atomics.load' },
  { name: 'store', label: 'Atomics.store' },
  { name: 'add', label: 'Atomics.add' },
  { name: 'compareExchange', label: 'Atomics.compareExchange' },
  { name: 'notify', label: 'Atomics.notify, nobody waiting' },
] as const;

type Name = (typeof LABELS)[number]['name'];

/** Shared memory in which word i holds i. Each batch has its own, so that none depends on what another has left. */
function words(): Int32Array {
  const shared = new Int32Array(new SharedArrayBuffer(WORDS * 4));
  for (let i = 0; i < WORDS; i++) shared[i] = i;
  return shared;
}

/** The sum of `calls` words read one after the other, over and over. */
function sumOfWords(calls: number): number {
  const whole = Math.floor(calls / WORDS);
  const rest = calls % WORDS;
  return (whole * (WORDS * LAST)) / 2 + (rest * (rest - 1)) / 2;
}

const all = (calls: number): number => calls;
const lastIndex = (calls: number): number => calls - 1;

function programs(): Readonly<Record<Name, Pick<Batch, 'run' | 'wanted'>>> {
  const read = words();
  const written = words();
  const loaded = words();
  const stored = words();
  const added = words();
  const exchanged = words();
  const notified = words();
  return {
    plainLoad: {
      run: (calls) => {
        let sum = 0;
        for (let i = 0; i < calls; i++) sum += read[i & LAST]!;
        return sum;
      },
      wanted: sumOfWords,
    },
    plainStore: {
      run: (calls) => {
        for (let i = 0; i < calls; i++) written[i & LAST] = i;
        return written[(calls - 1) & LAST]!;
      },
      wanted: lastIndex,
    },
    load: {
      run: (calls) => {
        let sum = 0;
        for (let i = 0; i < calls; i++) sum += Atomics.load(loaded, i & LAST);
        return sum;
      },
      wanted: sumOfWords,
    },
    store: {
      run: (calls) => {
        for (let i = 0; i < calls; i++) Atomics.store(stored, i & LAST, i);
        return stored[(calls - 1) & LAST]!;
      },
      wanted: lastIndex,
    },
    add: {
      run: (calls) => {
        added[0] = 0;
        for (let i = 0; i < calls; i++) Atomics.add(added, 0, 1);
        return added[0]!;
      },
      wanted: all,
    },
    compareExchange: {
      run: (calls) => {
        exchanged[0] = 0;
        let won = 0;
        for (let i = 0; i < calls; i++) if (Atomics.compareExchange(exchanged, 0, i, i + 1) === i) won++;
        return won;
      },
      wanted: all,
    },
    notify: {
      run: (calls) => {
        let sum = 0;
        for (let i = 0; i < calls; i++) sum += Atomics.notify(notified, i & LAST, 1) + 1;
        return sum;
      },
      wanted: all,
    },
  };
}

const [first, ...others] = LABELS.map(nsMetric);

export const atomics: Figure = batchFigure({
  name: 'atomics',
  title: 'Steps in shared memory',
  does: 'Int32Array on a SharedArrayBuffer of 4 KiB; load, store and notify walk through it, add and compareExchange stay at one word',
  metrics: [first!, ...others],
  async open() {
    const program = programs();
    return LABELS.map((label): Batch => ({ ...label, ...program[label.name] }));
  },
});
