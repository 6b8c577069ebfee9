/**
 * Whether two values are the same as seen from JavaScript, down to prototypes, property attributes and order, holes,
 * the sign of zero, and which references point to one object.
 */
export function difference(a: unknown, b: unknown): string | undefined {
  return compare(a, b, 'value', new Map(), new Map());
}

type Pairs = Map<object, object>;

function compare(a: unknown, b: unknown, at: string, forth: Pairs, back: Pairs): string | undefined {
  if (typeof a !== 'object' || a === null || typeof b !== 'object' || b === null) {
    return Object.is(a, b) ? undefined : `${at}: ${String(a)} is not ${String(b)}`;
  }
  const known = forth.get(a);
  if (known !== undefined || back.has(b)) {
    return known === b && back.get(b) === a ? undefined : `${at}: shared differently`;
  }
  forth.set(a, b);
  back.set(b, a);
  if (Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return `${at}: prototypes differ`;
  return inside(a, b, at, forth, back) ?? properties(a, b, at, forth, back);
}

function inside(a: object, b: object, at: string, forth: Pairs, back: Pairs): string | undefined {
  const go = (x: unknown, y: unknown, step: string): string | undefined =>
    compare(x, y, at + step, forth, back);
  if (a instanceof Date) return go(a.getTime(), (b as Date).getTime(), '.getTime()');
  if (a instanceof RegExp) {
    const r = b as RegExp;
    return go(`${a}`, `${r}`, '.source') ?? go(a.lastIndex, r.lastIndex, '.lastIndex');
  }
  if (a instanceof Map) {
    return (
      go([...a].length, [...(b as typeof a)].length, '.size') ??
      list([...a].flat(), [...(b as typeof a)].flat(), go)
    );
  }
  if (a instanceof Set) return list([...a], [...(b as typeof a)], go);
  if (a instanceof Number || a instanceof String || a instanceof Boolean || a instanceof BigInt) {
    return go(a.valueOf(), b.valueOf(), '.valueOf()');
  }
  if (a instanceof ArrayBuffer) {
    const x = [...new Uint8Array(a)];
    const y = [...new Uint8Array(b as ArrayBuffer)];
    const resizable = (o: object): unknown[] => {
      const { resizable, maxByteLength } = o as { resizable?: boolean; maxByteLength?: number };
      return [resizable, maxByteLength];
    };
    return go(`${x}`, `${y}`, '(bytes)') ?? go(`${resizable(a)}`, `${resizable(b)}`, '(resizable)');
  }
  if (ArrayBuffer.isView(a)) {
    const v = b as ArrayBufferView;
    return (
      go(a.byteOffset, v.byteOffset, '.byteOffset') ??
      go(a.byteLength, v.byteLength, '.byteLength') ??
      go(a.buffer, v.buffer, '.buffer')
    );
  }
  return undefined;
}

function list(
  a: unknown[],
  b: unknown[],
  go: (x: unknown, y: unknown, step: string) => string | undefined,
): string | undefined {
  if (a.length !== b.length) return go(a.length, b.length, '.size');
  for (let i = 0; i < a.length; i++) {
    const found = go(a[i], b[i], `(entry ${i})`);
    if (found !== undefined) return found;
  }
  return undefined;
}

function properties(a: object, b: object, at: string, forth: Pairs, back: Pairs): string | undefined {
  if (ArrayBuffer.isView(a)) return undefined;
  const keys = Reflect.ownKeys(a);
  const others = Reflect.ownKeys(b);
  if (keys.length !== others.length || keys.some((key, i) => key !== others[i])) {
    return `${at}: keys ${keys.map(String)} are not ${others.map(String)}`;
  }
  for (const key of keys) {
    const step = `${at}[${String(key)}]`;
    const x = Object.getOwnPropertyDescriptor(a, key)!;
    const y = Object.getOwnPropertyDescriptor(b, key)!;
    for (const name of ['writable', 'enumerable', 'configurable', 'get', 'set'] as const) {
      if (x[name] !== y[name]) return `${step}: ${name} differs`;
    }
    const found = compare(x.value, y.value, step, forth, back);
    if (found !== undefined) return found;
  }
  return undefined;
}
