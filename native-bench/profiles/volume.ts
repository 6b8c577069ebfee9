import type { RunningPool } from '../contenders/contender.ts';
import { flood } from '../figures/flood.ts';
import { holdWorkers } from '../figures/gate.ts';
import { checksum } from '../tasks/functions.mjs';
import { value } from './ledger.ts';
import type { Profile, Stage } from './profile.ts';

const WAITING = { full: 1_000_000, quick: 10_000 };
const KIB = 1024;
const SIZES = {
  full: [1, 64, 1024, 4 * 1024, 16 * 1024].map((kib) => kib * KIB),
  quick: [1, 64, 160].map((kib) => kib * KIB),
};

/** Bytes there, bytes there and back, bytes moved, a string there and back. */
async function payloads({ pool, ledger, random }: Stage, size: number): Promise<void> {
  const bytes = new Uint8Array(size).fill(Math.floor(random() * 256));
  bytes[size - 1] = 1;
  const sum = checksum(bytes);
  const text = String.fromCharCode(0x20 + Math.floor(random() * 64)).repeat(size);
  const same = value((given) => given instanceof Uint8Array && Buffer.compare(given, bytes) === 0);
  const summed = value((given) => given === sum);
  await ledger.enter('bytes there and back', pool.run('echo', [bytes]), same);
  await ledger.enter('bytes copied', pool.run('checksum', [bytes]), summed);
  await ledger.enter(
    'string',
    pool.run('echo', [text]),
    value((given) => given === text),
  );
  const moved = pool.run('checksum', [bytes], { transfer: [bytes.buffer] });
  await ledger.enter('bytes moved', moved, summed);
}

/** Tasks that wait behind a gate, all at once; the sum of their answers is checked. */
async function burst({ pool, ledger, workers, look }: Stage, waiting: number): Promise<void> {
  const plain: RunningPool = { run: (task, args) => pool.run(task, args), close: async () => {} };
  const gated: RunningPool = {
    ...plain,
    run: (task, args) => {
      const held = pool.run(task, args);
      void ledger.enter(
        'gate',
        held,
        value((given) => given === true),
      );
      return held;
    },
  };
  const gate = await holdWorkers(gated, workers);
  const flooded = ledger.enter('burst', flood(plain, waiting), value(Number.isFinite), waiting);
  look();
  const seen = pool.stats().waiting;
  if (seen < waiting) ledger.accuse(`${waiting} tasks were submitted behind a gate, and ${seen} wait`);
  await gate.open();
  await flooded;
}

export const volume: Profile = {
  name: 'volume',
  title: 'Payloads up to 16 MiB, and a million tasks that wait at once',
  minutes: 5,
  options: {},
  begin(stage) {
    return async () => {
      for (const size of SIZES[stage.volume]) await payloads(stage, size);
      await burst(stage, WAITING[stage.volume]);
    };
  },
};
