import { describe, it } from 'vitest';
import { counts } from '../counts.ts';
import { AGAIN, ENCODED, INLINE, pool } from '../tasks/pool.ts';

const { holds } = counts('crash');
describe('a dead worker', () => {
  it('x', () => {
    for (const [n, t] of Object.entries({ ii: [INLINE, INLINE], ea: [ENCODED, AGAIN] })) {
      let at = Date.now();
      holds(
        n + ' 1 round',
        pool({
          tasks: t,
          slots: 2,
          injected: 2,
          workers: [{ batch: 2, mortal: true, mayDie: true, rounds: 1 }, {}],
        }),
      );
      console.log(Date.now() - at);
      at = Date.now();
      holds(
        n + ' 2 round',
        pool({
          tasks: t,
          slots: 2,
          injected: 2,
          workers: [{ batch: 2, mortal: true, mayDie: true, rounds: 2 }, {}],
        }),
      );
      console.log(Date.now() - at);
    }
  });
});
