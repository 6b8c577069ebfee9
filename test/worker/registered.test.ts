// Which functions of this thread are meant by labels that other threads have registered theirs under.
import { describe, expect, it } from 'vitest';
import { numberFunctions, register, registeredAs, registeredLabels } from '../../workers/fork/functions.ts';

const named = (name: string): (() => string) => Object.defineProperty(() => name, 'name', { value: name });
type Five = [() => string, () => string, () => string, () => string, () => string];

describe('registeredAs', () => {
  const fns = ['first', 'twin', 'second', 'twin', 'third'].map(named) as Five;
  const [first, twin, second, otherTwin, third] = fns;
  for (const fn of fns) register(fn);
  const [isFirst, isTwin, isSecond, , isThird] = registeredLabels() as [
    string,
    string,
    string,
    string,
    string,
  ];

  it('finds them in the order of the labels, among others', () => {
    expect(registeredAs([])).toEqual([]);
    expect(registeredAs([isFirst, isThird])).toEqual([first, third]);
    expect(registeredAs([isThird, isFirst])).toEqual([third, first]);
  });

  it('tells namesakes of one text apart by their order alone', () => {
    expect(registeredAs([isTwin, isSecond, isTwin])).toEqual([twin, second, otherTwin]);
    expect(registeredAs([isTwin, isTwin, isSecond])).toBeUndefined();
    expect(registeredAs([isTwin])).toBeUndefined();
  });

  it('does not make do with fewer', () => {
    expect(registeredAs([isFirst, 'missing 0'])).toBeUndefined();
    expect(registeredAs([isFirst, isFirst])).toBeUndefined();
  });

  it('gives what is numbered after the exports, and nothing else', () => {
    const exported = named('exported');
    const table = [() => {}, exported] as never[];
    expect(numberFunctions(table, registeredAs([isThird, isFirst]))).toEqual([...table, third, first]);
  });

  it('tells those without a name apart by their text, and two of one name', () => {
    const before = registeredLabels().length;
    const anonymous = [[(n: number) => n + 1][0]!, [(n: number) => n + 2][0]!] as const;
    for (const fn of anonymous) register(fn);
    const [one, two] = registeredLabels().slice(before) as [string, string];
    expect(anonymous.map(({ name }) => name)).toEqual(['', '']);
    expect(one).not.toBe(two);
    expect(registeredAs([two, isFirst, one])).toEqual([anonymous[1], first, anonymous[0]]);
    register(Object.defineProperty((a: number) => a * 3, 'name', { value: 'third' }));
    expect(registeredAs([isThird])).toEqual([third]);
  });

  it('goes by names where a text is another, if they leave no doubt', () => {
    expect(registeredAs(['second 0', isFirst])).toEqual([second, first]);
    expect(registeredAs(['third 0'])).toBeUndefined();
    expect(registeredAs(['twin 0', isSecond, 'twin 1'])).toEqual([twin, second, otherTwin]);
    expect(registeredAs([isSecond, 'twin 0', 'twin 1'])).toBeUndefined();
  });
});
