// Which functions of this thread are meant by names that other threads have registered theirs under.
import { describe, expect, it } from 'vitest';
import { numberFunctions, register, registeredAs } from '../../workers/fork/functions.ts';

const named = (name: string): (() => string) => Object.defineProperty(() => name, 'name', { value: name });

describe('registeredAs', () => {
  const [first, twin, second, otherTwin, third] = ['first', 'twin', 'second', 'twin', 'third'].map(named) as [
    () => string,
    () => string,
    () => string,
    () => string,
    () => string,
  ];
  for (const fn of [first, twin, second, otherTwin, third]) register(fn);

  it('finds them in the order of the names, among others', () => {
    expect(registeredAs([])).toEqual([]);
    expect(registeredAs(['first', 'third'])).toEqual([first, third]);
    expect(registeredAs(['third', 'first'])).toEqual([third, first]);
  });

  it('tells namesakes apart by their order alone', () => {
    expect(registeredAs(['twin', 'second', 'twin'])).toEqual([twin, second, otherTwin]);
    expect(registeredAs(['twin', 'twin', 'second'])).toBeUndefined();
    expect(registeredAs(['twin'])).toBeUndefined();
  });

  it('does not make do with fewer', () => {
    expect(registeredAs(['first', 'missing'])).toBeUndefined();
    expect(registeredAs(['first', 'first'])).toBeUndefined();
  });

  it('gives what is numbered after the exports, and nothing else', () => {
    const exported = named('exported');
    const table = [() => {}, exported] as never[];
    expect(numberFunctions(table, registeredAs(['third', 'first']))).toEqual([...table, third, first]);
  });
});
