/**
 * How the built codec compares with structuredClone, value by value. Run by hand after a build:
 *
 *   npx tsc -p . && node test/codec/measure.mjs
 *
 * Batches of about 0.3 ms of the codec and of structuredClone (serialise + deserialise) alternate on the same value.
 * Of each block of batches the lower quartile counts, which other processes on the machine disturb least; the ratio
 * is the median over blocks, with the lowest and highest block. The codec's side is encode + copyTo into shared
 * memory + decode from it, after call sites have seen all the values below.
 */
import { Decoder, Encoder } from '../../dist/src/codec/index.js';

const BLOCKS = Number(process.env.BLOCKS ?? 7);
const BATCHES = 40;
const encoder = new Encoder();
const decoder = new Decoder();
const memory = new Uint8Array(new SharedArrayBuffer(32 * 1024 * 1024));

const encodeOnly = (value) => {
  const bytes = encoder.encode(value, 'args');
  encoder.copyTo(memory, 0);
  return bytes;
};
const roundTrip = (value) => decoder.decode(memory, 0, encodeOnly(value));

const record = (i) => ({
  id: i,
  name: `user${i}`,
  email: `user${i}@example.com`,
  age: i % 90,
  score: i * 1.37,
  active: i % 2 === 0,
  city: `city${i % 50}`,
  note: null,
});
const flat = {};
for (let i = 0; i < 30; i++) flat[`field${i}`] = i % 2 ? i * 3.7 : `value of the field ${i} lorem ipsum`;
const flatShort = {};
for (let i = 0; i < 30; i++) flatShort[`field${i}`] = i % 2 ? i * 37 : `value ${i}`;
class Point {
  constructor(x, y) {
    this.x = x;
    this.y = y;
  }
}
const dictionary = {};
for (let i = 0; i < 1000; i++) dictionary[`key-${i * 7919}`] = i;

const values = {
  '[1, 2]': [1, 2],
  "[7, 'hello', true]": [7, 'hello', true],
  'a string of 1 KB': ['x'.repeat(1024)],
  'a string of 100 KB': ['x'.repeat(102400)],
  '1 KB beyond ASCII': ['日本'.repeat(256)],
  'a small object': [{ id: 7, name: 'seven', tags: ['a', 'b'] }],
  'flat, 30 fields, 1 KB': [flat],
  'flat, 30 short fields': [flatShort],
  'Uint8Array of 100 B': [1, new Uint8Array(100)],
  'Uint8Array of 1 MB': [1, new Uint8Array(1 << 20)],
  '1,000 records': [Array.from({ length: 1000 }, (_, i) => record(i))],
  '10,000 records': [Array.from({ length: 10000 }, (_, i) => record(i))],
  '100 numbers': [Array.from({ length: 100 }, (_, i) => i)],
  '10,000 integers': [Array.from({ length: 10000 }, (_, i) => i)],
  '10,000 doubles': [Array.from({ length: 10000 }, (_, i) => i * 1.1)],
  '1,000 strings': [Array.from({ length: 1000 }, (_, i) => `string number ${i}`)],
  '1,000 rows of 3': [Array.from({ length: 1000 }, (_, i) => [i, i + 1, i + 2])],
  '1,000 class instances': [Array.from({ length: 1000 }, (_, i) => new Point(i, -i))],
  'a Map of 1,000': [new Map(Array.from({ length: 1000 }, (_, i) => [`k${i}`, i]))],
  'a dictionary of 1,000': [dictionary],
  '1,000 Dates': [Array.from({ length: 1000 }, (_, i) => new Date(i))],
  '1,000 empty objects': [Array.from({ length: 1000 }, () => ({}))],
};

function time(f, value, times) {
  const start = process.hrtime.bigint();
  for (let i = 0; i < times; i++) f(value);
  return Number(process.hrtime.bigint() - start) / times / 1000;
}
const quantile = (list, q) => list.toSorted((a, b) => a - b)[Math.floor(list.length * q)];

for (let i = 0; i < 30; i++) for (const value of Object.values(values)) roundTrip(value);

console.log('| value | codec, µs | of it encode | structuredClone, µs | codec / structuredClone |');
console.log('| --- | --- | --- | --- | --- |');
for (const [name, value] of Object.entries(values)) {
  const once = Math.min(...[1, 2, 3].map(() => time(structuredClone, value, 3)));
  const times = Math.max(1, Math.min(2000, Math.round(300 / once)));
  const blocks = { own: [], half: [], peer: [] };
  for (let block = 0; block < BLOCKS; block++) {
    const own = [];
    const half = [];
    const peer = [];
    for (let i = 0; i < BATCHES; i++) {
      own.push(time(roundTrip, value, times));
      peer.push(time(structuredClone, value, times));
      half.push(time(encodeOnly, value, times));
    }
    blocks.own.push(quantile(own, 0.25));
    blocks.half.push(quantile(half, 0.25));
    blocks.peer.push(quantile(peer, 0.25));
  }
  const ratios = blocks.own.map((o, i) => o / blocks.peer[i]);
  const [low, high] = [Math.min(...ratios), Math.max(...ratios)];
  const us = (list) => quantile(list, 0.5).toPrecision(3);
  console.log(
    `| ${name} | ${us(blocks.own)} | ${us(blocks.half)} | ${us(blocks.peer)} | ` +
      `**${quantile(ratios, 0.5).toFixed(2)}** (${low.toFixed(2)}–${high.toFixed(2)}) |`,
  );
}
