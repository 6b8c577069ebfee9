/**
 * What must compile, and what must not. The compiler is the test: `tsc -p tsconfig.test.json` fails when a line that
 * is expected to be an error is none. Never run.
 *
 * @module
 */
import { createPool, type Pool, type RunOptions, type TaskName } from 'millrace';
import { task, transfer } from 'millrace/worker';

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const same = <A, B>(_: Same<A, B>): void => {};

export async function calls(): Promise<void> {
  const pool = await createPool<typeof import('./fixtures.ts')>({
    tasks: new URL('./fixtures.ts', import.meta.url),
  });

  // Names: functions, and nothing else.
  same<
    TaskName<typeof import('./fixtures.ts')>,
    'add' | 'greet' | 'later' | 'nothing' | 'rest' | 'marked' | 'nested'
  >(true);
  // @ts-expect-error no such function
  void pool.run('ad', [1, 2]);
  // @ts-expect-error a constant
  void pool.run('limit');
  // @ts-expect-error a class
  void pool.run('Shape');
  // @ts-expect-error inherited by every object
  void pool.run('constructor');

  // Results
  const sum = pool.run('add', [1, 2]);
  same<typeof sum, Promise<number>>(true);
  const nested = pool.run('nested');
  same<typeof nested, Promise<{ readonly list: readonly number[] }>>(true);
  const moved = pool.run('marked', [new Uint8Array(1)], { transfer: [new ArrayBuffer(1)] });
  same<typeof moved, Promise<Uint8Array>>(true);
  const nothing = pool.run('nothing');
  same<typeof nothing, Promise<void>>(true);

  // Arguments
  void pool.run('greet', ['x']);
  void pool.run('greet', ['x', 2]);
  void pool.run('rest', []);
  void pool.run('rest', ['a', 'b', 'c']);
  void pool.run('rest');
  void pool.run('add', [1, 2] as const);
  // @ts-expect-error arguments are missing
  void pool.run('add');
  // @ts-expect-error one is missing
  void pool.run('add', [1]);
  // @ts-expect-error one too many
  void pool.run('add', [1, 2, 3]);
  // @ts-expect-error of the wrong type
  void pool.run('add', [1, '2']);
  // @ts-expect-error not in an array
  void pool.run('add', 1, 2);
  // @ts-expect-error an argument for a function without parameters
  void pool.run('nothing', [1]);

  // Options
  void pool.run('nothing', [], {
    priority: 'critical',
    timeout: 1,
    deadline: 2,
    idempotent: true,
    affinity: 0,
  });
  // @ts-expect-error no such priority
  void pool.run('nothing', [], { priority: 'urgent' });
  // @ts-expect-error no such option
  void pool.run('nothing', [], { retries: 1 });
  // @ts-expect-error a time is a number
  void pool.run('nothing', [], { timeout: '1s' });
  // @ts-expect-error a view cannot be transferred, its buffer can
  void pool.run('marked', [new Uint8Array(1)], { transfer: [5] });

  // Methods
  const viaTasks = pool.tasks.add(1, 2);
  same<typeof viaTasks, Promise<number>>(true);
  const viaWith = pool.with({ priority: 'low' }).greet('x');
  same<typeof viaWith, Promise<string>>(true);
  // @ts-expect-error no such function
  void pool.tasks.ad(1, 2);
  // @ts-expect-error one is missing
  void pool.tasks.add(1);
  // @ts-expect-error of the wrong type
  void pool.with({}).greet(1);
  // @ts-expect-error no such option
  void pool.with({ retry: 1 });
  // @ts-expect-error functions are not assigned
  pool.tasks.add = async () => 1;

  // exec
  const exec = pool.exec((a: number, b: string) => b.repeat(a), [2, 'x']);
  same<typeof exec, Promise<string>>(true);
  const execAsync = pool.exec(async () => 1);
  same<typeof execAsync, Promise<number>>(true);
  // @ts-expect-error arguments are missing
  void pool.exec((a: number) => a);
  // @ts-expect-error of the wrong type
  void pool.exec((a: number) => a, ['1']);

  // map
  for await (const text of pool.map('greet', ['a', 'b'], { ordered: false, window: 4 }))
    same<typeof text, string>(true);
  for await (const text of pool.map('greet', asynchronous())) same<typeof text, string>(true);
  // @ts-expect-error inputs of the wrong type
  void pool.map('greet', [1]);
  // @ts-expect-error one argument is not enough for this function
  void pool.map('add', [1]);
  // @ts-expect-error not iterable
  void pool.map('greet', 5);
  // @ts-expect-error one value cannot be transferred for all inputs
  void pool.map('greet', ['a'], { transfer: [] });

  // Events
  pool.on('workerCrash', ({ worker, error, tasks }) => {
    same<typeof worker, number>(true);
    same<typeof error, Error>(true);
    same<typeof tasks, number>(true);
  });
  pool.on('saturated', () => {});
  // @ts-expect-error no such event
  pool.on('workerCrashed', () => {});

  // Ending
  same<Awaited<ReturnType<typeof pool.close>>['cancelled'], number>(true);
  await using closing = pool;
  same<typeof closing.workers, number>(true);
}

async function* asynchronous(): AsyncGenerator<string> {
  yield 'x';
}

/** Without a type parameter any name and any arguments compile, and results are unknown. */
export async function untyped(): Promise<void> {
  const pool = await createPool({ tasks: ['file:///tasks.js'], workers: 1 });
  const result = pool.run('anything', [1, 'x', {}]);
  same<typeof result, Promise<unknown>>(true);
  void pool.run('anything');
  void pool.tasks['anything']?.(1);
  const general: Pool = pool;
  void general;
  // @ts-expect-error no such option
  void createPool({ threads: 2 });
  // @ts-expect-error one of two words
  void createPool({ whenFull: 'drop' });
}

export function marks(): void {
  const marked = task((a: number) => `${a}`, { timeout: 5 });
  same<typeof marked, (a: number) => string>(true);
  // @ts-expect-error a signal belongs to a call
  task(() => {}, { signal: new AbortController().signal });
  const bytes = new Uint8Array(1);
  const moved = transfer({ bytes }, [bytes.buffer]);
  same<typeof moved.bytes, typeof bytes>(true);
  const options: RunOptions = { priority: 'high' };
  // @ts-expect-error options are read-only
  options.priority = 'low';
}
