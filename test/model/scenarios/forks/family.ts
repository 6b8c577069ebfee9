/**
 * A forking worker, its thieves, and the coordinator when somebody dies or is given up, as one scenario.
 *
 * @module
 */
import * as L from '../../../../src/memory/layout.ts';
import { call, done, load, type Scenario, store, type Thread, type View } from '../../explore.ts';
import { CORE } from '../plant.ts';
import { Routine } from '../tasks/routine.ts';
import {
  forkAndJoin,
  OWNER_REGISTERS,
  type OwnerOptions,
  owner,
  type ThiefOptions,
  thief,
} from './actors.ts';
import { all, joined, named, once, records, settled } from './checks.ts';
import { type ForkGround, type ForkShape, forkGround } from './ground.ts';

/** Steps of the recovery of a dead thread, which can be left out or come too early. */
export type RecoveryFault = 'no forkMend' | 'no wakeAll' | 'no forkAdopt' | 'before the exit';

export interface Family extends Omit<OwnerOptions, 'block' | 'again'> {
  /** Of the children from 1 on that the forking worker joins. */
  readonly children: number;
  readonly thieves: readonly Omit<ThiefOptions, 'block'>[];
  readonly shape?: Partial<ForkShape>;
  readonly module?: Scenario['module'];
  /** Who may die before any access: the forking worker, or the first thief. Default nobody. */
  readonly dies?: 'owner' | 'thief';
  /** What the next thread on the block of the dead forking worker does. */
  readonly next?: Omit<OwnerOptions, 'block' | 'again'>;
  /** The coordinator gives the first thief up: at any moment, or right before it recovers a dead one. Default never. */
  readonly stuck?: 'any time' | 'before recovery';
  readonly faults?: readonly RecoveryFault[];
  /** Instead of what must hold of all children at the end. */
  readonly end?: (ground: ForkGround) => (view: View) => string | undefined;
}

export function family(options: Family): Scenario {
  const { thieves, shape, module = CORE, dies, next, stuck, faults = [], children } = options;
  const faulty = (fault: RecoveryFault): boolean => faults.includes(fault);
  const ground = forkGround({
    blocks: 1 + thieves.length,
    records: 3,
    deque: 4,
    adopted: dies === 'owner',
    mended: dies !== undefined || stuck !== undefined,
    ...shape,
  });
  const again = shape?.idempotent ?? false;
  const threads: Thread[] = [
    owner(ground, { ...options, again, mayDie: dies === 'owner' }),
    ...thieves.map((t, i) => thief(ground, { ...t, block: i + 1, mayDie: dies === 'thief' && i === 0 })),
  ];
  /** A word that means nothing in these scenarios: 1 when the coordinator has given the thief up. */
  const givenUp = ground.blocks[0]! + L.W_PONG;
  const names = threads.map(({ name }) => name);
  if (stuck === 'any time') {
    const p = new Routine();
    p.do(call('forkMend', 1, 1))
      .do(store(givenUp, 1))
      .do(done);
    threads.push({ name: 'coordinator', program: p.program(), registers: [0] });
  }
  const recovery = new Routine();
  // Register 0, the position, begins with the number of the dead thread.
  for (const _ of thieves) recovery.do(() => undefined);
  // The coordinator does one thing after another.
  if (stuck === 'any time') {
    recovery.label('busy').do(load(givenUp)).keep(1);
    recovery.unless((r) => r[1] !== 0, 'busy');
  }
  const dead = dies === 'owner' ? 0 : 1;
  if (stuck === 'before recovery') recovery.do(call('forkMend', 1, 1));
  if (!faulty('no forkMend')) recovery.do(call('forkMend', dead, 0));
  if (dead === 0 && !faulty('no forkAdopt')) recovery.do(call('forkAdopt', ground.blocks[0]!));
  if (!faulty('no wakeAll')) recovery.do(call('wakeAll'));
  if (next !== undefined) {
    recovery.do((r) => r.fill(0, 1) && undefined);
    forkAndJoin(recovery, ground, next);
  }
  // Kept for a thread that was given up; lost with a thief that had taken an entry and not said so.
  const kept = [...(stuck === undefined ? [] : [L.CANCELLED]), ...(dies === 'thief' ? [L.PENDING] : [])];
  const everybody = dies === undefined ? names : [...names, 'next owner'];
  return {
    module,
    regions: ground.regions,
    setup: ground.prepare,
    threads,
    ...(dies === undefined
      ? {}
      : {
          crashes: { max: 1, zombieSteps: faulty('before the exit') ? 20 : 0 },
          recovery: {
            name: 'next owner',
            when: faulty('before the exit') ? ('early' as const) : ('exit' as const),
            program: recovery.program(),
            registers: OWNER_REGISTERS,
          },
        }),
    invariant: all(
      once(again ? [] : everybody),
      dies === 'owner' ? named(ground, { thread: 'next owner', child: 3 }) : named(ground),
    ),
    end: options.end?.(ground) ?? all(ended(everybody, children, options), records(ground, kept)),
  };
}

function ended(
  names: readonly string[],
  children: number,
  { dies, stuck, next }: Family,
): (view: View) => string | undefined {
  return (view) => {
    if (dies === undefined && stuck === undefined) return joined(names, children)(view);
    if (dies === 'owner' && view.status('owner') === 'dead')
      return next === undefined
        ? undefined
        : settled('next owner', numbers(next.script), names, stuck !== undefined)(view);
    const mayFail = stuck !== undefined || view.status('thief 1') === 'dead';
    const living = stuck ? [] : names.filter((name) => view.status(name) !== 'dead');
    return settled('owner', ((1 << children) - 1) << 1, names, mayFail, living)(view);
  };
}

/** The children a script joins, as a mask. */
function numbers(script: string): number {
  return script
    .split(' ')
    .filter((word) => word.startsWith('j'))
    .reduce((mask, word) => mask | (1 << Number(word.slice(1))), 0);
}
