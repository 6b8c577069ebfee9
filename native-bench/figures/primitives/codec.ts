import { isDeepStrictEqual } from 'node:util';
import { deserialize, serialize } from 'node:v8';
import type { Effort, Figure, Metric } from '../figure.ts';
import { object1k } from '../inputs.ts';
import { type Batch, nanoseconds, OWN } from './batch.ts';
import { type Codec, codec } from './library.ts';

const ROOM = 1 << 20;
const CALLS: Readonly<Record<Effort, number>> = { full: 20, quick: 10, smoke: 1 };

interface Shape {
  readonly name: string;
  readonly label: string;
  readonly value: () => unknown;
}

const SHAPES: readonly [Shape, ...Shape[]] = [
  {
    name: 'object',
    label: 'object of 4 fields',
    value: () => ({ id: 7, name: 'seven', ok: true, size: 1.5 }),
  },
  { name: 'object1k', label: 'object of 1 KB', value: () => object1k(7) },
  { name: 'string', label: 'string of 1,000', value: () => 'The quick fox '.repeat(72).slice(0, 1_000) },
  {
    name: 'numbers',
    label: 'array of 1,000 numbers',
    value: () => Array.from({ length: 1_000 }, (_, i) => i / 4),
  },
  {
    name: 'map',
    label: 'Map of 100',
    value: () => new Map(Array.from({ length: 100 }, (_, i) => [`key ${i}`, i])),
  },
  { name: 'bytes', label: '64 KiB of bytes', value: () => new Uint8Array(65_536).map((_, i) => i) },
  {
    name: 'records',
    label: '1,000 records',
    value: () =>
      Array.from({ length: 1_000 }, (_, id) => ({
        id,
        name: `record ${id}`,
        value: id / 4,
        active: id % 3 === 0,
      })),
  },
];

/** Sends a value through bytes. */
type There = (value: unknown) => unknown;

/** As the pool does it: encoded into shared memory, decoded out of it. */
function throughCodec({ Encoder, Decoder, NEEDS_PORT }: Codec): There {
  const encoder = new Encoder();
  const decoder = new Decoder();
  const shared = new Uint8Array(new SharedArrayBuffer(ROOM));
  return (value) => {
    const length = encoder.encode(value, 'result');
    if (length === NEEDS_PORT || length > ROOM) throw new Error(`The value takes ${length} bytes`);
    encoder.copyTo(shared, 0);
    return decoder.decode(shared, 0, length);
  };
}

const throughV8: There = (value) => deserialize(serialize(value));

/** Throws unless the value comes back as it was. The last value of each batch is kept from being dead code. */
function batch(name: string, label: string, value: unknown, there: There): Batch {
  if (!isDeepStrictEqual(there(value), value)) throw new Error(`Wrong result: ${label} comes back changed`);
  return {
    name,
    label,
    run: (calls) => {
      let defined = 0;
      for (let i = 0; i < calls; i++) if (there(value) !== undefined) defined++;
      return defined;
    },
    wanted: (calls) => calls,
  };
}

function metrics({ name, label }: Shape): readonly [Metric, Metric] {
  return [
    { name, label, unit: 'µs', better: 'lower' },
    { name: `${name}V8`, label: `${label}, node:v8`, unit: 'µs', better: 'lower' },
  ];
}

const [first, ...others] = SHAPES.flatMap(metrics);

export const codecByShape: Figure = {
  name: 'codec',
  title: 'Values to bytes and back',
  method: (effort) =>
    `one value encoded into shared memory and decoded out of it, as between the threads of a pool; beside it serialize and deserialize of node:v8, which structured clone is made of; one thread, the median over batches of ${CALLS[effort]}`,
  metrics: [first!, ...others],
  claims: [],
  schedule: 'interleaved',
  rounds: { full: 3, quick: 1, smoke: 1 },
  limitMs: { full: 60_000, quick: 30_000, smoke: 15_000 },
  entrants: OWN,
  async open({ effort }) {
    const own = throughCodec(await codec());
    const batches = SHAPES.flatMap(({ name, label, value }) => {
      const sent = value();
      return [batch(name, label, sent, own), batch(`${name}V8`, label, sent, throughV8)];
    });
    return {
      async sample() {
        const sample = await nanoseconds(batches, effort, CALLS[effort]);
        return Object.fromEntries(
          Object.entries(sample).map(([name, value]) => [name, value === null ? null : value / 1000]),
        );
      },
      end: async () => {},
    };
  },
};
