/** Arbitrary values as graphs: any node may refer to any other, itself included. */
import fc from 'fast-check';

class Instance {}

type Spec = { kind: string; refs: number[]; keys: string[]; seed: number };

const key = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom('a', 'b', 'id', 'name', 'value') },
  fc.string({ maxLength: 6, unit: 'binary' }),
  fc.constantFrom(
    '__proto__',
    'constructor',
    'toString',
    'length',
    '0',
    '7',
    '-1',
    '4294967295',
    'ключ',
    '\ud800',
  ),
);

const leaf = fc.oneof(
  fc.integer(),
  fc.double(),
  fc.constantFrom(-0, 0, NaN, Infinity, 2 ** 26, 2 ** 26 - 1, -(2 ** 26), -(2 ** 26) - 1, 2 ** 31, 2 ** 53),
  fc.boolean(),
  fc.constantFrom(null, undefined, '\ud800', 'x\udfff', '', 'é'.repeat(20)),
  fc.string({ maxLength: 30 }),
  fc.string({ maxLength: 20, unit: 'binary' }),
  fc.string({ minLength: 4000, maxLength: 4200, unit: fc.constantFrom('a', 'é', '日') }),
  fc.bigInt(),
  fc.constantFrom(2n ** 63n, 2n ** 63n - 1n, -(2n ** 63n), -(2n ** 63n) - 1n, 0n),
);

const KINDS = [
  ...['object', 'object', 'object', 'array', 'array', 'sparse', 'named', 'map', 'set', 'instance', 'bare'],
  ...['date', 'regexp', 'boxed', 'view', 'buffer', 'numbers', 'records'],
];
const VIEWS = [
  ...[Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array],
  ...[Float32Array, Float64Array, BigInt64Array, BigUint64Array, DataView],
];

const spec: fc.Arbitrary<Spec> = fc.record({
  kind: fc.constantFrom(...KINDS),
  refs: fc.array(fc.nat(), { maxLength: 6 }),
  keys: fc.array(key, { minLength: 6, maxLength: 6 }),
  seed: fc.nat(10_000),
});

/** Buffers are part of the value themselves, so that even `structuredClone` and the codec send the same bytes. */
export const arbitraryValue: fc.Arbitrary<unknown> = fc
  .record({
    specs: fc.array(spec, { minLength: 1, maxLength: 14 }),
    leaves: fc.array(leaf, { minLength: 1, maxLength: 10 }),
  })
  .map(({ specs, leaves }) => {
    const buffers = [
      new ArrayBuffer(0),
      new ArrayBuffer(64),
      Uint8Array.from({ length: 24 }, (_, i) => i).buffer,
    ];
    const nodes = specs.map((one) => make(one, buffers));
    const pick = (ref: number): unknown =>
      ref % 3 === 0 ? leaves[ref % leaves.length] : nodes[ref % nodes.length];
    specs.forEach((one, i) => {
      fill(nodes[i]!, one, pick);
    });
    return [nodes[0], buffers, nodes.length > 1 ? nodes[1] : leaves[0]];
  });

function make({ kind, seed }: Spec, buffers: ArrayBuffer[]): object {
  switch (kind) {
    case 'map':
      return new Map();
    case 'set':
      return new Set();
    case 'instance':
      return new Instance();
    case 'bare':
      return Object.create(null) as object;
    case 'date':
      return new Date(seed % 7 === 0 ? NaN : seed * 1e8);
    case 'regexp':
      return Object.assign(
        new RegExp(['a/b', '', '\\d+(?<x>é)', '\n'][seed % 4]!, ['', 'g', 'giy', 'dmsu'][seed % 4]!),
        {
          lastIndex: 3,
        },
      );
    case 'boxed':
      return [Object(seed), Object(`s${seed}`), Object(true), Object(7n)][seed % 4] as object;
    case 'buffer':
      return buffers[seed % 3]!;
    case 'view': {
      const buffer = buffers[seed % 3]!;
      const View = VIEWS[seed % VIEWS.length] as new (
        b: ArrayBuffer,
        o?: number,
        n?: number,
      ) => ArrayBufferView;
      return buffer.byteLength < 16 || seed % 2 ? new View(buffer) : new View(buffer, 8, 1);
    }
    case 'numbers':
      return Array.from({ length: seed % 70 }, (_, i) => (seed % 2 ? i : i / 7));
    case 'records':
      return Array.from({ length: seed % 20 }, (_, i) => ({ id: i, name: `n${i}`, at: i / 3 }));
    default:
      return kind === 'object' ? {} : [];
  }
}

function fill(node: object, { kind, refs, keys, seed }: Spec, pick: (ref: number) => unknown): void {
  const put = (name: string, value: unknown): void => {
    Object.defineProperty(node, name, { value, writable: true, enumerable: true, configurable: true });
  };
  if (kind === 'map') for (const ref of refs) (node as Map<unknown, unknown>).set(pick(ref), pick(ref + 1));
  else if (kind === 'set') for (const ref of refs) (node as Set<unknown>).add(pick(ref));
  else if (['array', 'sparse', 'named'].includes(kind)) {
    const array = node as unknown[];
    refs.forEach((ref, i) => {
      array[kind === 'sparse' ? (i * seed) % 200 : i] = pick(ref);
    });
    if (kind === 'sparse') array.length += seed % 300;
    if (kind === 'named') {
      for (const name of keys.slice(0, 2)) if (name !== 'length') put(name, pick(seed));
    }
  } else if (['object', 'instance', 'bare'].includes(kind)) {
    refs.forEach((ref, i) => {
      put(keys[i]!, pick(ref));
    });
    if (seed % 5 === 0) Object.defineProperty(node, 'hidden', { value: 1, enumerable: false });
    if (seed % 5 === 1) Object.assign(node, { [Symbol('dropped')]: 1 });
    if (seed % 5 === 2)
      Object.defineProperty(node, 'got', { get: () => pick(seed), enumerable: true, configurable: true });
    if (seed % 5 === 3) Object.freeze(node);
  }
}
